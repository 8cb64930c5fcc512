"""A delayed twin shows the market of so many minutes ago, and nothing younger."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.engine import delayed_market
from feeds.engine.checkpoint import checkpoint_of
from feeds.engine.delayed_market import DelayedMarket
from feeds.engine.engine import Engine
from feeds.engine.heard_statuses import HeardStatuses
from feeds.engine.virtual_clock import START_MS, demo_plan
from feeds.market.bars import INTERVALS, MINUTE_MS
from feeds.market.board import LAST, Board
from feeds.market.delayed_keys import delay_of, delayed, shown
from feeds.market.events import (
    Batch,
    Carryover,
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


DAY_MS = INTERVALS["1d"]


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
    """Their phase is that of the time of day at the delay ago."""
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


@pytest.mark.parametrize(
    ("state", "phase"), [(FeedState.RUNNING, Phase.OPEN), (FeedState.CLOSED, Phase.CLOSED)]
)
def test_the_clock_of_a_new_twin_shows_the_time_before_the_delay(
    state: FeedState, phase: Phase
) -> None:
    now = 3 * DAY_MS + 2 * MINUTE_MS
    market = DelayedMarket()
    events = market.plan({"main": replace(plan_of(5)["main"], state=state)}, now)
    (status,) = [event for event in events if isinstance(event, FeedStatus)]
    assert (status.state, status.phase, status.day) == (state, phase, 2)
    assert (status.ts_event, status.exchange_ms) == (now, 3 * DAY_MS - 3 * MINUTE_MS)
    days = {event.day for event in events if isinstance(event, Status)}
    assert days == {2}


def traded(*rows: tuple[str, Definition, int]) -> Board:
    """Return a board of instruments that traded at a price and were halted on day 7."""
    board = Board()
    for feed, definition, price in rows:
        symbol = definition.symbol
        for event in (
            Listing(feed, definition, 0),
            Trade(symbol, price, 100, Side.BUY, 5),
            Status(symbol, Phase.HALTED, "news", 6, 7),
        ):
            board.apply(board.sequence + 1, event)
    return board


def test_a_delay_that_begins_within_the_day_has_its_values_when_it_is_over() -> None:
    """An instrument that is not on the board has none, nor has a feed that begins now."""
    board = traded(("main", NVX, 123))
    market = DelayedMarket(lambda: board)
    market.plan(plan_of(), 0)
    begun = market.plan(plan_of(1), 1_000)
    assert not [event for event in begun if isinstance(event, Carryover)]
    assert market.due(999 + MINUTE_MS) == []
    (values,) = market.due(1_000 + MINUTE_MS)
    assert isinstance(values, Carryover)
    assert (values.symbol, values.last, values.reason) == ("NVX~1", 123, "news")
    young = DelayedMarket(lambda: board)
    young.plan(plan_of(1), 1_000)
    assert young.due(1_000 + MINUTE_MS) == []


def test_twins_of_an_earlier_life_show_what_they_showed() -> None:
    left = checkpoint_of({}, traded(("main~1", replace(NVX, symbol="NVX~1"), 123)), 10)
    events = DelayedMarket().plan(plan_of(1), 99, left)
    _, values, status, _, other, _ = events
    assert isinstance(values, Carryover)
    assert (values.symbol, values.last, values.ts_event) == ("NVX~1", 123, 99)
    assert status == Status("NVX~1", Phase.HALTED, "news", 99, 7)
    assert other == Status("ORB~1", Phase.OPEN, "Delayed by 1 min, no data yet", 99, 0)


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


def test_a_phase_from_before_the_line_happens_again_when_it_should_and_with_the_ticks() -> None:
    line = DelayedMarket()
    line.plan(plan_of(), 0)
    line.take([Status("NVX", Phase.OPEN, "it trades", 5)], 5)
    line.plan(plan_of(1), 10)
    assert line.due(4 + MINUTE_MS) == []
    assert line.due(9 + MINUTE_MS) == [Status("NVX~1", Phase.OPEN, "it trades", 5)]
    assert line.due(10 + MINUTE_MS) == [Status("NVX~1", Phase.OPEN, "it trades", 5)]


def test_of_what_happened_before_the_line_only_the_newest_happens_again() -> None:
    """Of an instrument and of its feed; older phases would open what is halted for a moment."""
    market = DelayedMarket()
    market.plan(plan_of(), 0)
    for at, phase, state in (
        (1, Phase.OPEN, FeedState.RUNNING),
        (2, Phase.CLOSED, FeedState.CLOSED),
        (3, Phase.HALTED, FeedState.PAUSED),
    ):
        market.take([Status("NVX", phase, "", at), feed_status(state, at)], at)
    market.plan(plan_of(1), 10 * MINUTE_MS)
    assert news_of(market.due(11 * MINUTE_MS)) == [("NVX~1", "HALTED"), ("main~1", "PAUSED")]


# --- a delay that is new, or grows ----------------------------------------------------------
def feed_status(state: FeedState, at: int, **more: object) -> FeedStatus:
    return FeedStatus(
        "main", "Main", state, 10, "", at, exchange_ms=CLOCK_MS + 10 * at, scale=10.0, **more
    )  # type: ignore[arg-type]


OPENED, PAUSED, CLOCK_MS = 0, 4 * MINUTE_MS, 1_000_000


def market_that_pauses(*minutes: int) -> DelayedMarket:
    """Return a market that opened at 0, and paused and halted NVX after four minutes."""
    market = DelayedMarket()
    market.plan(plan_of(*minutes), OPENED)
    market.take([feed_status(FeedState.RUNNING, OPENED), Status("NVX", Phase.OPEN, "", 0)], OPENED)
    halted = Status("NVX", Phase.HALTED, "news", PAUSED)
    market.due(PAUSED)
    market.take([feed_status(FeedState.PAUSED, PAUSED, exchange="NYSE"), halted], PAUSED)
    return market


def news_of(events: list[Event]) -> list[tuple[str, str]]:
    """Return the phases of NVX and the states of its feed, with their keys."""
    found: list[tuple[str, str]] = []
    for event in events:
        match event:
            case Status(symbol=symbol, phase=phase) if symbol.startswith("NVX"):
                found.append((symbol, phase))
            case FeedStatus(feed=feed, state=state):
                found.append((feed, state))
    return found


@pytest.mark.parametrize("before", [(), (1,)])
@pytest.mark.parametrize("minutes", [2, 3])
def test_a_delay_that_begins_or_grows_shows_what_was_then(
    before: tuple[int, ...], minutes: int
) -> None:
    market, now = market_that_pauses(*before), 5 * MINUTE_MS
    paused = {"main": replace(plan_of(minutes)["main"], state=FeedState.PAUSED, reason="lunch")}
    events = market.plan(paused, now)
    assert news_of(events) == [(f"NVX~{minutes}", "OPEN"), (f"main~{minutes}", "RUNNING")]
    assert "lunch" not in str(events)
    (late,) = [event for event in events if isinstance(event, FeedStatus)]
    assert late.exchange_at(now) == CLOCK_MS + 10 * (now - minutes * MINUTE_MS)
    assert market.due(PAUSED + minutes * MINUTE_MS - 1) == []
    due = news_of(market.due(PAUSED + minutes * MINUTE_MS))
    assert sorted(due) == [(f"NVX~{minutes}", "HALTED"), (f"main~{minutes}", "PAUSED")]


def test_a_delay_longer_than_the_market_lives_shows_nothing_younger_than_its_begin() -> None:
    market = market_that_pauses()
    closed = {"main": replace(plan_of(15)["main"], state=FeedState.CLOSED, reason="lunch")}
    events = market.plan(closed, 5 * MINUTE_MS)
    assert news_of(events) == [("NVX~15", "OPEN"), ("main~15", "RUNNING")]
    assert "lunch" not in str(events)
    assert sorted(news_of(market.due(OPENED + 15 * MINUTE_MS))) == [
        ("NVX~15", "OPEN"), ("main~15", "RUNNING"),
    ]  # fmt: skip


def test_statuses_of_long_ago_are_forgotten() -> None:
    heard = HeardStatuses()
    for minute in range(0, 300, 10):
        heard.take([Status("NVX", Phase.OPEN, str(minute), 0)], minute * MINUTE_MS)
    assert [int(status.reason) for _, status in heard.phases.of("NVX")] == [*range(230, 300, 10)]
    assert heard.phases.then("NVX", 229 * MINUTE_MS) is None
    heard.take([Delisting("NVX", 0)], 0)
    assert heard.phases.of("NVX") == []


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
    line.take([quote(at) for at in range(10, 13)], 14)
    assert (line.due(20), line.restarts) == ([], 0)
    line.take([quote(13)], 14)
    events = line.due(20)
    assert line.restarts == 1
    assert line.due(20) == [], "what begins again does not wait"
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


def phases(board: Board, minutes: int) -> dict[str, str]:
    """Return the phase of each symbol, as readers with this delay see it."""
    rows = {key: row for key, row in board.rows.items() if delay_of(key) == minutes}
    return {shown(key): row.phase for key, row in rows.items()}


def valued(board: Board, minutes: int) -> list[str]:
    """Return the keys of this delay that show any price."""
    rows = {key: row for key, row in board.rows.items() if delay_of(key) == minutes}
    return [key for key, row in rows.items() if any(row.values[: LAST + 1]) or row.bids]


@pytest.mark.slow
def test_an_entitlement_within_the_day_shows_what_was_seen_then() -> None:
    """Day fields, last prices, halts and the exchange's clock: also of what happened before it."""
    plan = demo_plan(ShortDays(), seed=3, rate=20, instruments=4, day_ms=600_000)
    plan = replace(plan, feed="main", halts={"ORB": "News"})
    halted_later = replace(plan, halts={"ORB": "News", "NVX": "More news"})
    board = Board()
    engine = Engine(epoch="e", open_source=lambda _: Simulator(3), board=lambda: board)
    then: dict[int, tuple[Seen, int]] = {}
    then_phases: dict[int, dict[str, str]] = {}
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
        then_phases[now_ms] = phases(board, 0)
        if now_ms >= begin_ms:
            late = board.feeds["main~1"].exchange_at(now_ms)
            assert abs(late - then[now_ms - MINUTE_MS][1]) <= 1
            assert phases(board, 1) == then_phases[now_ms - MINUTE_MS]
            assert now_ms >= begin_ms + MINUTE_MS or not valued(board, 1)
        if now_ms >= begin_ms + MINUTE_MS:
            assert seen(board, 1) == then[now_ms - MINUTE_MS][0]
            compared += 1
    assert compared > 60
    assert board.rows["ORB~1"].values[LAST] is not None
    assert board.rows["ORB~1"].phase == Phase.HALTED
