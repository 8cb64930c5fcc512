"""Simulated history: bars of a minute from before the first day of a feed, from a seed.

Pure. Must not know rows. Model and parameters are those of the simulator, in steps of a minute. The
bars of an instrument depend only on the seed, its definition and the days. The path is shifted so
that it ends at the reference price, where the feed begins.
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
from feeds.simulator.quotes import LOT
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
    OVERNIGHT_SHARE,
    OWN_SHARE,
    SECTOR_SHARE,
)

DAYS: Final = 30
"""Trading days of history."""
TRADES_PER_MINUTE: Final = 8.0
"""For an instrument of activity 1: about what sixty have at 200 ticks/s in compressed days."""
LOTS_MU: Final = 1.3
LOTS_SD: Final = 0.9
"""Mean and standard deviation of the logarithm of a trade's size in lots."""
KEPT: Final = 256
"""Instruments whose history stays in the cache: up to 2.5 MB each, round the clock."""
_SHOCKS, _VOLATILITIES, _EXTREMES, _VOLUMES = range(10, 14)
Days = tuple[TradingDay, ...]


class HistoryBars:
    """The history of an instrument: columns of one-minute bars, and of bars merged from them."""

    def __init__(self, columns: tuple[Whole, ...]) -> None:
        self._columns = {MINUTE: columns}

    @property
    def end_ms(self) -> int:
        """Return the end of the last minute (exchange time, UTC ms), 0 without bars."""
        starts = self._columns[MINUTE][0]
        return int(starts[-1]) + MINUTE_MS if starts.size else 0

    def between(self, level: int, from_ms: int, to_ms: int, limit: int) -> list[Bar]:
        """Return the newest `limit` bars of a level that begin in [from, to); 1m is the finest."""
        columns = self._at(level)
        first, end = np.searchsorted(columns[0], [from_ms, to_ms])
        first = max(int(first), int(end) - limit)
        return [
            Bar(*row)
            for row in zip(*(column[first:end].tolist() for column in columns), strict=True)
        ]

    def _at(self, level: int) -> tuple[Whole, ...]:
        if level not in self._columns:
            self._columns[level] = _merge(self._columns[MINUTE], SPANS[level])
        return self._columns[level]


@lru_cache(maxsize=KEPT)
def history_bars(seed: int, definition: Definition, days: Days) -> HistoryBars:
    """Return the history of an instrument on these trading days, ending at its reference price."""
    starts, elapsed, is_first = _minutes(days)
    if not starts.size:
        return HistoryBars(tuple(np.zeros((7, 0), dtype=np.int64)))
    symbol, size = definition.symbol, starts.size
    # Names of components are part of the seed: another name is another history.
    shared = _component(seed, "history market", size, is_own=False)
    sector = _component(seed, f"history sector {definition.sector}", size, is_own=False)
    own = _component(seed, f"history {symbol}", size, is_own=True)
    parts = zip((MARKET_SHARE, SECTOR_SHARE, OWN_SHARE), (shared, sector, own), strict=True)
    shares = [(share * level, share * level * shock) for share, (level, shock) in parts]
    volatility_ratio = np.sqrt(sum(level * level for level, _ in shares))
    volatility, activity = profiles_over(elapsed)
    # The daily volatility is spread over the mean number of minutes in a day.
    sd = definition.volatility * volatility / np.sqrt(size / len(days))
    moves = sd * sum(shock for _, shock in shares)
    gaps, jumps = _leaps(seed, symbol, is_first)
    opens, closes = _path(moves + definition.volatility * jumps, definition.volatility * gaps)
    counts, volumes = _volumes(seed, definition, activity * volatility_ratio, jumps != 0)
    highs, lows = _extremes(seed, symbol, opens, closes, sd * volatility_ratio)
    prices = _on_grid((opens, highs, lows, closes), closes[-1], definition.reference_ticks)
    return HistoryBars(_traded(starts, prices, volumes, counts))


def _minutes(days: Days) -> tuple[Whole, Floats, Whole]:
    """Return for each minute its start, the share of its day passed, and 1 for a day's first."""
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


# Cached, because all instruments share the component of the market and many that of a sector.
@lru_cache(maxsize=KEPT)
def _component(seed: int, name: str, size: int, *, is_own: bool) -> tuple[Floats, Floats]:
    """Return volatilities (1 in the mean square) and shocks of unit variance, by minute."""
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
    """Return overnight gaps before minutes and jumps within them, in daily volatilities."""
    size = is_first.size
    u, v, a, b = _draws(seed, f"leaps {symbol}", size, _SHOCKS)
    common, _, _, _ = _draws(seed, "leaps market", size, _SHOCKS)
    gap = MARKET_SHARE * normal_of(common) + np.sqrt(1 - MARKET_SHARE**2) * normal_of(a)
    gaps = np.where(is_first == 1, OVERNIGHT_SHARE * gap, 0.0)
    per_minute = JUMPS_PER_DAY * is_first.sum() / size
    laplace = np.where(b < 0.5, log_of(v), -log_of(v))
    return gaps, np.where(u < per_minute, JUMP_SCALE * laplace, 0.0)


def _path(moves: Floats, gaps: Floats) -> tuple[Floats, Floats]:
    """Return the log prices at the start and at the end of each minute."""
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
    seed: int, definition: Definition, volatility_ratio: Floats, is_burst: Whole
) -> tuple[Whole, Whole]:
    """Return trades and shares of each minute; both grow with the volatility."""
    u, v, _, _ = _draws(seed, f"volumes {definition.symbol}", volatility_ratio.size, _VOLUMES)
    mean = TRADES_PER_MINUTE * definition.activity * volatility_ratio * np.where(is_burst, 5.0, 1.0)
    counts = poisson_of(u, mean)
    # The mean of n sizes varies less than a single size, by the square root of n.
    spread = LOTS_SD / np.sqrt(np.maximum(1, counts))
    lots = counts * volatility_ratio * exp_of(LOTS_MU + spread * normal_of(v))
    return counts, np.maximum(counts, np.rint(np.minimum(lots, 1e12)).astype(np.int64)) * LOT


def _on_grid(logs: tuple[Floats, ...], last: float, reference: int) -> list[Whole]:
    """Return prices in ticks, 1 or more, scaled so that the last close is the reference price."""
    factors = (exp_of(np.clip(log - last, -20.0, 20.0)) for log in logs)
    return [np.maximum(1, np.rint(reference * factor)).astype(np.int64) for factor in factors]


def _traded(
    starts: Whole, prices: Sequence[Whole], volumes: Whole, counts: Whole
) -> tuple[Whole, ...]:
    """Return the columns of minutes with trades, and of the last minute in any case."""
    opens, highs, lows, closes = prices
    # A bar of a single trade has a single price.
    opens, highs, lows = (np.where(counts == 1, closes, price) for price in (opens, highs, lows))
    kept = counts > 0
    # The last close is the reference price of the feed, so the last minute must have a bar.
    kept[-1] = True
    counts, volumes = np.maximum(1, counts), np.maximum(LOT, volumes)
    return tuple(column[kept] for column in (starts, opens, highs, lows, closes, volumes, counts))


def _merge(columns: tuple[Whole, ...], span_ms: int) -> tuple[Whole, ...]:
    """Return the columns of coarser bars."""
    starts, opens, highs, lows, closes, volumes, counts = columns
    if not starts.size:
        return columns
    # `of` is the start of the coarse bar of each minute; minutes are in order, so that each coarse
    # bar is a slice from `first` to `last`.
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
