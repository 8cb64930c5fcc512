"""A delayed twin says what the market said so many minutes before, and nothing younger."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.engine import delayed_market
from feeds.engine.delayed_market import DelayedMarket
from feeds.engine.engine import Engine
from feeds.engine.virtual_clock import START_MS, demo_plan
from feeds.market.bars import MINUTE_MS
from feeds.market.board import LAST, Board
from feeds.market.delayed_keys import delay_of, delayed, shown
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
    symbol_of,
)
from feeds.market.instruments import Definition
from feeds.plan.plans import FeedPlan
from feeds.simulator.simulator import Simulator
from tests.support.trading_day import ShortDays

NVX, ORB = (
    Definition(
        symbol=symbol, name=symbol, sector="S", tick_size=Decimal("0.01"), reference_ticks=10_000
    )
    for symbol in ("NVX", "ORB")
)


def plan_of(*minutes: int, definitions: tuple[Definition, ...] = (NVX, ORB)) -> dict[str, FeedPlan]:
    plan = FeedPlan(
        feed="main", name="Main", state=FeedState.RUNNING, rate=10, seed=1,
        definitions=definitions, delays=minutes,
    )  # fmt: skip
    return {"main": plan}


def quote(at: int, bid: int = 100) -> Quote:
    return Quote("NVX", bid, bid + 1, 100, 100, at)


def test_keys_are_read_back() -> None:
    assert delayed("NVX", 15) == "NVX~15"
    assert delayed("NVX", 0) == "NVX"
    assert [shown("NVX~15"), shown("NVX")] == ["NVX", "NVX"]
    assert [delay_of("NVX~15"), delay_of("NVX")] == [15, 0]


def test_twins_are_listed_at_once_and_without_a_price() -> None:
    """They are in the phase of the time of day that it was then."""
    events = DelayedMarket().plan(plan_of(5), 0)
    listed = [event for event in events if isinstance(event, Listing)]
    assert [(event.feed, event.definition.symbol) for event in listed] == [
        ("main~5", "NVX~5"),
        ("main~5", "ORB~5"),
    ]
    assert {event.phase for event in events if isinstance(event, Status)} == {Phase.OPEN}
    assert [event.feed for event in events if isinstance(event, FeedStatus)] == ["main~5"]
    closed = {"main": replace(plan_of(5)["main"], state=FeedState.CLOSED)}
    events = DelayedMarket().plan(closed, 0)
    assert {event.phase for event in events if isinstance(event, Status)} == {Phase.CLOSED}


def test_a_tick_happens_again_after_the_delay_and_not_a_moment_sooner() -> None:
    line = DelayedMarket()
    line.plan(plan_of(1, 5), 0)
    line.take([quote(1_000)], 1_040)
    assert line.due(1_040 + MINUTE_MS - 1) == []
    assert line.due(1_040 + MINUTE_MS) == [Quote("NVX~1", 100, 101, 100, 100, 1_000)]
    assert line.due(1_040 + 5 * MINUTE_MS)[0].symbol == "NVX~5"  # type: ignore[union-attr]


def test_a_halt_happens_again_after_the_delay_and_not_a_moment_sooner() -> None:
    line = DelayedMarket()
    line.plan(plan_of(1), 0)
    line.take([Status("NVX", Phase.HALTED, "news", 1_000)], 1_040)
    assert line.due(1_040 + MINUTE_MS - 1) == []
    assert line.due(1_040 + MINUTE_MS) == [Status("NVX~1", Phase.HALTED, "news", 1_000)]
    assert line.due(1_040 + 2 * MINUTE_MS) == []


def test_a_phase_that_was_there_before_the_line_comes_with_the_ticks() -> None:
    line = DelayedMarket()
    line.plan(plan_of(), 0)
    line.take([Status("NVX", Phase.OPEN, "it trades", 5)], 5)
    line.plan(plan_of(1), 10)
    assert line.due(9 + MINUTE_MS) == []
    assert line.due(10 + MINUTE_MS) == [Status("NVX~1", Phase.OPEN, "it trades", 5)]


def test_an_instrument_that_leaves_goes_on_late_until_its_last_tick() -> None:
    line = DelayedMarket()
    line.plan(plan_of(1), 0)
    line.take([quote(10)], 10)
    line.plan(plan_of(1, definitions=(ORB,)), 20)
    line.take([Delisting("NVX", 20)], 20)
    assert line.due(20 + MINUTE_MS) == [
        Quote("NVX~1", 100, 101, 100, 100, 10),
        Delisting("NVX~1", 20),
    ]
    assert line.plan({}, 30) == [Delisting("ORB~1", 30)]


def test_a_delay_nobody_has_any_more_ends_at_once() -> None:
    line = DelayedMarket()
    line.plan(plan_of(1), 0)
    line.take([quote(10)], 10)
    assert line.plan(plan_of(), 20) == [Delisting("NVX~1", 20), Delisting("ORB~1", 20)]
    assert line.due(10 * MINUTE_MS) == []


def test_a_line_without_room_begins_again(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(delayed_market, "MAX_WAITING", 3)
    line = DelayedMarket()
    line.plan(plan_of(1), 0)
    line.take([quote(at) for at in range(10, 14)], 14)
    events = line.due(20)
    assert line.restarts == 1
    assert [type(event) for event in events[:3]] == [Delisting, Delisting, Listing]
    late = line.due(20 + MINUTE_MS)
    assert [event for event in late if isinstance(event, Quote)] == []


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(1, 1_000)), max_size=60))
def test_the_delayed_board_is_the_board_as_it_was(moves: list[tuple[int, int]]) -> None:
    """At any time the twin shows what the instrument showed the delay before."""
    trades = [Trade("NVX", price, 100, Side.BUY, at) for at, price in sorted(moves)]
    line, board = DelayedMarket(), Board()
    begin: list[Event] = [Listing("main", NVX, 0), *line.plan(plan_of(1), 0)]
    apply(board, begin)
    shown_at: dict[int, object] = {}
    for now in range(0, 300_000, 20_000):
        news = [trade for trade in trades if now - 20_000 < trade.ts_event <= now]
        line.take(news, now)
        apply(board, [*news, *line.due(now)])
        shown_at[now] = board.rows["NVX"].values[LAST]
        assert board.rows["NVX~1"].values[LAST] == shown_at.get(now - MINUTE_MS)


def apply(board: Board, events: list[Event]) -> None:
    batch = Batch("e", board.sequence + 1, tuple(events))
    for sequence, event in enumerate(batch.events, batch.first):
        if symbol_of(event) in board.rows or isinstance(event, Listing):
            board.apply(sequence, event)


# --- an entitlement that begins within a day --------------------------------------------------
Seen = dict[str, tuple[object, ...]]


def seen(board: Board, minutes: int) -> Seen:
    """Return all that a reader with this delay sees: rows, reasons, days, books and bars."""
    found: Seen = {}
    for key, row in board.rows.items():
        if delay_of(key) == minutes:
            bars = board.bars.symbols.get(key)
            growing = None if bars is None else [part and part.copy() for part in bars.growing]
            found[shown(key)] = (*row.values, row.reason, row.day, row.bids, row.asks, growing)
    return found


@pytest.mark.slow
def test_an_entitlement_within_the_day_shows_what_was_seen_then() -> None:
    """Day fields, last prices, halts and the exchange's clock: also of what happened before it."""
    plan = demo_plan(ShortDays(), seed=3, rate=20, instruments=4, day_ms=600_000)
    plan = replace(plan, feed="main", halts={"ORB": "News"})
    halted_later = replace(plan, halts={"ORB": "News", "NVX": "More news"})
    board = Board()
    engine = Engine(epoch="e", open_source=lambda _: Simulator(3), board=lambda: board)
    then: dict[int, tuple[Seen, int]] = {}
    begin_ms, compared = START_MS + 200_000, 0
    for now_ms in range(START_MS, START_MS + 400_000, 2_000):
        plans = halted_later if now_ms >= START_MS + 150_000 else replace(plan, halts={})
        delays = (1,) if now_ms >= begin_ms else ()
        for batch in (
            engine.reconcile([replace(plans, delays=delays)], now_ms),
            engine.step(now_ms),
        ):
            for sequence, event in enumerate(batch.events, batch.first):
                board.apply(sequence, event)
        then[now_ms] = seen(board, 0), board.feeds["main"].exchange_at(now_ms)
        if now_ms >= begin_ms:
            late = board.feeds["main~1"].exchange_at(now_ms)
            assert abs(late - then[now_ms - MINUTE_MS][1]) <= 1
        if now_ms >= begin_ms + MINUTE_MS:
            assert seen(board, 1) == then[now_ms - MINUTE_MS][0]
            compared += 1
    assert compared > 60
    assert board.rows["ORB~1"].values[LAST] is not None
    assert board.rows["ORB~1"].phase == Phase.HALTED
