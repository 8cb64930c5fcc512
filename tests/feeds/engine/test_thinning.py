"""A market that cannot keep its rate makes fewer ticks, and its prices go where they would go."""

from datetime import date

import pytest
from msgspec.structs import replace

from feeds.engine.engine import Engine
from feeds.engine.sources import PlannedSource
from feeds.engine.thinning import CALM_S, LEAST, OVERLOAD_S, OWN_SHARE, Load
from feeds.engine.virtual_clock import START_MS, demo_plan
from feeds.market.events import Event, Quote, Trade
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.simulator.simulator import Simulator

AFTER_THE_OPENING_MS = 180_000


def test_a_late_market_takes_its_share_of_the_core() -> None:
    load = Load()
    load.note(OVERLOAD_S + 0.01, 4 * OWN_SHARE)
    assert load.share == 1 / 4
    assert load.is_over
    for _ in range(20):
        load.note(OVERLOAD_S + 0.01, 1.0)
    assert load.share == LEAST


@pytest.mark.parametrize(("lag_s", "core"), [(OVERLOAD_S, 1.0), (9.0, OWN_SHARE)])
def test_it_makes_all_ticks_on_time_and_when_other_work_is_the_reason(
    lag_s: float, core: float
) -> None:
    load = Load()
    load.note(lag_s, core)
    assert load.share == 1
    assert not load.is_over


def test_in_time_it_slowly_makes_more_up_to_all() -> None:
    load = Load()
    load.note(1.0, 2 * OWN_SHARE)
    load.note(CALM_S + 0.01, 1.0)
    assert load.share == 0.5
    for _ in range(35):
        load.note(CALM_S, 1.0)
    assert 0.99 < load.share <= 1
    load.note(0.0, 1.0)
    assert load.share == 1
    assert not load.is_over


def market(share: float, steps: int = 60) -> list[Event]:
    """Return some seconds of a market that makes this share of its ticks."""
    days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    plan = demo_plan(days, seed=1, rate=2000, instruments=20)
    opener = {FeedKind.SIMULATED: lambda plan: Simulator(plan.seed)}
    engine = Engine(epoch="e1", open_source=lambda plan: PlannedSource(opener))
    engine.reconcile([plan], START_MS)
    now_ms = START_MS
    while now_ms < START_MS + AFTER_THE_OPENING_MS:
        now_ms += 400
        engine.step(now_ms)
    events: list[Event] = []
    for _ in range(steps):
        now_ms += 400
        events += engine.step(now_ms, share=share).events
    return events


def test_a_share_of_the_ticks_is_made_at_prices_of_the_same_path() -> None:
    whole, thin = market(1.0), market(0.25)
    ticks, fewer = (
        [event for event in events if isinstance(event, Quote | Trade)] for events in (whole, thin)
    )
    assert len(fewer) / len(ticks) == pytest.approx(0.25, abs=0.02)
    assert any(isinstance(event, Trade) for event in fewer)
    middles = {
        event.symbol: event.bid_ticks + event.ask_ticks
        for event in ticks
        if isinstance(event, Quote)
    }
    thinned = {
        event.symbol: event.bid_ticks + event.ask_ticks
        for event in fewer
        if isinstance(event, Quote)
    }
    for symbol, middle in thinned.items():
        assert middle == pytest.approx(middles[symbol], rel=0.01)


def test_a_source_that_opens_meanwhile_makes_the_same_share() -> None:
    days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    sources: list[PlannedSource] = []

    def opened(plan: FeedPlan) -> PlannedSource:
        opener = dict.fromkeys(FeedKind, lambda plan: Simulator(plan.seed))
        sources.append(PlannedSource(opener))
        return sources[-1]

    engine = Engine(epoch="e1", open_source=opened)
    first = demo_plan(days, seed=1, rate=20, instruments=2)
    engine.reconcile([first], START_MS)
    engine.step(START_MS + 400, share=0.5)
    # Another kind makes the source of the feed open another one behind it.
    other = replace(first, kind=FeedKind.UPSTREAM)
    engine.reconcile([other, replace(first, feed="later", definitions=())], START_MS + 500)
    assert [source.share for source in sources] == [0.5, 0.5]
    engine.step(START_MS + 800)
    assert [source.share for source in sources] == [1.0, 1.0]


def test_it_is_the_same_in_every_run() -> None:
    assert market(0.1, steps=5) == market(0.1, steps=5)
