"""Twenty days of the simulated market look like a real one; the usual generators do not."""

from collections.abc import Callable, Iterator
from math import inf
from operator import gt, lt

import numpy as np
import pytest

from feeds.engine.virtual_clock import START_MS, demo_plan, tape_of
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.board import Board
from feeds.market.events import Batch, Phase, Quote, Side, Status, Trade
from feeds.market.instruments import Definition
from feeds.plan.schedules import Segment
from feeds.realism.collector import TradeCollector
from feeds.simulator.demo_exchange import definitions
from tests.support.demo_market import CALENDAR, INSTRUMENTS

pytestmark = pytest.mark.slow

DAYS = 20
DAY_MINUTES = 5
"""A day is six times as short as in a demo, and has half as many ticks again for each instrument.
With only ten days a single calm or wild day of the market would decide about the kurtosis."""
RATE = 480.0
MARKET = range(1, 13)
SIZES = set(range(100, 1_000_001, 100))
"""Whole lots."""


def tape(seed: int) -> Iterator[Batch]:
    plan = demo_plan(
        CALENDAR, seed=seed, rate=RATE, instruments=INSTRUMENTS, day_ms=DAY_MINUTES * MINUTE_MS
    )
    return tape_of(plan, DAYS * DAY_MINUTES * 60)


def watch() -> TradeCollector:
    return TradeCollector({company.symbol: company.sector for company in definitions(INSTRUMENTS)})


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_twenty_days_look_like_a_real_market_and_nothing_impossible_happens(seed: int) -> None:
    """Facts 1 to 12 by the median over symbols; fact 13, that ticks are possible, on every tick."""
    seen, inspector = watch(), Inspector(definitions(INSTRUMENTS))
    for batch in tape(seed):
        inspector.inspect(batch)
        seen.observe(inspector.continuous(batch))
    findings = seen.sample().certificate()
    assert [finding.number for finding in findings] == list(MARKET)
    assert [finding for finding in findings if not finding.is_met] == []
    assert inspector.ticks > 2_000_000


class Inspector:
    """Check every event of a tape: what no market can do must not happen."""

    def __init__(self, listed: tuple[Definition, ...]) -> None:
        self.ticks = 0
        self._board = Board()
        self._volumes: dict[str, int] = {definition.symbol: 0 for definition in listed}
        self._phases: dict[str, Phase] = {}
        self._next = 1

    def inspect(self, batch: Batch) -> None:
        assert batch.first == self._next
        self._next = batch.last + 1
        for sequence, event in enumerate(batch.events, batch.first):
            self._board.apply(sequence, event)
            match event:
                case Quote():
                    self._inspect_quote(event)
                case Trade():
                    self._inspect_trade(event)
                case Status(symbol=symbol, phase=phase):
                    self._phases[symbol] = phase

    def continuous(self, batch: Batch) -> Iterator[Trade]:
        """Return the trades of continuous trading: that of an auction stands for many."""
        for event in batch.events:
            if isinstance(event, Trade):
                passed_ms = event.exchange_ms % DAY_MS
                day = CALENDAR.day(0)
                begin, end = (
                    day.starts_ms[segment] % DAY_MS
                    for segment in (Segment.CONTINUOUS, Segment.CLOSING_AUCTION)
                )
                if begin < passed_ms < end:
                    yield event

    def _inspect_quote(self, quote: Quote) -> None:
        self.ticks += 1
        assert 0 < quote.bid_ticks < quote.ask_ticks
        bids, asks = quote.bids[::2], quote.asks[::2]
        assert all(map(gt, (quote.bid_ticks, *bids), (*bids, 0)))
        assert all(map(lt, (quote.ask_ticks, *asks), (*asks, inf)))
        sizes = {quote.bid_size, quote.ask_size, *quote.bids[1::2], *quote.asks[1::2]}
        assert sizes <= SIZES

    def _inspect_trade(self, trade: Trade) -> None:
        self.ticks += 1
        row = self._board.rows[trade.symbol]
        last, bid, ask, _, _, opened, high, low, _, volume, *_ = row.values
        assert self._phases[trade.symbol] in (Phase.OPEN, Phase.AUCTION)
        assert trade.size > 0
        assert trade.size % 100 == 0
        assert isinstance(volume, int)
        assert low <= min(opened, last) <= max(opened, last) <= high  # type: ignore[type-var, operator]
        if self._phases[trade.symbol] is Phase.OPEN and bid is not None:
            assert bid <= trade.price_ticks <= ask  # type: ignore[operator]
        before = self._volumes[trade.symbol]
        assert volume in (before + trade.size, trade.size)
        self._volumes[trade.symbol] = volume


# --- the usual generators ---------------------------------------------------------------------
STEPS = 4_620
"""Of five seconds, in a day of 385 minutes."""


def bounded_walk(random: np.random.Generator) -> np.ndarray:
    """As the demo of a well-known push server: steps of up to 2 %, drawn back at the edges."""
    price, prices = 100.0, np.empty(STEPS)
    for step, u in enumerate(random.random(STEPS)):
        limit = 0.02 * 100
        up = 0.5 if 50 < price < 150 else float(price < 100)
        move = u * limit * (1 if random.random() < up else -1)
        price = max(1.0, price + move / 10)
        prices[step] = price
    return prices


def mock(random: np.random.Generator) -> np.ndarray:
    """One hundredth of a percent up or down, every time."""
    return 100 * np.exp(np.cumsum(np.where(random.random(STEPS) < 0.5, 1e-4, -1e-4)))


def brownian(random: np.random.Generator) -> np.ndarray:
    """Geometric Brownian motion of 2 % a day."""
    return 100 * np.exp(np.cumsum(random.normal(0, 0.02 / STEPS**0.5, STEPS)))


@pytest.mark.parametrize("generator", [bounded_walk, mock, brownian])
def test_the_usual_generators_fail(generator: Callable[[np.random.Generator], np.ndarray]) -> None:
    """A test of the tests: the statistics tell a market from coin flips."""
    random, seen = np.random.default_rng(1), watch()
    for company in definitions(INSTRUMENTS):
        for day in range(DAYS // 2):
            begin = START_MS + day * DAY_MS
            seen.observe(
                Trade(
                    company.symbol, round(price * 100), 100 * size, Side.BUY, begin + 5_000 * step
                )
                for step, (price, size) in enumerate(
                    zip(generator(random), random.integers(1, 9, STEPS).tolist(), strict=True)
                )
            )
    failed = {finding.number for finding in seen.sample().certificate() if not finding.is_met}
    assert failed >= {2, 4, 5, 8, 9, 12}
