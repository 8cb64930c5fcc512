"""The simulated market: reproducible, independent, hard-edged, and alive."""

import hashlib
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.events import FeedState, Quote, Side, Tick, Trade
from feeds.exchange import definitions
from feeds.plans import FeedPlan
from feeds.simulator import CATCH_UP_STEPS, STEP_MS, Simulator

START = 1_790_000_000_000


def plan_of(number: int = 20, *, rate: float = 200.0, without: str = "") -> FeedPlan:
    chosen = tuple(one for one in definitions(number) if one.symbol != without)
    return FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=rate, seed=1, definitions=chosen
    )


def simulator(plan: FeedPlan, seed: int = 1) -> Simulator:
    simulator = Simulator(seed)
    simulator.plan(plan)
    simulator.draw(START)
    return simulator


def run(simulator: Simulator, seconds: float, *, start: int = START) -> list[Tick]:
    ticks: list[Tick] = []
    for now in range(start + 500, start + round(seconds * 1000) + 1, 500):
        ticks += simulator.draw(now)
    return ticks


def hash_of(ticks: list[Tick]) -> str:
    return hashlib.sha256(msgspec.json.encode(ticks)).hexdigest()


WHOLE = run(simulator(plan_of()), 10)


@settings(max_examples=20, deadline=None)
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


def test_another_process_draws_the_same_market() -> None:
    script = (
        "from tests.feeds.test_simulator import *; print(hash_of(run(simulator(plan_of()), 10)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
    )
    assert out.stdout.decode().strip() == hash_of(WHOLE)


def test_another_seed_is_another_market() -> None:
    assert hash_of(run(simulator(plan_of(), seed=2), 10)) != hash_of(WHOLE)


def of(ticks: list[Tick], symbol: str) -> list[Tick]:
    return [tick for tick in ticks if tick.symbol == symbol]


def test_an_instrument_that_comes_or_goes_shifts_no_other() -> None:
    """ORB is of a sector with others; it is removed and added while the market runs."""
    changed, ticks = simulator(plan_of()), []
    ticks += run(changed, 3)
    changed.plan(plan_of(without="ORB"))
    ticks += run(changed, 3, start=START + 3000)
    changed.plan(plan_of())
    ticks += run(changed, 4, start=START + 6000)
    for definition in definitions(20):
        if definition.symbol != "ORB":
            assert of(ticks, definition.symbol) == of(WHOLE, definition.symbol)
    assert not [tick for tick in of(ticks, "ORB") if 3000 <= tick.ts_event - START < 6000]


def test_every_tick_is_possible() -> None:
    """Bid below ask, positive and whole sizes, trades at the quote in force, time in order."""
    quotes: dict[str, Quote] = {}
    last = START
    market = Simulator(1)
    market.plan(plan_of(60, rate=2000))
    for tick in [*market.draw(START + STEP_MS), *run(market, 60)]:
        assert last <= tick.ts_event <= START + 60_000
        last = tick.ts_event
        if isinstance(tick, Quote):
            assert tick != quotes.get(tick.symbol)
            assert tick.bid_size % 100 == tick.ask_size % 100 == 0
            quotes[tick.symbol] = tick
        else:
            quote = quotes[tick.symbol]
            price = quote.ask_ticks if tick.side is Side.BUY else quote.bid_ticks
            assert (tick.price_ticks, tick.size % 100) == (price, 0)


def test_no_quote_repeats_the_one_before_it() -> None:
    quotes: dict[str, Quote] = {}
    for tick in run(simulator(plan_of(2, rate=2000)), 20):
        if isinstance(tick, Quote):
            before = quotes.get(tick.symbol)
            same = before and msgspec.structs.replace(before, ts_event=tick.ts_event) == tick
            assert not same
            quotes[tick.symbol] = tick


@pytest.mark.parametrize(
    ("number", "rate", "seconds"), [(60, 200, 120), (500, 2000, 30), (20, 40, 240), (60, 5000, 30)]
)
def test_the_rate_is_met(number: int, rate: float, seconds: int) -> None:
    ticks = run(simulator(plan_of(number, rate=rate)), seconds)
    assert abs(len(ticks) / seconds / rate - 1) < 0.08


def test_a_new_rate_is_met_at_once() -> None:
    market = simulator(plan_of(60, rate=200))
    run(market, 5)
    market.plan(plan_of(60, rate=2000))
    assert 0.85 < len(run(market, 10, start=START + 5000)) / 20_000 < 1.15


def test_ticks_follow_activity() -> None:
    ticks = run(simulator(plan_of(20, rate=2000)), 60)
    heavy = max(definitions(20), key=lambda one: one.activity)
    light = min(definitions(20), key=lambda one: one.activity)
    expected = heavy.activity / light.activity
    assert 0.6 < len(of(ticks, heavy.symbol)) / len(of(ticks, light.symbol)) / expected < 1.6


def test_after_a_gap_it_makes_up_for_a_second_and_no_more() -> None:
    market = simulator(plan_of())
    run(market, 1)
    ticks = market.draw(START + 3_601_000)
    assert market.skipped_steps == 3_600_000 // STEP_MS - CATCH_UP_STEPS
    assert min(tick.ts_event for tick in ticks) >= START + 3_600_000


def test_a_clock_that_goes_back_makes_no_tick_twice() -> None:
    market = simulator(plan_of())
    run(market, 2)
    assert market.draw(START + 1000) == []
    assert run(market, 1, start=START + 2000) != []


def test_an_empty_feed_is_silent() -> None:
    assert run(simulator(plan_of(0)), 1) == []


@pytest.fixture(scope="module")
def minutes() -> np.ndarray:
    """Log mid returns per second of 16 instruments over 15 minutes, a row each."""
    market = simulator(plan_of(16, rate=160))
    places = {one.symbol: place for place, one in enumerate(definitions(16))}
    prices = np.array([float(one.reference_ticks) for one in definitions(16)])
    rows = []
    for second in range(1, 901):
        for now in (START + second * 1000 - 500, START + second * 1000):
            for tick in market.draw(now):
                if isinstance(tick, Quote):
                    prices[places[tick.symbol]] = (tick.bid_ticks + tick.ask_ticks) / 2
        rows.append(np.log(prices))
    return np.diff(np.array(rows), axis=0).T


def test_returns_have_fat_tails(minutes: np.ndarray) -> None:
    standard = minutes / minutes.std(axis=1, keepdims=True)
    assert np.median((standard**4).mean(axis=1) - 3) > 2


def test_volatility_clusters(minutes: np.ndarray) -> None:
    sizes = np.abs(minutes) - np.abs(minutes).mean(axis=1, keepdims=True)
    correlation = (sizes[:, 5:] * sizes[:, :-5]).mean(axis=1) / sizes.var(axis=1)
    assert np.median(correlation) > 0.03


def test_instruments_move_together_and_sectors_more_so(minutes: np.ndarray) -> None:
    slow = minutes[:, :890].reshape(16, -1, 10).sum(axis=2)
    correlation = np.corrcoef(slow)
    sectors = np.array([one.sector for one in definitions(16)])
    same = (sectors[:, None] == sectors) & ~np.eye(16, dtype=bool)
    other = sectors[:, None] != sectors
    assert correlation[same].mean() > correlation[other].mean() > 0.05


def test_arrivals_come_in_bursts() -> None:
    ticks = run(simulator(plan_of(20, rate=100)), 200)
    busiest = max(definitions(20), key=lambda one: one.activity).symbol
    counts = np.bincount([(tick.ts_event - START) // 5_000 for tick in of(ticks, busiest)])
    assert counts.var() / counts.mean() > 1.5


def test_trades_happen_at_both_sides() -> None:
    sides = [tick.side for tick in WHOLE if isinstance(tick, Trade)]
    assert 0.3 < sides.count(Side.BUY) / len(sides) < 0.7
