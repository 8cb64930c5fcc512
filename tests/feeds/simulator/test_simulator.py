"""The simulated market is reproducible, its instruments independent, and every tick possible."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.market.events import FeedState, Quote, Side, Tick, Trade
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import CompressedSchedule, RoundTheClock
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.simulator import CATCH_UP_STEPS, STEP_MS, Simulator
from tests.support.examples import examples
from tests.support.places import ROOT

START = 1_790_000_000_000


@dataclass(frozen=True)
class Steady(RoundTheClock):
    """Exchange time 13 times as fast as wall time, without opens, closes and nights."""

    def scale(self, number: int) -> float:
        return 13.0


def plan_of(number: int = 20, *, rate: float = 200.0, without: str = "") -> FeedPlan:
    chosen = tuple(definition for definition in definitions(number) if definition.symbol != without)
    return FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=rate, seed=1, definitions=chosen,
        schedule=Steady(),
    )  # fmt: skip


def simulator(plan: FeedPlan, seed: int = 1) -> Simulator:
    """Return a market whose first step begins at START."""
    market = Simulator(seed)
    market.plan(plan)
    market.draw(START)
    return market


def run(simulator: Simulator, seconds: float, *, start: int = START) -> list[Tick]:
    ticks: list[Tick] = []
    for now in range(start + 500, start + round(seconds * 1000) + 1, 500):
        ticks += simulator.draw(now)
    return ticks


def hash_of(ticks: list[Tick]) -> str:
    return hashlib.sha256(msgspec.json.encode(ticks)).hexdigest()


WHOLE = run(simulator(plan_of()), 10)


@pytest.mark.slow
@settings(max_examples=examples(20))
@given(st.lists(st.integers(1, 990), max_size=40))
def test_it_does_not_matter_how_often_it_is_drawn(waits: list[int]) -> None:
    market, now, ticks = simulator(plan_of()), START, []
    for wait in waits:
        now = min(now + wait, START + 10_000)
        ticks += market.draw(now)
    while now < START + 10_000:
        now = min(now + 900, START + 10_000)
        ticks += market.draw(now)
    assert ticks == WHOLE


@pytest.mark.slow
@pytest.mark.parametrize("has_simd", [True, False])
def test_another_process_draws_the_same_market(has_simd: bool) -> None:
    """Also on another machine: without vector instructions numpy's exp differs, ours does not."""
    names = "hash_of, plan_of, run, simulator"
    script = (
        f"from tests.feeds.simulator.test_simulator import {names}; "
        "print(hash_of(run(simulator(plan_of()), 10)))"
    )
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        env=os.environ | ({} if has_simd else {"NPY_DISABLE_CPU_FEATURES": " ".join(found)}),
        capture_output=True,
        check=True,
    )
    assert out.stdout.decode().strip() == hash_of(WHOLE)


def test_another_seed_is_another_market() -> None:
    assert hash_of(run(simulator(plan_of(), seed=2), 10)) != hash_of(WHOLE)


def of(ticks: list[Tick], symbol: str) -> list[Tick]:
    return [tick for tick in ticks if tick.symbol == symbol]


@pytest.mark.slow
def test_adding_or_removing_an_instrument_changes_no_other() -> None:
    """ORB shares its sector, and has 3 % of the activity: the rate stays near enough."""
    whole = run(simulator(plan_of(60)), 10)
    changed, ticks = simulator(plan_of(60)), []
    ticks += run(changed, 3)
    changed.plan(plan_of(60, without="ORB"))
    ticks += run(changed, 3, start=START + 3000)
    changed.plan(plan_of(60))
    ticks += run(changed, 4, start=START + 6000)
    others = [tick for tick in whole if tick.symbol != "ORB"]
    assert [tick for tick in ticks if tick.symbol != "ORB"] == others
    assert not [tick for tick in of(ticks, "ORB") if 3000 <= tick.ts_event - START < 6000]


@pytest.mark.slow
def test_many_new_instruments_share_the_rate_and_change_no_prices() -> None:
    """Quotes of the same symbol in the same step have the same prices in both markets."""
    alone, joined = simulator(plan_of(20)), simulator(plan_of(20))
    joined.plan(plan_of(60))
    first, second = (
        {
            (tick.symbol, tick.ts_event // STEP_MS): (tick.bid_ticks, tick.ask_ticks)
            for tick in run(market, 30)
            if isinstance(tick, Quote)
        }
        for market in (alone, joined)
    )
    both = first.keys() & second.keys()
    assert len(both) > 100
    assert all(first[key] == second[key] for key in both)
    ticks = run(joined, 60, start=START + 30_000)
    assert 0.9 < len(ticks) / 60 / 200 < 1.1


def changed(plan: FeedPlan, symbol: str, **changes: object) -> FeedPlan:
    definitions = tuple(
        msgspec.structs.replace(definition, **changes)
        if definition.symbol == symbol
        else definition
        for definition in plan.definitions
    )
    return msgspec.structs.replace(plan, definitions=definitions)


def test_a_new_reference_price_does_not_move_the_market() -> None:
    market, plan = simulator(plan_of()), plan_of()
    before = run(market, 3)
    market.plan(changed(plan, "NVX", reference_ticks=50))
    after = run(market, 7, start=START + 3000)
    assert before + after == WHOLE


def test_with_a_new_tick_size_an_instrument_starts_again() -> None:
    """The old quote is dropped: the first tick is a quote near the reference price."""
    market, plan = simulator(plan_of()), plan_of()
    run(market, 3)
    market.plan(changed(plan, "NVX", tick_size=Decimal("0.05"), reference_ticks=2025))
    first = of(run(market, 7, start=START + 3000), "NVX")[0]
    assert isinstance(first, Quote)
    assert abs((first.bid_ticks + first.ask_ticks) / 2 / 2025 - 1) < 0.01


def quiet(**changes: object) -> FeedPlan:
    """Return a plan of one instrument at the edge of what may be traded."""
    return changed(plan_of(1, rate=500), "NVX", **changes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "plan",
    [
        plan_of(60, rate=2000),
        quiet(reference_ticks=1, volatility=1.0),
        quiet(reference_ticks=1_000_000_000, volatility=1.0),
        quiet(volatility=0.0001, activity=0.001),
    ],
    ids=["sixty", "a penny", "a palace", "a bond"],
)
def test_every_tick_is_possible(plan: FeedPlan) -> None:
    """Bid below ask, positive and whole sizes, trades at the quote in force, time in order."""
    quotes: dict[str, Quote] = {}
    market, last = Simulator(1), START
    market.plan(plan)
    for now in range(START + STEP_MS, START + 30_001, STEP_MS):
        for tick in market.draw(now):
            assert last <= tick.ts_event < now
            last = tick.ts_event
            if isinstance(tick, Quote):
                assert 0 < tick.bid_ticks < tick.ask_ticks
                assert tick.bid_size % 100 == tick.ask_size % 100 == 0
                quotes[tick.symbol] = tick
            else:
                quote = quotes[tick.symbol]
                price = quote.ask_ticks if tick.side is Side.BUY else quote.bid_ticks
                assert (tick.price_ticks, tick.size % 100) == (price, 0)
                assert tick.size > 0


@pytest.mark.slow
def test_no_quote_repeats_the_one_before_it() -> None:
    quotes: dict[str, Quote] = {}
    for tick in run(simulator(plan_of(2, rate=2000)), 20):
        if isinstance(tick, Quote):
            before = quotes.get(tick.symbol)
            same = before and msgspec.structs.replace(before, ts_event=tick.ts_event) == tick
            assert not same
            quotes[tick.symbol] = tick


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "rate", "seconds", "slack"),
    [
        (60, 200, 60, 0.06),
        pytest.param(500, 2000, 60, 0.03, marks=pytest.mark.slow),
        pytest.param(60, 20_000, 20, 0.08, marks=pytest.mark.slow),
        pytest.param(1, 20_000, 20, 0.4, marks=pytest.mark.slow),
        pytest.param(60, 10, 240, 0.12, marks=pytest.mark.slow),
    ],
)
def test_the_rate_is_met(number: int, rate: float, seconds: int, slack: float) -> None:
    """Slack is about three deviations: arrivals in bursts have four times the variance of Poisson,
    so that n ticks are n +- 2 sqrt(n), and each follows its own volatility."""
    ticks = run(simulator(plan_of(number, rate=rate)), seconds)
    assert abs(len(ticks) / seconds / rate - 1) < slack


@pytest.mark.slow
def test_a_new_rate_is_met_at_once() -> None:
    market = simulator(plan_of(60, rate=200))
    run(market, 5)
    market.plan(plan_of(60, rate=2000))
    assert 0.85 < len(run(market, 10, start=START + 5000)) / 20_000 < 1.15


@pytest.mark.slow
def test_ticks_follow_activity() -> None:
    ticks = run(simulator(plan_of(20, rate=2000)), 60)
    heavy = max(definitions(20), key=lambda definition: definition.activity)
    light = min(definitions(20), key=lambda definition: definition.activity)
    expected = heavy.activity / light.activity
    assert 0.6 < len(of(ticks, heavy.symbol)) / len(of(ticks, light.symbol)) / expected < 1.6


def test_after_a_gap_at_most_a_second_is_drawn() -> None:
    market = simulator(plan_of())
    run(market, 1)
    ticks = market.draw(START + 3_601_000)
    assert market.skipped_steps == 3_600_000 // STEP_MS - CATCH_UP_STEPS
    assert min(tick.ts_event for tick in ticks) >= START + 3_600_000


def middle_of(ticks: list[Tick], symbol: str) -> float:
    quote = [tick for tick in of(ticks, symbol) if isinstance(tick, Quote)][-1]
    return (quote.bid_ticks + quote.ask_ticks) / 2


def test_no_price_jumps_over_a_gap() -> None:
    """An hour is two trading days here: two instruments in three would move by over 1 %."""
    market = simulator(plan_of(20, rate=2000))
    before = run(market, 2)
    after = market.draw(START + 3_600_000)
    symbols = {definition.symbol for definition in definitions(20)} & {
        tick.symbol for tick in after
    }
    moves = [middle_of(after, symbol) / middle_of(before, symbol) - 1 for symbol in symbols]
    assert len(moves) > 15
    assert max(map(abs, moves)) < 0.005


def test_a_clock_that_goes_back_makes_no_tick_twice() -> None:
    market = simulator(plan_of())
    run(market, 2)
    assert market.draw(START + 1000) == []
    assert run(market, 1, start=START + 2000) != []


def test_an_empty_feed_is_silent() -> None:
    assert run(simulator(plan_of(0)), 1) == []


def test_trades_happen_at_both_sides() -> None:
    sides = [tick.side for tick in WHOLE if isinstance(tick, Trade)]
    assert 0.3 < sides.count(Side.BUY) / len(sides) < 0.7


def test_a_clock_set_back_by_an_hour_does_not_stop_the_market() -> None:
    market = simulator(plan_of())
    run(market, 2)
    market.draw(START - 3_600_000)
    assert run(market, 2, start=START - 3_600_000) != []


@pytest.mark.slow
@pytest.mark.parametrize("first", [date(2026, 11, 25), date(2026, 11, 27)])
def test_ticks_have_the_exchange_time_of_days_that_close_early(first: date) -> None:
    schedule = CompressedSchedule(Calendar(EXCHANGES["XNYS"], first), START, 10_000)
    market = Simulator(1)
    market.plan(msgspec.structs.replace(plan_of(), schedule=schedule))
    market.draw(START)
    ticks = run(market, 30)
    # One of the days closes early and is shorter, so a fourth begins within the 30 s.
    assert {schedule.at(tick.ts_event).number for tick in ticks} == {0, 1, 2, 3}
    for tick in (tick for tick in ticks if isinstance(tick, Trade)):
        # A millisecond of ours is some seconds of a day of ten seconds.
        off_ms = schedule.at(tick.ts_event).exchange_ms - tick.exchange_ms
        assert abs(off_ms) <= 2 * schedule.scale(1)
