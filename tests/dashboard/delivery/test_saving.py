"""What is given up when memory is short comes step by step, and goes back later than it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery.pace import ReaderPace
from dashboard.delivery.saving import BACK, BEGINS, SAVED_RATE, Saving, next_saving, rate_while
from dashboard.exceptions import HubFull
from dashboard.wire.registry import DEFAULT_RATE, MAX_RATE, MIN_RATE
from tests.support.exchange import Exchange, quote, subscribe

STEPS = st.sampled_from(list(Saving))
SHARES = st.floats(0, 2)


# --- the steps ---


@given(now=STEPS, share=SHARES)
def test_a_step_begins_at_its_mark_whatever_was_before(now: Saving, share: float) -> None:
    step = next_saving(now, share)
    assert all(step >= other for other in Saving if share >= BEGINS[other])


@given(now=STEPS, share=SHARES)
def test_a_step_is_taken_back_only_well_below_its_mark(now: Saving, share: float) -> None:
    step = next_saving(now, share)
    if step < now:
        assert share <= BEGINS[now] - BACK
    if step > now:
        assert share >= BEGINS[step]


@given(now=STEPS, share=SHARES)
def test_the_same_memory_changes_nothing_a_second_time(now: Saving, share: float) -> None:
    step = next_saving(now, share)
    assert next_saving(step, share) == step


@given(now=STEPS, less=SHARES, more=SHARES)
def test_more_memory_in_use_never_gives_up_less(now: Saving, less: float, more: float) -> None:
    less, more = sorted((less, more))
    assert next_saving(now, less) <= next_saving(now, more)


@given(shares=st.lists(st.floats(0.88, 0.92), max_size=50))
def test_memory_that_wavers_around_a_mark_changes_at_most_once(shares: list[float]) -> None:
    steps = [Saving.NOTHING]
    for share in shares:
        steps.append(next_saving(steps[-1], share))
    assert steps == sorted(steps)


def test_with_enough_memory_nothing_is_given_up() -> None:
    assert next_saving(Saving.READERS, 0.5) is Saving.NOTHING
    assert rate_while(Saving.NOTHING) == MAX_RATE
    assert MIN_RATE <= rate_while(Saving.READERS) == SAVED_RATE < DEFAULT_RATE


# --- the pace ---


def test_a_reader_hears_why_it_gets_fewer_frames_and_when_that_is_over() -> None:
    pace = ReaderPace(0.0)
    pace.cap(SAVED_RATE, 0.0)
    assert pace.take_news(2.0) == (SAVED_RATE, "memory is short")
    pace.cap(MAX_RATE, 5.0)
    assert pace.take_news(7.0) == (DEFAULT_RATE, "")


def test_what_limits_more_is_named() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 1000, 0.0)
    pace.cap(SAVED_RATE, 0.0)
    assert pace.reason.startswith("paint")
    pace.limit(0.5, 0.0)
    pace.note_painted(2, 1, 0.0)
    assert pace.reason == ""


# --- the hub ---


async def test_new_readers_are_refused_and_those_who_are_there_go_on(exchange: Exchange) -> None:
    await exchange.settle()
    connection = exchange.join()
    subscribe(connection, symbols=["NVX"])
    exchange.hub.save(Saving.READERS)
    with pytest.raises(HubFull, match="memory is short"):
        exchange.join()
    assert exchange.hub.traffic.refused == 1
    connection.take()
    await exchange.happen(quote(10))
    await exchange.settle()
    assert connection.rate == SAVED_RATE
    exchange.hub.save(Saving.NOTHING)
    assert connection.rate == DEFAULT_RATE
    assert exchange.join() in exchange.hub.connections


async def test_who_comes_while_rates_are_low_has_a_low_one(exchange: Exchange) -> None:
    await exchange.settle()
    exchange.hub.save(Saving.RATES)
    connection = exchange.join()
    assert (connection.rate, connection.limited_by) == (SAVED_RATE, "memory is short")


@pytest.mark.parametrize(
    ("now", "share", "step"),
    [
        (Saving.NOTHING, 0.8999, Saving.NOTHING),
        (Saving.NOTHING, 0.9, Saving.RATES),
        (Saving.RATES, 0.8501, Saving.RATES),
        (Saving.RATES, 0.85, Saving.NOTHING),
        (Saving.RATES, 0.95, Saving.READERS),
        (Saving.READERS, 0.9001, Saving.READERS),
        (Saving.READERS, 0.8999, Saving.RATES),
    ],
)
def test_each_step_has_its_marks(now: Saving, share: float, step: Saving) -> None:
    assert next_saving(now, share) is step
