"""A simulated exchange: prices that move together, ticks in bursts, from a seed and nothing else.

Pure. Must not know phases, positions or who reads. Called by engine as a Source. What is drawn for
an instrument in a step depends on the seed, its symbol and the step alone, so adding, removing or
halting one never shifts another. The recipe: log price = market + sector + own part, each with
Student-t(5) shocks whose log-volatility is the sum of three Ornstein-Uhlenbeck processes; ticks
come in bursts (self-exciting Poisson); trades are at the bid or the ask.
"""

from typing import Final

import numpy as np

from feeds.events import Quote, Side, Tick, Trade
from feeds.instruments import Definition
from feeds.plans import FeedPlan
from feeds.randomness import (
    LN2,
    Floats,
    Whole,
    Words,
    draws,
    exp_of,
    key_of,
    log_of,
    normal_of,
    poisson_of,
    student_of,
)

STEP_MS: Final = 50
CATCH_UP_STEPS: Final = 20
"""At most one second is made up for at once; what was missed before that did not happen."""
CHUNK_ELEMENTS: Final = 4096
"""Random numbers are drawn for several steps together, as numpy is fast on long arrays, but for no
more components x steps than this: a longer chunk would stall the loop that also serves browsers."""
DAY_S: Final = 1800.0
"""A trading day of 6.5 hours passes in half an hour, so that a demo always moves."""
TIME_SCALE: Final = 6.5 * 3600 / DAY_S
MARKET_SHARE: Final = 0.51
SECTOR_SHARE: Final = 0.38
OWN_SHARE: Final = float(np.sqrt(1 - MARKET_SHARE * MARKET_SHARE - SECTOR_SHARE * SECTOR_SHARE))
"""Shares of an instrument's volatility, as 0.8 to 0.6 to 1.2 %; their squares add up to 1."""
HALF_LIVES_S: Final = np.array([120.0, 1800.0, 3 * 6.5 * 3600.0])[:, None] / TIME_SCALE
"""Of the three volatility processes: 2 minutes, 30 minutes and 3 days of market time."""
VOLATILITY_SD: Final = 0.45
COMMON_VOLATILITY_SD: Final = 0.2
"""Of each process, of instruments and of what they share: at 0.45 the market may sleep for hours,
and nothing moves together."""
BRANCHING: Final = 0.5
"""Ticks that a tick brings about, on average; below 1, or the market would explode."""
MEMORY_S: Final = 2.0
"""Half-life of a burst."""
JUMPS_PER_DAY: Final = 0.6
JUMP_SCALE: Final = 0.3
"""Laplace scale of a jump, as a part of the instrument's daily volatility."""
JUMP_BURST: Final = 5.0
"""Ticks that a jump brings about, as a multiple of the mean, until they are forgotten."""
SPREAD_STEPS: Final = 5.0
"""The spread is this many standard deviations of a step's return: 3 to 5 hundredths of a percent
in quiet times at a daily volatility of 2 %, and several times that in wild ones."""
RATE_SLACK: Final = 0.05
"""Instruments may come and go without changing the others' ticks while the rate is this near."""
TRADE_SHARE: Final = 0.3
LOT: Final = 100
MAX_LOTS: Final = 500.0
FARTHEST: Final = 3.0
"""Log prices stay within e^3 of where they began, so that no price leaves the grid for good."""

_STEP_S: Final = STEP_MS / 1000
_DECAY: Final = exp_of(-LN2 * _STEP_S / HALF_LIVES_S)
_KICK: Final = np.sqrt(1 - _DECAY * _DECAY)
_BURSTS: Final = JUMPS_PER_DAY / DAY_S * JUMP_BURST * MEMORY_S / LN2
_BASE: Final = 1 - BRANCHING - _BURSTS
"""What comes of itself: the rest is brought about by ticks, and by jumps."""
_FORGET: Final = float(exp_of(np.float64(-LN2 * _STEP_S / MEMORY_S)))  # type: ignore[arg-type]
_DIFFUSION: Final = float(np.sqrt(1 - 2 * JUMP_SCALE * JUMP_SCALE * JUMPS_PER_DAY))
"""What the jumps leave of the volatility to the shocks."""
_SHOCKS, _VOLATILITIES, _START, _EVENTS = range(4)


class _Paths:
    """State of the components, one column each: the market and its sectors, then instruments.

    Excitement is in multiples of an instrument's mean; at rest it is BRANCHING, so that the rate
    is met from the first step on.
    """

    def __init__(self, seed: int, shared: list[str], own: list[str]) -> None:
        names = shared + own
        words = [key_of(seed, name) for name in names]
        low, high = (np.array([word[i] for word in words], dtype=np.uint64) for i in (0, 1))
        self.names = names
        self.keys: tuple[Words, Words] = (low, high)
        start = draws(self.keys, np.uint64(0), 0, _START)
        self._sd = np.repeat([COMMON_VOLATILITY_SD, VOLATILITY_SD], [len(shared), len(own)])
        self.logs = self._sd * normal_of(np.stack(start[:3]))
        self.excitement = np.full(len(names), BRANCHING)
        self.drift = np.zeros(len(names))
        self._chunk_steps = min(32, max(1, CHUNK_ELEMENTS // max(1, len(names))))
        self._chunk = -1

    def keep(self, former: "_Paths", fresh: set[str]) -> None:
        """Take over the state of components that were there before and are not fresh."""
        places = {name: place for place, name in enumerate(former.names) if name not in fresh}
        here = [place for place, name in enumerate(self.names) if name in places]
        there = [places[self.names[place]] for place in here]
        self.logs[:, here] = former.logs[:, there]
        self.excitement[here] = former.excitement[there]
        self.drift[here] = former.drift[there]

    def advance(self, step: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Return levels of volatility (1 in the mean square), shocks of that level, jumps and
        uniforms of a step, and move the volatilities."""
        self._draw(step // self._chunk_steps)
        row = step % self._chunk_steps
        self.logs = self.logs * _DECAY + _KICK * self._kicks[:, row]
        level = exp_of(self.logs.sum(axis=0) - 3 * self._sd * self._sd)
        return level, self._shocks[row] * level, self._jumps[row], self._uniforms[row]

    def _draw(self, chunk: int) -> None:
        if chunk == self._chunk:
            return
        self._chunk, size = chunk, self._chunk_steps
        steps = np.arange(chunk * size, (chunk + 1) * size, dtype=np.uint64)[:, None]
        a, b, u, v = draws(self.keys, steps, 0, _SHOCKS)
        self._shocks = student_of(normal_of(a), normal_of(b), u, v)
        c, d, e, self._uniforms = draws(self.keys, steps, 0, _VOLATILITIES)
        self._kicks = self._sd * normal_of(np.stack([c, d, e]))
        laplace = np.where(b < 0.5, log_of(v), -log_of(v))
        self._jumps = np.where(u < JUMPS_PER_DAY * _STEP_S / DAY_S, JUMP_SCALE * laplace, 0.0)


class _Quoted:
    """The quote in force of one instrument; a bid of 0 means that there was none yet."""

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
        self._origins: dict[str, Definition] = {}
        self._paths = _Paths(seed, [], [])
        self._quoted: dict[str, _Quoted] = {}

    def plan(self, plan: FeedPlan) -> None:
        """Take definitions and rate in ticks per second; instruments that stay keep their path.

        A new reference price is for those who begin: a path goes on where it is. On a new tick
        size the instrument begins again.
        """
        definitions = plan.definitions
        self._pace, self._rate = self._pace_of(plan), plan.rate
        origins = {one.symbol: self._origin_of(one) for one in definitions}
        fresh = {name for name, one in origins.items() if one is not self._origins.get(name)}
        self._quoted = {s: _Quoted() if s in fresh else self._quoted[s] for s in origins}
        self._origins, self._symbols = origins, list(origins)
        former, sectors = self._paths, sorted({one.sector for one in definitions})
        shared = ["market", *(f"sector {name}" for name in sectors)]
        self._paths = _Paths(self._seed, shared, self._symbols)
        self._paths.keep(former, fresh)
        self._first = len(shared)
        self._sector = np.array([1 + sectors.index(one.sector) for one in definitions], dtype=int)
        self._reference = np.array([float(one.reference_ticks) for one in origins.values()])
        self._daily = np.array([one.volatility for one in definitions])
        self._sigma = self._daily * np.sqrt(_STEP_S / DAY_S)
        self._means = np.array([one.activity for one in definitions]) * self._pace * _STEP_S

    def draw(self, now_ms: int) -> list[Tick]:
        """Return the ticks of every whole step up to now, in time order."""
        end = now_ms // STEP_MS
        start = end - 1 if self._next is None else self._next
        if end - start > CATCH_UP_STEPS:
            self.skipped_steps += end - start - CATCH_UP_STEPS
            start = end - CATCH_UP_STEPS
        if start - end > CATCH_UP_STEPS:  # the clock was set back: go on from where it is now
            start = end
        self._next = max(start, end)
        ticks: list[Tick] = []
        if self._origins:
            for step in range(start, end):
                self._step(step, ticks)
        return ticks

    def _pace_of(self, plan: FeedPlan) -> float:
        """Return ticks per second and activity: the former while it gives about the rate."""
        pace = plan.rate / (sum(one.activity for one in plan.definitions) or 1.0)
        is_near = abs(self._pace - pace) <= RATE_SLACK * pace
        return self._pace if is_near and plan.rate == self._rate else pace

    def _origin_of(self, definition: Definition) -> Definition:
        """Return what the instrument began as: its path counts from there."""
        former = self._origins.get(definition.symbol, definition)
        return former if former.tick_size == definition.tick_size else definition

    def _step(self, step: int, ticks: list[Tick]) -> None:
        paths, first, sector = self._paths, self._first, self._sector
        levels, shocks, jumps, uniforms = paths.advance(step)
        move = MARKET_SHARE * shocks[0] + SECTOR_SHARE * shocks[sector] + OWN_SHARE * shocks[first:]
        move = _DIFFUSION * self._sigma * move + self._daily * jumps[first:]
        paths.drift[first:] = np.clip(paths.drift[first:] + move, -FARTHEST, FARTHEST)
        excitement = paths.excitement[first:] + JUMP_BURST * (jumps[first:] != 0)
        counts = poisson_of(uniforms[first:], self._means * (_BASE + excitement))
        echo = BRANCHING * (1 - _FORGET) * counts / self._means
        paths.excitement[first:] = excitement * _FORGET + echo
        busy = np.flatnonzero(counts)
        if busy.size:
            heat = _heat_of(levels[0], levels[sector[busy]], levels[first + busy])
            self._happen(step, busy, counts[busy], heat, ticks)

    def _happen(
        self, step: int, busy: Whole, counts: Whole, heat: Floats, ticks: list[Tick]
    ) -> None:
        """Turn counts into quotes and trades, in time order; `heat` is volatility now / usual."""
        numbers = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        low, high = (np.repeat(word[self._first + busy], counts) for word in self._paths.keys)
        when, kind, *sizes = draws((low, high), np.uint64(step), numbers, _EVENTS)
        middles = self._reference[busy] * exp_of(self._paths.drift[self._first + busy])
        widths = np.maximum(1.0, np.rint(middles * self._sigma[busy] * heat * SPREAD_STEPS))
        times = step * STEP_MS + (when * STEP_MS).astype(np.int64)
        same = (np.repeat(one, counts) for one in (busy, middles, widths.astype(np.int64)))
        lots = (_lots(size, np.repeat(heat, counts)) for size in sizes)
        order = np.lexsort((numbers, low, times))
        rows = zip(*(one[order].tolist() for one in (times, kind, *same, *lots)), strict=True)
        for at, chance, place, middle, width, bid_size, ask_size in rows:
            symbol = self._symbols[place]
            quoted = self._quoted[symbol]
            if chance < TRADE_SHARE and quoted.bid:
                ticks.append(_trade_at(symbol, quoted, chance / TRADE_SHARE, middle, bid_size, at))
            else:
                ticks.append(_requote(symbol, quoted, middle, width, bid_size, ask_size, at))


def _heat_of(market: Floats, sector: Floats, own: Floats) -> Floats:
    """Return an instrument's volatility as a multiple of the usual, from levels of its parts."""
    parts = (MARKET_SHARE * market, SECTOR_SHARE * sector, OWN_SHARE * own)
    return np.sqrt(sum(part * part for part in parts))


def _lots(u: Floats, heat: Floats) -> Whole:
    """Return log-normal sizes in whole lots; more is traded when prices move more."""
    lots = heat * exp_of(1.3 + 0.9 * normal_of(u))
    return np.rint(np.clip(lots, 1.0, MAX_LOTS)).astype(np.int64) * LOT


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
