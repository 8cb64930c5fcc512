"""Simulated history: bars of a minute from before the first day of a feed, from a seed.

Pure. Must not know rows. Model and parameters are those of the simulator, in steps of a minute. The
bars of an instrument depend only on the seed, its definition and what it is joined to. The path is
shifted so that it ends at the price where the feed begins.
"""

from functools import lru_cache
from math import log2
from typing import Final, NamedTuple

import numpy as np

from feeds.market.bars import MINUTE, MINUTE_MS, SPANS, Bar
from feeds.market.instruments import Definition
from feeds.plan.schedules import Segment, TradingDay
from feeds.simulator.intraday import AUCTION, CLOSING_SHARE, OPENING_SHARE, profiles_over
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
    DAY_SHARE,
    DIFFUSION,
    JUMPS_PER_DAY,
    MARKET_SHARE,
    OVERNIGHT_SHARE,
    OWN_SHARE,
    SECTOR_SHARE,
)

DAYS: Final = 30
"""Trading days of history."""
TRADES_PER_MINUTE: Final = 8.0
"""For an instrument of activity 1, where a feed does not say its own."""
LOTS_MU: Final = 1.3
LOTS_SD: Final = 0.9
"""Mean and standard deviation of the logarithm of a trade's size in lots."""
MEAN_LOTS: Final = 5.5
"""Mean size of a trade in lots: exp(LOTS_MU + LOTS_SD² / 2)."""
AUCTION_SD: Final = 0.3
"""Standard deviation of the logarithm of an auction's volume."""
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


class Join(NamedTuple):
    """What a history is joined to: where it ends, at which price (ticks), and how busy it is there.

    `end_ms` is in exchange time (UTC ms); None is the end of the last day. Without `last_ticks` it
    ends at the reference price. `trades_per_minute` are those of an instrument of activity 1.
    """

    end_ms: int | None = None
    last_ticks: int | None = None
    trades_per_minute: float = TRADES_PER_MINUTE


class _Minutes(NamedTuple):
    """The minutes of a history as columns: their starts, profile, and the volume of auctions.

    `is_first` is 1 in the first minute of a day. `auctions` are shares of a day's volume, and
    `is_close` marks the minute of a closing auction, which is a single trade.
    """

    starts: Whole
    volatility: Floats
    activity: Floats
    is_first: Whole
    auctions: Floats
    is_close: np.ndarray


AT_REFERENCE: Final = Join()
"""All days, up to the reference price."""


@lru_cache(maxsize=KEPT)
def history_bars(
    seed: int, definition: Definition, days: Days, join: Join = AT_REFERENCE
) -> HistoryBars:
    """Return the history of an instrument on these trading days, up to where it is joined."""
    minutes = _minutes(days)
    starts, is_first = minutes.starts, minutes.is_first
    if not starts.size:
        return HistoryBars(_NO_BARS)
    symbol, size = definition.symbol, starts.size
    # Names of components are part of the seed: another name is another history.
    shared = _component(seed, "history market", size, is_own=False)
    sector = _component(seed, f"history sector {definition.sector}", size, is_own=False)
    own = _component(seed, f"history {symbol}", size, is_own=True)
    parts = zip((MARKET_SHARE, SECTOR_SHARE, OWN_SHARE), (shared, sector, own), strict=True)
    shares = [(share * level, share * level * shock) for share, (level, _, shock) in parts]
    volatility_ratio = np.sqrt(sum(level * level for level, _ in shares))
    # The daily volatility is spread over the minutes of a usual day, as on the live market.
    day_minutes = max(day.trading_ms for day in days) / MINUTE_MS
    sd = DAY_SHARE * DIFFUSION * definition.volatility * minutes.volatility / np.sqrt(day_minutes)
    moves = sd * sum(shock for _, shock in shares)
    gaps, jumps = _leaps(seed, symbol, is_first, days)
    jumps = np.where(minutes.is_close, 0.0, DAY_SHARE * jumps)
    opens, closes = _path(moves + definition.volatility * jumps, definition.volatility * gaps)
    rate = join.trades_per_minute * definition.activity
    # As on the live market, days of high volatility have larger trades, not more of them.
    # A jump of the price excites trading, as JUMP_EXCITATION does on the live market.
    busyness = own[1] * np.where(jumps != 0, 5.0, 1.0)
    usual = rate * MEAN_LOTS * day_minutes / (1 - OPENING_SHARE - CLOSING_SHARE)
    counts, volumes = _volumes(
        _draws(seed, f"volumes {symbol}", size, _VOLUMES),
        rate * minutes.activity * busyness,
        minutes.volatility * volatility_ratio,
        usual * minutes.auctions * volatility_ratio,
    )
    highs, lows = _extremes(seed, symbol, opens, closes, sd * volatility_ratio)
    is_before = starts < (starts[-1] + 1 if join.end_ms is None else join.end_ms)
    if not is_before.any():
        return HistoryBars(_NO_BARS)
    last = closes[is_before][-1]
    end_ticks = definition.reference_ticks if join.last_ticks is None else join.last_ticks
    prices = _on_grid((opens, highs, lows, closes), last, end_ticks)
    columns = (starts, *prices, volumes, counts)
    return HistoryBars(_traded(*(column[is_before] for column in columns)))


_NO_BARS: Final = tuple(np.zeros((7, 0), dtype=np.int64))


def _minutes(days: Days) -> _Minutes:
    """Return the minutes of continuous trading, and that of each closing auction."""
    columns: list[_Minutes] = [_minutes_of(day) for day in days]
    if not days:
        none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
        return _Minutes(whole, none, none, whole, none, none.astype(bool))
    return _Minutes(*map(np.concatenate, zip(*columns, strict=True)))


def _minutes_of(day: TradingDay) -> _Minutes:
    count = day.trading_ms // MINUTE_MS
    places = np.arange(count + day.has_auctions)
    is_close = places == count
    starts = day.starts_ms[Segment.CONTINUOUS] + MINUTE_MS * places.astype(np.int64)
    # The trade of a closing auction happens at its end, which begins a minute of its own.
    starts[is_close] = day.starts_ms[Segment.CLOSED]
    is_first = (places == 0).astype(np.int64)
    auctions = OPENING_SHARE * is_first + CLOSING_SHARE * is_close
    if not day.has_auctions:
        return _Minutes(starts, np.ones(count), np.ones(count), is_first, 0.0 * auctions, is_close)
    volatility, activity = profiles_over((places[:count] + 0.5) / count)
    return _Minutes(
        starts,
        np.append(volatility, AUCTION.volatility),
        np.append(activity, 0.0),
        is_first,
        auctions,
        is_close,
    )


# Cached, because all instruments share the component of the market and many that of a sector.
@lru_cache(maxsize=KEPT)
def _component(seed: int, name: str, size: int, *, is_own: bool) -> tuple[Floats, Floats, Floats]:
    """Return volatilities (1 in the mean square), their factor that changes within hours (1 in the
    mean), and shocks of unit variance, by minute.
    """
    a, b, u, v = _draws(seed, name, size, _SHOCKS)
    shocks = student_of(normal_of(a), normal_of(b), u, v)
    kicks = _draws(seed, name, size, _VOLATILITIES)
    lives, sds = HALF_LIVES_MIN[:, 0].tolist(), (OWN_SDS if is_own else COMMON_SDS).tolist()
    # A draw gives four numbers and only three are needed, so this is not strict.
    parts = zip(sds, kicks, lives, strict=False)
    logs = np.stack([sd * _smoothed(normal_of(kick), life) for sd, kick, life in parts])
    short = logs[0] + logs[1] - 0.5 * (sds[0] * sds[0] + sds[1] * sds[1])
    return exp_of(logs.sum(axis=0) - sum(sd * sd for sd in sds)), exp_of(short), shocks


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


def _leaps(seed: int, symbol: str, is_first: Whole, days: Days) -> tuple[Floats, Floats]:
    """Return overnight gaps before minutes and jumps within them, in daily volatilities.

    Round the clock there is no night.
    """
    size = is_first.size
    u, v, a, b = _draws(seed, f"leaps {symbol}", size, _SHOCKS)
    common, _, _, _ = _draws(seed, "leaps market", size, _SHOCKS)
    gap = MARKET_SHARE * normal_of(common) + np.sqrt(1 - MARKET_SHARE**2) * normal_of(a)
    overnight = OVERNIGHT_SHARE if days[0].has_auctions else 0.0
    gaps = np.where(is_first == 1, overnight * gap, 0.0)
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
    uniforms: tuple[Floats, ...], means: Floats, sizes: Floats, auctions: Floats
) -> tuple[Whole, Whole]:
    """Return trades and shares of each minute, from the mean number of trades.

    `sizes` are mean sizes as multiples of the usual. `auctions` are the lots of the single trade of
    an auction, 0 without one.
    """
    u, v, w, _ = uniforms
    counts = poisson_of(u, means)
    # The mean of n sizes varies less than a single size, by the square root of n; the variance
    # that is missing raises the mean of the logarithm, or busy minutes would have smaller trades.
    spread = LOTS_SD / np.sqrt(np.maximum(1, counts))
    mean = LOTS_MU + 0.5 * (LOTS_SD * LOTS_SD - spread * spread)
    noise = exp_of(AUCTION_SD * normal_of(w) - 0.5 * AUCTION_SD * AUCTION_SD)
    lots = counts * sizes * exp_of(mean + spread * normal_of(v)) + auctions * noise
    counts = counts + (auctions > 0)
    return counts, np.maximum(counts, np.rint(np.minimum(lots, 1e12)).astype(np.int64)) * LOT


def _on_grid(logs: tuple[Floats, ...], last: float, reference: int) -> list[Whole]:
    """Return prices in ticks, 1 or more, scaled so that the last close is the reference price."""
    factors = (exp_of(np.clip(log - last, -20.0, 20.0)) for log in logs)
    return [np.maximum(1, np.rint(reference * factor)).astype(np.int64) for factor in factors]


def _traded(
    starts: Whole, opens: Whole, highs: Whole, lows: Whole, closes: Whole, *sums: Whole
) -> tuple[Whole, ...]:
    """Return the columns of minutes with trades, and of the last minute in any case."""
    volumes, counts = sums
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
