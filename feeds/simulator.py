"""A simulated exchange: prices that move together, ticks in bursts, from a seed and nothing else.

Pure. Must not know phases, positions or who reads. Called by engine as a Source. What is drawn for
an instrument in a step depends on the seed, its symbol and the step alone, so adding, removing or
halting one never shifts another. The recipe: log price = market + sector + own part, each with
Student-t(5) shocks whose log-volatility is the sum of three Ornstein-Uhlenbeck processes; ticks
come in bursts (self-exciting Poisson); trades are at the bid or the ask.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from feeds.events import Quote, Side, Tick, Trade
from feeds.plans import FeedPlan
from feeds.randomness import (
    Floats,
    Words,
    draws,
    exp_of,
    key_of,
    log_of,
    normal_of,
    poisson_of,
    student_of,
)

Whole = npt.NDArray[np.int64]

STEP_MS: Final = 50
CATCH_UP_STEPS: Final = 20
"""At most one second is made up for at once; what was missed before that did not happen."""
CHUNK: Final = 32
"""Steps whose random numbers are drawn together: numpy is fast on long arrays."""
DAY_S: Final = 1800.0
"""A trading day of 6.5 hours passes in half an hour, so that a demo always moves."""
TIME_SCALE: Final = 6.5 * 3600 / DAY_S
MARKET_SHARE: Final = 0.4
SECTOR_SHARE: Final = 0.3
OWN_SHARE: Final = (1 - MARKET_SHARE**2 - SECTOR_SHARE**2) ** 0.5
HALF_LIVES_S: Final = np.array([120.0, 1800.0, 3 * 6.5 * 3600.0])[:, None] / TIME_SCALE
"""Of the three volatility processes: 2 minutes, 30 minutes and 3 days of market time."""
VOLATILITY_SD: Final = 0.45
BRANCHING: Final = 0.55
"""Ticks that a tick brings about, on average; below 1, or the market would explode."""
MEMORY_S: Final = 4.0
JUMPS_PER_DAY: Final = 0.6
JUMP_SIZE: Final = 0.006
JUMP_BURST: Final = 6.0
TRADE_SHARE: Final = 0.3
LOT: Final = 100
MAX_LOTS: Final = 500.0
FARTHEST: Final = 3.0
"""Log prices stay within e^3 of the reference, so that no price leaves the grid for good."""

_STEP_S: Final = STEP_MS / 1000
_DECAY: Final = np.power(0.5, _STEP_S / HALF_LIVES_S)
_KICK: Final = VOLATILITY_SD * np.sqrt(1 - _DECAY * _DECAY)
_BASE: Final = 1 - BRANCHING - JUMPS_PER_DAY / DAY_S * JUMP_BURST * MEMORY_S / np.log(2)
"""What comes of itself: the rest is brought about by ticks, and by jumps."""
_FORGET: Final = 0.5 ** (_STEP_S / MEMORY_S)
_SHOCKS, _VOLATILITIES, _START, _EVENTS = range(4)


class _Paths:
    """State of the components (the market, its sectors, its instruments), one column each.

    Excitement is in multiples of an instrument's mean; at rest it is BRANCHING, so that the rate
    is met from the first step on.
    """

    def __init__(self, seed: int, names: list[str]) -> None:
        words = [key_of(seed, name) for name in names]
        low, high = (np.array([word[i] for word in words], dtype=np.uint64) for i in (0, 1))
        self.names = names
        self.keys: tuple[Words, Words] = (low, high)
        start = draws(self.keys, np.uint64(0), 0, _START)  # type: ignore[arg-type]
        self.logs = VOLATILITY_SD * normal_of(np.stack(start[:3]))
        self.excitement = np.full(len(names), BRANCHING)
        self.drift = np.zeros(len(names))
        self._chunk = -1

    def keep(self, former: "_Paths") -> None:
        """Take over the state of components that were there before."""
        places = {name: place for place, name in enumerate(former.names)}
        for place, name in enumerate(self.names):
            old = places.get(name)
            if old is not None:
                self.logs[:, place] = former.logs[:, old]
                self.excitement[place] = former.excitement[old]
                self.drift[place] = former.drift[old]

    def advance(self, step: int) -> tuple[Floats, Floats, Floats]:
        """Return unit-variance shocks, jumps and uniforms of a step, and move the volatilities."""
        self._draw(step // CHUNK)
        row = step % CHUNK
        self.logs = self.logs * _DECAY + _KICK * self._kicks[:, row]
        level = exp_of(self.logs.sum(axis=0) - 3 * VOLATILITY_SD**2)
        return self._shocks[row] * level, self._jumps[row], self._uniforms[row]

    def _draw(self, chunk: int) -> None:
        if chunk == self._chunk:
            return
        self._chunk = chunk
        steps = np.arange(chunk * CHUNK, (chunk + 1) * CHUNK, dtype=np.uint64)[:, None]
        a, b, u, v = draws(self.keys, steps, 0, _SHOCKS)
        self._shocks = student_of(normal_of(a), normal_of(b), u, v)
        c, d, e, self._uniforms = draws(self.keys, steps, 0, _VOLATILITIES)
        self._kicks = normal_of(np.stack([c, d, e]))
        chance = JUMPS_PER_DAY * _STEP_S / DAY_S
        size = -JUMP_SIZE * log_of(v)
        self._jumps = np.where(u < chance, np.where(b < 0.5, size, -size), 0.0)


class _Quoted:
    """The quote in force of one instrument."""

    __slots__ = ("ask", "ask_size", "bid", "bid_size")

    def __init__(self) -> None:
        self.bid = self.ask = self.bid_size = self.ask_size = 0


class Simulator:
    """Draw the ticks of one feed; `skipped_steps` counts steps of 50 ms that never happened."""

    def __init__(self, seed: int) -> None:
        self.skipped_steps = 0
        self._seed = seed
        self._rate = 0.0
        self._pace = 0.0
        self._next: int | None = None
        self._symbols: list[str] = []
        self._paths = _Paths(seed, [])
        self._quoted: dict[str, _Quoted] = {}

    def plan(self, plan: FeedPlan) -> None:
        """Take definitions and rate; instruments that stay keep their path.

        The rate is divided by activity when it is set; an instrument added later adds its share.
        """
        definitions = plan.definitions
        if plan.rate != self._rate or not self._symbols:
            self._rate = plan.rate
            self._pace = plan.rate / max(1e-9, sum(one.activity for one in definitions))
        former, sectors = self._paths, sorted({one.sector for one in definitions})
        self._symbols = [one.symbol for one in definitions]
        names = ["market", *(f"sector {name}" for name in sectors), *self._symbols]
        self._paths = _Paths(self._seed, names)
        self._paths.keep(former)
        self._quoted = {s: self._quoted.get(s) or _Quoted() for s in self._symbols}
        self._sector = np.array([1 + sectors.index(one.sector) for one in definitions], dtype=int)
        self._first = 1 + len(sectors)
        self._reference = np.array([float(one.reference_ticks) for one in definitions])
        self._sigma = np.array([one.volatility for one in definitions]) * (_STEP_S / DAY_S) ** 0.5
        self._means = np.array([one.activity for one in definitions]) * self._pace * _STEP_S

    def draw(self, now_ms: int) -> list[Tick]:
        """Return the ticks of every whole step up to now, in time order."""
        end = now_ms // STEP_MS
        start = end - 1 if self._next is None else self._next
        if end - start > CATCH_UP_STEPS:
            self.skipped_steps += end - start - CATCH_UP_STEPS
            start = end - CATCH_UP_STEPS
        self._next = max(start, end)
        ticks: list[Tick] = []
        if self._symbols:
            for step in range(start, end):
                self._step(step, ticks)
        return ticks

    def _step(self, step: int, ticks: list[Tick]) -> None:
        paths, first = self._paths, self._first
        shocks, jumps, uniforms = paths.advance(step)
        parts = (
            MARKET_SHARE * shocks[0]
            + SECTOR_SHARE * shocks[self._sector]
            + OWN_SHARE * shocks[first:]
        )
        drift = paths.drift[first:] + self._sigma * parts + jumps[first:]
        paths.drift[first:] = np.clip(drift, -FARTHEST, FARTHEST)
        excitement = paths.excitement[first:] + JUMP_BURST * (jumps[first:] != 0)
        counts = poisson_of(uniforms[first:], self._means * (_BASE + excitement))
        echo = BRANCHING * (1 - _FORGET) * counts / self._means
        paths.excitement[first:] = excitement * _FORGET + echo
        busy = np.flatnonzero(counts)
        if busy.size:
            self._trade(step, np.repeat(busy, counts[busy]), counts[busy], ticks)

    def _trade(self, step: int, places: Whole, counts: Whole, ticks: list[Tick]) -> None:
        """Turn counts into quotes and trades, in time order."""
        numbers = np.concatenate([np.arange(count) for count in counts])
        low, high = self._paths.keys
        keys = (low[places + self._first], high[places + self._first])
        when, kind, first_size, second_size = draws(keys, np.uint64(step), numbers, _EVENTS)  # type: ignore[arg-type]
        middles = self._reference[places] * exp_of(self._paths.drift[places + self._first])
        widths = np.maximum(1.0, np.rint(middles * self._sigma[places] * 4.0))
        times = step * STEP_MS + (when * STEP_MS).astype(np.int64)
        order = np.lexsort((numbers, low[places + self._first], times))
        sizes = _lots(first_size), _lots(second_size)
        columns = (places, times, kind, middles, widths.astype(np.int64), *sizes)
        rows = zip(*(column[order].tolist() for column in columns), strict=True)
        for place, at, chance, middle, width, bid_size, ask_size in rows:
            symbol = self._symbols[place]
            quoted = self._quoted[symbol]
            if chance < TRADE_SHARE and quoted.bid:
                ticks.append(_trade_at(symbol, quoted, chance / TRADE_SHARE, middle, bid_size, at))
            else:
                ticks.append(_requote(symbol, quoted, middle, width, bid_size, ask_size, at))


def _lots(u: Floats) -> Whole:
    """Return log-normal sizes in whole lots."""
    return np.rint(np.clip(exp_of(1.0 + 0.9 * normal_of(u)), 1.0, MAX_LOTS)).astype(np.int64) * LOT


def _trade_at(symbol: str, quoted: _Quoted, u: float, middle: float, size: int, at: int) -> Trade:
    """Trade at the ask when the market is worth more than the quote, rather than at the bid."""
    spread = quoted.ask - quoted.bid
    lean = (middle - (quoted.bid + quoted.ask) / 2) / (4.0 * spread)
    if u < min(0.9, max(0.1, 0.5 + lean)):
        return Trade(symbol, quoted.ask, size, Side.BUY, at)
    return Trade(symbol, quoted.bid, size, Side.SELL, at)


def _requote(
    symbol: str, quoted: _Quoted, middle: float, width: int, bid_size: int, ask_size: int, at: int
) -> Quote:
    """Quote around the middle; a quote that repeats the last one is made a lot larger."""
    bid = max(1, round(middle - width / 2))
    new = (bid, bid + width, bid_size, ask_size)
    if new == (quoted.bid, quoted.ask, quoted.bid_size, quoted.ask_size):
        new = (bid, bid + width, bid_size + LOT, ask_size)
    quoted.bid, quoted.ask, quoted.bid_size, quoted.ask_size = new
    return Quote(symbol, *new, at)
