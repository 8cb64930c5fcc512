"""The past that a feed never had: bars of minutes before its first day, from a seed.

Pure. Must not know rows, or who asks. The recipe and its figures are the simulator's, at steps of a
minute. What is drawn for an instrument depends on the seed, its definition and the days alone; the
path is shifted so that it ends at the reference price, where the feed begins.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import log2
from typing import Final

import numpy as np

from feeds.market.bars import MINUTE, MINUTE_MS, SPANS, Bar
from feeds.market.instruments import Definition
from feeds.plan.schedules import Segment, TradingDay
from feeds.simulator.intraday import profiles_over
from feeds.simulator.paths import COMMON_SDS, HALF_LIVES_MIN, JUMP_SCALE, OWN_SDS
from feeds.simulator.randomness import (
    LN2,
    Floats,
    Whole,
    draws,
    exp_of,
    key_of,
    log_of,
    normal_of,
    poisson_of,
    student_of,
)
from feeds.simulator.simulator import (
    JUMPS_PER_DAY,
    MARKET_SHARE,
    NIGHT_SHARE,
    OWN_SHARE,
    SECTOR_SHARE,
)

DAYS: Final = 30
"""Trading days of history."""
TRADES_PER_MINUTE: Final = 8.0
"""Of an instrument of activity 1; about what 200 ticks/s make of sixty in compressed days."""
LOT: Final = 100
LOTS_MU: Final = 1.3
LOTS_SD: Final = 0.9
"""Of the logarithm of a trade's size in lots."""
KEPT: Final = 256
"""Instruments whose history is kept once it was asked for: up to 2.5 MB each round the clock."""
_SHOCKS, _VOLATILITIES, _EXTREMES, _VOLUMES = range(10, 14)
Days = tuple[TradingDay, ...]


class HistoryBars:
    """The history of one instrument: the columns of bars of minutes, and those merged of them."""

    def __init__(self, columns: tuple[Whole, ...]) -> None:
        self._columns = {MINUTE: columns}

    @property
    def end_ms(self) -> int:
        """Return when the last minute ends, 0 without one."""
        starts = self._columns[MINUTE][0]
        return int(starts[-1]) + MINUTE_MS if starts.size else 0

    def between(self, level: int, from_ms: int, to_ms: int, limit: int) -> list[Bar]:
        """Return the newest `limit` bars of minutes or more that begin in [from, to)."""
        columns = self._at(level)
        first, end = np.searchsorted(columns[0], [from_ms, to_ms])
        first = max(int(first), int(end) - limit)
        return [
            Bar(*row) for row in zip(*(one[first:end].tolist() for one in columns), strict=True)
        ]

    def _at(self, level: int) -> tuple[Whole, ...]:
        if level not in self._columns:
            self._columns[level] = _merge(self._columns[MINUTE], SPANS[level])
        return self._columns[level]


@lru_cache(maxsize=KEPT)
def history_bars(seed: int, definition: Definition, days: Days) -> HistoryBars:
    """Return the bars of these trading days, which end at the reference price."""
    starts, elapsed, is_first = _minutes(days)
    if not starts.size:
        return HistoryBars(tuple(np.zeros((7, 0), dtype=np.int64)))
    symbol, size = definition.symbol, starts.size
    shared = _component(seed, "history market", size, is_own=False)
    sector = _component(seed, f"history sector {definition.sector}", size, is_own=False)
    own = _component(seed, f"history {symbol}", size, is_own=True)
    parts = zip((MARKET_SHARE, SECTOR_SHARE, OWN_SHARE), (shared, sector, own), strict=True)
    shares = [(share * level, share * level * shock) for share, (level, shock) in parts]
    heat = np.sqrt(sum(level * level for level, _ in shares))
    volatility, activity = profiles_over(elapsed)
    sd = definition.volatility * volatility / np.sqrt(size / len(days))
    moves = sd * sum(shock for _, shock in shares)
    gaps, jumps = _leaps(seed, symbol, is_first)
    opens, closes = _path(moves + definition.volatility * jumps, definition.volatility * gaps)
    counts, volumes = _volumes(seed, definition, activity * heat, jumps != 0)
    highs, lows = _extremes(seed, symbol, opens, closes, sd * heat)
    prices = _on_grid((opens, highs, lows, closes), closes[-1], definition.reference_ticks)
    return HistoryBars(_traded(starts, prices, volumes, counts))


def _minutes(days: Days) -> tuple[Whole, Floats, Whole]:
    """Return when each minute begins, the part of its day gone by then, and the first of a day."""
    starts, elapsed, first = [], [], []
    for day in days:
        begin = day.starts_ms[Segment.CONTINUOUS]
        count = day.trading_ms // MINUTE_MS
        starts.append(begin + MINUTE_MS * np.arange(count, dtype=np.int64))
        elapsed.append((np.arange(count) + 0.5) / max(1, count))
        first.append((np.arange(count) == 0).astype(np.int64))
    if not days:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64)
    return np.concatenate(starts), np.concatenate(elapsed), np.concatenate(first)


@lru_cache(maxsize=KEPT)
def _component(seed: int, name: str, size: int, *, is_own: bool) -> tuple[Floats, Floats]:
    """Return levels of volatility (1 in the mean square) and shocks of unit variance."""
    a, b, u, v = _draws(seed, name, size, _SHOCKS)
    shocks = student_of(normal_of(a), normal_of(b), u, v)
    kicks = _draws(seed, name, size, _VOLATILITIES)
    lives, sds = HALF_LIVES_MIN[:, 0].tolist(), (OWN_SDS if is_own else COMMON_SDS).tolist()
    parts = zip(sds, kicks, lives, strict=False)
    logs = np.stack([sd * _smoothed(normal_of(kick), life) for sd, kick, life in parts])
    return exp_of(logs.sum(axis=0) - sum(sd * sd for sd in sds)), shocks


def _smoothed(kicks: Floats, half_life: float) -> Floats:
    """Return an Ornstein-Uhlenbeck process of unit variance: x[t] = a x[t-1] + sqrt(1-a²) k[t].

    The sum is doubled in length at each pass (Hillis and Steele 1986), which numpy does at once.
    """
    decay = float(exp_of(np.array(-LN2 / half_life)))
    process: Floats = kicks * np.sqrt(1 - decay * decay)
    process[0] = kicks[0]
    for power in range(int(log2(process.size)) + 1):
        span = 1 << power
        process[span:] = process[span:] + decay * process[:-span]
        decay = decay * decay
    return process


def _leaps(seed: int, symbol: str, is_first: Whole) -> tuple[Floats, Floats]:
    """Return gaps before minutes and jumps within them, in daily volatilities."""
    size = is_first.size
    u, v, a, b = _draws(seed, f"leaps {symbol}", size, _SHOCKS)
    common, _, _, _ = _draws(seed, "leaps market", size, _SHOCKS)
    gap = MARKET_SHARE * normal_of(common) + np.sqrt(1 - MARKET_SHARE**2) * normal_of(a)
    gaps = np.where(is_first == 1, NIGHT_SHARE * gap, 0.0)
    per_minute = JUMPS_PER_DAY * is_first.sum() / size
    laplace = np.where(b < 0.5, log_of(v), -log_of(v))
    return gaps, np.where(u < per_minute, JUMP_SCALE * laplace, 0.0)


def _path(moves: Floats, gaps: Floats) -> tuple[Floats, Floats]:
    """Return logarithms of the prices at which minutes begin and end."""
    closes = np.cumsum(moves + gaps)
    return closes - moves, closes


def _extremes(
    seed: int, symbol: str, opens: Floats, closes: Floats, sd: Floats
) -> tuple[Floats, Floats]:
    """Return the highest and lowest of each minute: those of a Brownian bridge between its ends.

    max = (x + sqrt(x² - 2 s² ln u)) / 2 for a bridge from 0 to x of variance s² (Karatzas and
    Shreve 1991, 4.3.40); half of that variance, as the rest is the bounce between bid and ask.
    """
    u, v, _, _ = _draws(seed, f"extremes {symbol}", opens.size, _EXTREMES)
    moves, variance = closes - opens, 0.5 * sd * sd
    up = 0.5 * (moves + np.sqrt(moves * moves - 2 * variance * log_of(u)))
    down = 0.5 * (moves - np.sqrt(moves * moves - 2 * variance * log_of(v)))
    return opens + up, opens + down


def _volumes(
    seed: int, definition: Definition, heat: Floats, is_burst: Whole
) -> tuple[Whole, Whole]:
    """Return trades and units of each minute: more are traded when prices move more."""
    u, v, _, _ = _draws(seed, f"volumes {definition.symbol}", heat.size, _VOLUMES)
    mean = TRADES_PER_MINUTE * definition.activity * heat * np.where(is_burst, 5.0, 1.0)
    counts = poisson_of(u, mean)
    spread = LOTS_SD / np.sqrt(np.maximum(1, counts))
    lots = counts * heat * exp_of(LOTS_MU + spread * normal_of(v))
    return counts, np.maximum(counts, np.rint(np.minimum(lots, 1e12)).astype(np.int64)) * LOT


def _on_grid(logs: tuple[Floats, ...], last: float, reference: int) -> list[Whole]:
    """Return prices in ticks, the last close being the reference; none leaves the grid."""
    factors = (exp_of(np.clip(one - last, -20.0, 20.0)) for one in logs)
    return [np.maximum(1, np.rint(reference * factor)).astype(np.int64) for factor in factors]


def _traded(
    starts: Whole, prices: Sequence[Whole], volumes: Whole, counts: Whole
) -> tuple[Whole, ...]:
    """Return the minutes that had trades, and the last one; a single trade has one price."""
    opens, highs, lows, closes = prices
    opens, highs, lows = (np.where(counts == 1, closes, one) for one in (opens, highs, lows))
    kept = counts > 0
    kept[-1] = True
    counts, volumes = np.maximum(1, counts), np.maximum(LOT, volumes)
    return tuple(one[kept] for one in (starts, opens, highs, lows, closes, volumes, counts))


def _merge(columns: tuple[Whole, ...], span_ms: int) -> tuple[Whole, ...]:
    """Return the columns of coarser bars."""
    starts, opens, highs, lows, closes, volumes, counts = columns
    if not starts.size:
        return columns
    of = starts - starts % span_ms
    first = np.flatnonzero(np.diff(of, prepend=of[0] - 1))
    last = np.append(first[1:], starts.size) - 1
    return (
        of[first],
        opens[first],
        np.maximum.reduceat(highs, first),
        np.minimum.reduceat(lows, first),
        closes[last],
        np.add.reduceat(volumes, first),
        np.add.reduceat(counts, first),
    )


def _draws(seed: int, name: str, size: int, purpose: int) -> tuple[Floats, ...]:
    low, high = (np.array([word], dtype=np.uint64) for word in key_of(seed, name))
    return draws((low, high), np.arange(size, dtype=np.uint64), 0, purpose)
