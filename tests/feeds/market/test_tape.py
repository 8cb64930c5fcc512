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
