"""Whole days through the engine: however they are cut into steps, no tick is out of place."""

from collections import Counter
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.engine.engine import DRAW_STEP_MS, Engine
from feeds.market.bars import DAY_MS
from feeds.market.board import HIGH, LAST, LOW, OPEN, PREVIOUS_CLOSE, VOLUME
from feeds.market.events import Event, FeedState, FeedStatus, Phase, Quote, Status, Trade
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import CompressedSchedule, RoundTheClock
from feeds.simulator.simulator import STEP_MS
from tests.support.long_runs import CALCULATES
from tests.support.trading_day import MINUTE, SECOND, ShortDays, WildSource, fold, plan

pytestmark = [pytest.mark.slow, CALCULATES]

START = 1_790_000_000_000
SCHEDULE = CompressedSchedule(ShortDays(), START, 140 * SECOND)
"""A day of 140 minutes in as many seconds."""
SYMBOLS = ("NVX", "ORB", "QAL")
SPAN_MS = 330 * SECOND
TRY = (Stage.explicit, Stage.reuse, Stage.generate)
"""A whole market does not shrink within minutes."""


class Halt(NamedTuple):
    """A command of an admin: at a whole second, because commands come between steps."""

    at_s: int
    symbol: str


def day_plan(halts: dict[str, str]) -> FeedPlan:
    return plan(*SYMBOLS, schedule=SCHEDULE, bands=BandRules(1, 0, 0), halts=halts)


def run(seed: int, step_ms: int, halts: tuple[Halt, ...] = ()) -> list[Event]:
    """Return everything that happened; a halt of a halted symbol resumes it."""
    engine = Engine(epoch="e", open_source=lambda _: WildSource(seed, START))
    present: dict[str, str] = {}
    events = [*engine.reconcile([day_plan({})], START).events]
    for at_ms in range(START + SECOND, START + SPAN_MS + 1, SECOND):
        for now_ms in range(at_ms - SECOND + step_ms, at_ms, step_ms):
            events += engine.step(now_ms).events
        events += engine.step(at_ms).events
        for halt in halts:
            if START + halt.at_s * SECOND == at_ms:
                if present.pop(halt.symbol, None) is None:
                    present[halt.symbol] = "news"
                events += engine.reconcile([day_plan(dict(present))], at_ms).events
    return events


@cache
def wild(seed: int) -> list[Event]:
    return run(seed, SECOND)


halts_of = st.lists(st.builds(Halt, st.integers(1, 329), st.sampled_from(SYMBOLS)), max_size=4)


@given(st.integers(1, 10_000), st.sampled_from([50, 70, 130, 333]), halts_of.map(tuple))
@settings(max_examples=8, deadline=None, phases=TRY)
def test_the_length_of_a_step_makes_no_difference(
    seed: int, step_ms: int, halts: tuple[Halt, ...]
) -> None:
    assert run(seed, step_ms, halts) == run(seed, SECOND, halts)


@given(st.integers(1, 10_000), halts_of.map(tuple))
@settings(max_examples=15, deadline=None, phases=TRY)
def test_no_tick_is_out_of_place(seed: int, halts: tuple[Halt, ...]) -> None:
    for symbol in SYMBOLS:
        Watch().see([event for event in run(seed, SECOND, halts) if is_of(event, symbol)])


def is_of(event: Event, symbol: str) -> bool:
    return isinstance(event, Quote | Trade | Status) and event.symbol == symbol


class Watch:
    """Raise at the first tick that an instrument may not have."""

    def __init__(self) -> None:
        self.status: Status | None = None
        self.quote: Quote | None = None
        self.crossed: Trade | None = None
        self.then_ms = 0

    def see(self, events: list[Event]) -> None:
        for event, following in pairwise([*events, None]):
            assert event is not None
            assert event.ts_event >= self.then_ms
            self.then_ms = event.ts_event
            if isinstance(event, Status):
                self.status = event
            elif isinstance(event, Quote):
                assert self.phase not in (Phase.HALTED, Phase.CLOSED)
                self.quote = event
            else:
                self.trade(event, following)

    @property
    def phase(self) -> Phase:
        assert self.status is not None
        return self.status.phase

    def trade(self, trade: Trade, following: Event | None) -> None:
        assert self.quote is not None
        assert self.quote.bid_ticks <= trade.price_ticks <= self.quote.ask_ticks
        if self.phase is Phase.AUCTION:
            assert isinstance(following, Status), "an uncross ends its auction, so there is one"
            assert following.phase in (Phase.OPEN, Phase.CLOSED)
            assert following.ts_event == trade.ts_event
            assert trade.exchange_ms == SCHEDULE.at(trade.ts_event).exchange_ms
        elif self.phase is Phase.LIMIT:
            assert self.is_inside_limit(trade)
        else:
            assert self.phase is Phase.OPEN

    def is_inside_limit(self, trade: Trade) -> bool:
        assert self.status is not None
        words = self.status.reason.split()
        limit = round(float(words[5].rstrip(",").replace(",", "")) * 100)
        return trade.price_ticks <= limit if words[3] == "up" else trade.price_ticks >= limit


def test_the_wild_market_goes_through_everything_that_a_day_has() -> None:
    """The properties above say nothing of what never happens."""
    events = [event for seed in (1, 2, 3) for event in wild(seed)]
    kinds = Counter(edge for symbol in SYMBOLS for edge in edges(events, symbol))
    wanted = {
        ("PRE_OPEN", "Opening auction"), ("Opening auction", "OPEN"), ("OPEN", "LIMIT"),
        ("LIMIT", "OPEN"), ("LIMIT", "Price band"), ("Price band", "Reopening auction"),
        ("Reopening auction", "OPEN"), ("OPEN", "Closing auction"), ("Closing auction", "CLOSED"),
        ("CLOSED", "PRE_OPEN"), ("OPEN", "Market-wide halt"),
        ("Market-wide halt", "Reopening auction"),
    }  # fmt: skip
    assert wanted <= set(kinds)


def edges(events: list[Event], symbol: str) -> list[tuple[str, str]]:
    names = [
        event.phase.value
        if event.phase not in (Phase.AUCTION, Phase.HALTED)
        else kind_of(event.reason)
        for event in events
        if isinstance(event, Status) and event.symbol == symbol
    ]
    return list(pairwise(names))


def kind_of(reason: str) -> str:
    return reason.split(":")[0].split(",")[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_each_day_begins_with_the_last_price_of_the_day_before_and_nothing_traded(
    seed: int,
) -> None:
    events = wild(seed)
    for place, event in enumerate(events):
        if isinstance(event, Status) and event.phase is Phase.PRE_OPEN:
            row = fold(events[: place + 1]).rows[event.symbol]
            last = row.values[LAST]
            assert row.values[PREVIOUS_CLOSE] == (10_000 if last is None else last)
            assert [row.values[field] for field in (OPEN, HIGH, LOW, VOLUME)] == [
                None,
                None,
                None,
                0,
            ]


def test_round_the_clock_a_day_begins_at_midnight_without_a_pause() -> None:
    midnight = START // DAY_MS * DAY_MS + DAY_MS
    engine = Engine(epoch="e", open_source=lambda _: WildSource(1, midnight - MINUTE))
    always = plan("NVX", schedule=RoundTheClock(), bands=None)
    events = [*engine.reconcile([always], midnight - MINUTE).events]
    for at_ms in range(midnight - MINUTE, midnight + MINUTE, SECOND):
        events += engine.step(at_ms).events
    turn = next(i for i, event in enumerate(events) if event.ts_event >= midnight)
    assert isinstance(events[turn], FeedStatus)
    assert events[turn + 1] == Status("NVX", Phase.OPEN, "", midnight, midnight // DAY_MS)
    before, after = fold(events[:turn]).rows["NVX"], fold(events[: turn + 2]).rows["NVX"]
    assert after.values[PREVIOUS_CLOSE] == before.values[LAST]
    assert (after.values[VOLUME], after.values[OPEN]) == (0, None)
    assert fold(events).rows["NVX"].values[VOLUME] > 0


def test_a_start_in_the_middle_of_a_day_trades_at_once_on_the_right_day() -> None:
    noon = START + 4 * 140 * SECOND + 60 * SECOND
    engine = Engine(epoch="e", open_source=lambda _: WildSource(1, noon))
    first = engine.reconcile([day_plan({})], noon).events
    statuses = [event for event in first if isinstance(event, Status)]
    assert {(status.phase, status.day) for status in statuses} == {(Phase.OPEN, 4)}
    row = fold([*first, *engine.step(noon + SECOND).events]).rows["NVX"]
    assert row.values[PREVIOUS_CLOSE] == 10_000
    assert row.values[OPEN] is not None


def test_a_paused_feed_s_day_stands_still_and_catches_up_when_it_goes_on() -> None:
    engine = Engine(epoch="e", open_source=lambda _: WildSource(1, START))
    engine.reconcile([day_plan({})], START)
    rest = msgspec.structs.replace(day_plan({}), state=FeedState.PAUSED)
    engine.reconcile([rest], START + 20 * SECOND)
    assert engine.step(START + 200 * SECOND).events == ()
    events = engine.reconcile([day_plan({})], START + 200 * SECOND).events
    assert [(event.phase, event.day) for event in events if isinstance(event, Status)] == [
        (Phase.OPEN, 1)
    ] * 3


def test_what_is_due_waits_for_whole_steps_of_the_simulator() -> None:
    assert DRAW_STEP_MS % STEP_MS == 0


def test_other_hours_of_a_feed_are_announced() -> None:
    engine = Engine(epoch="e", open_source=lambda _: WildSource(1, START))
    engine.reconcile([day_plan({})], START)
    slower = CompressedSchedule(ShortDays(), START, 280 * SECOND)
    events = engine.reconcile([plan(*SYMBOLS, schedule=slower)], START).events
    assert [event.scale for event in events if isinstance(event, FeedStatus)] == [30.0]
