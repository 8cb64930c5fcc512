"""The tape answers "after n" exactly, or says that it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exceptions import PositionLost
from feeds.market.tape import Tape, TickCounts


@given(st.integers(1, 20), st.lists(st.booleans(), max_size=60), st.integers(0, 70))
def test_since_is_exact_or_lost(capacity: int, keeps: list[bool], since: int) -> None:
    tape: Tape[int] = Tape(capacity)
    kept = [sequence for sequence, keep in enumerate(keeps, 1) if keep]
    for sequence in kept:
        tape.append(sequence, sequence)
    missing = [sequence for sequence in kept[:-capacity] if sequence > since]
    if missing:
        with pytest.raises(PositionLost, match="the tape begins after"):
            tape.since(since)
    else:
        assert tape.since(since) == [sequence for sequence in kept if sequence > since]


@given(st.integers(1, 20), st.lists(st.sampled_from("AB"), max_size=80), st.integers(0, 90))
def test_counts_are_exact_within_the_capacity_and_lost_behind_it(
    capacity: int, symbols: list[str], since: int
) -> None:
    counts = TickCounts(capacity)
    for sequence, symbol in enumerate(symbols, 1):
        counts.append(sequence, symbol)
    try:
        assert counts.since("A", since) == symbols[since:].count("A")
    except PositionLost:
        assert since < len(symbols) - capacity + 1


def test_counts_keep_no_more_than_two_capacities() -> None:
    counts = TickCounts(10)
    for sequence in range(1, 10_001):
        counts.append(sequence, "A")
    assert counts.since("A", counts.floor) <= 20
    assert counts.floor >= 9_980


def test_a_tape_that_begins_late_has_lost_what_was_before() -> None:
    tape: Tape[str] = Tape(5, floor=7)
    with pytest.raises(PositionLost):
        tape.since(6)
    assert tape.since(7) == []


def test_counts_that_begin_late_have_lost_what_was_before() -> None:
    counts = TickCounts(5, floor=7)
    counts.append(8, "A")
    with pytest.raises(PositionLost, match="position was 6, the tape begins after 7"):
        counts.since("A", 6)
    assert (counts.since("A", 7), counts.since("B", 7)) == (1, 0)


def test_counts_drop_what_is_older_than_the_capacity_at_twice_of_it() -> None:
    counts = TickCounts(5, floor=7)
    for sequence in range(8, 17):
        counts.append(sequence, "A")
    assert (counts.floor, counts.floor_after(16), counts.floor_after(17)) == (7, 7, 12)
    counts.append(17, "A")
    assert (counts.floor, counts.since("A", 12)) == (12, 5)
    assert (counts.floor_after(21), counts.floor_after(22)) == (12, 17)


def test_a_tape_yields_its_newest_items_first() -> None:
    tape: Tape[str] = Tape(2)
    for sequence, item in ((3, "a"), (5, "b"), (9, "c")):
        tape.append(sequence, item)
    assert list(tape.newest()) == ["c", "b"]
    assert (tape.floor, tape.last) == (3, 9)
