"""Some whole days of a market, as the statistics need them: returns, volumes, correlations.

Pure. Must not know bands, or how trades were collected. Trades are seen, quotes are not. A return
goes from the last trade of a bar to the last trade of the next bar that has any ("trade-to-trade
returns", Maynes and Rumsey 1993, Journal of Banking and Finance 17:145). It is divided by the
square root of the time between the two, so that rare trades do not look like great moves.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from feeds.market.bars import MINUTE_MS
from feeds.realism.estimators import mean_of, pattern_of
from feeds.simulator.randomness import Floats, Whole

SAMPLE_MS: Final = 5_000
"""Prices are sampled at this interval of exchange time."""
SAMPLES_PER_MINUTE: Final = MINUTE_MS // SAMPLE_MS
ROUND_THE_CLOCK: Final = 23 * 60
"""Days of so many minutes and more have no open and no close."""
NONE: Final = -1
"""The place of the last trade where there was none."""


class SymbolTrades(NamedTuple):
    """The trades of a symbol on a day, in samples and minutes since the open.

    Only samples and minutes with a trade are listed, in order: those with their last price, these
    with volume and number of trades.
    """

    samples: Whole
    prices: Floats
    minutes: Whole
    volumes: Floats
    counts: Floats


class MarketSample:
    """Days of `minutes` minutes, each with the trades of every symbol; `sectors` by symbol.

    Volumes and numbers of trades are by minute, [day, minute, symbol]. `returns` are those of one
    minute, without the pattern of the day, [day, minute, symbol]; NaN where there is none.
    """

    def __init__(
        self, days: Sequence[Sequence[SymbolTrades]], sectors: Sequence[str], minutes: int
    ) -> None:
        self._days = days
        self.sectors = np.array(sectors)
        shape = len(days), minutes, len(sectors)
        self._last = np.full(shape, NONE)
        self._logs = np.full(shape, np.nan)
        self.volumes, self.trades = np.zeros(shape), np.zeros(shape)
        for day, symbols in enumerate(days):
            for place, seen in enumerate(symbols):
                of_minute = seen.samples // SAMPLES_PER_MINUTE
                # Of several samples in a minute the last one stays.
                self._last[day, of_minute, place] = seen.samples
                self._logs[day, of_minute, place] = np.log(seen.prices)
                self.volumes[day, seen.minutes, place] = seen.volumes
                self.trades[day, seen.minutes, place] = seen.counts
        self._pattern = np.ones(minutes)
        # The size of returns follows the time of day. That alone would give clusters of volatility.
        self._pattern = pattern_of(np.abs(self.returns_over(1)))
        self.returns = self.returns_over(1)

    @property
    def days(self) -> int:
        """Return how many days there are."""
        return self.trades.shape[0]

    @property
    def minutes(self) -> int:
        """Return the length of a day."""
        return self.trades.shape[1]

    @property
    def has_hours(self) -> bool:
        """Say whether a day has an open and a close, and is not round the clock."""
        return self.minutes < ROUND_THE_CLOCK

    @property
    def has_pairs(self) -> bool:
        """Say whether there are pairs within sectors and across: two sectors of two symbols."""
        _, counts = np.unique(self.sectors, return_counts=True)
        return int((counts >= 2).sum()) >= 2

    @property
    def density(self) -> float:
        """Return the trades of an instrument in a minute, the median over instruments."""
        return float(np.median(self.trades.mean(axis=(0, 1))))

    def returns_over(self, minutes: int) -> Floats:
        """Return the returns of bars, without the pattern of the day and in bars of usual variance.

        [day, bar, symbol]; NaN in a bar without a trade, and in the first that has any.
        """
        last, logs = self._bars(minutes)
        before, from_logs = _carried(last), _carried(logs)
        is_first = before == NONE
        passed = np.concatenate([[0], np.cumsum(np.repeat(self._pattern**2, SAMPLES_PER_MINUTE))])
        passed /= SAMPLES_PER_MINUTE * minutes
        variance = passed[last + 1] - passed[np.where(is_first, last, before) + 1]
        # Two trades shortly one after the other are mostly bounce between bid and ask.
        least = self._pattern[np.maximum(last, 0) // SAMPLES_PER_MINUTE] ** 2
        moves = (logs - from_logs) / np.sqrt(np.maximum(variance, least))
        found: Floats = np.where((last == NONE) | is_first, np.nan, moves)
        return found

    def _bars(self, minutes: int) -> tuple[Whole, Floats]:
        """Return the place and the log price of the last trade of each bar, if it has any."""
        days, whole = self.days, self.minutes // minutes
        shape = days, whole, minutes, len(self.sectors)
        last = self._last[:, : whole * minutes].reshape(shape)
        logs = self._logs[:, : whole * minutes].reshape(shape)
        newest = last.argmax(axis=2)[:, :, None]
        return (
            np.take_along_axis(last, newest, 2)[:, :, 0],
            np.take_along_axis(logs, newest, 2)[:, :, 0],
        )

    def volatility_over(self, minutes: int) -> Floats:
        """Return the realised volatility of blocks: the root mean square of their returns."""
        blocks = self._blocks(self.returns**2, minutes)
        seen = (~np.isnan(blocks)).sum(axis=2)
        sums = np.nansum(blocks, axis=2)
        found: Floats = np.sqrt(np.where(seen > 0, sums / np.maximum(seen, 1), np.nan))
        return found

    def sums_over(self, values: Floats, minutes: int) -> Floats:
        """Return sums over blocks of minutes, [day, block, symbol]."""
        sums: Floats = self._blocks(values, minutes).sum(axis=2)
        return sums

    def _blocks(self, values: Floats, minutes: int) -> Floats:
        whole = self.minutes // minutes
        return values[:, : whole * minutes].reshape(len(values), whole, minutes, -1)

    def usual(self, values: Floats) -> Floats:
        """Return what the time of day would give alone, for the sum of each day and symbol."""
        pattern = pattern_of(values)
        usual: Floats = pattern[None, :, None] * (values.mean(axis=1) / pattern.mean())[:, None]
        return usual

    # --- correlations -------------------------------------------------------------------------
    def correlation_at(self, samples: int) -> tuple[float, float]:
        """Return the correlation of returns over so many samples, with the last price as price.

        The mean over pairs within a sector, and over pairs across sectors. Trades that happen at
        different times make it the smaller, the shorter the interval is.
        """
        total = np.zeros((len(self.sectors), len(self.sectors)))
        for _, filled, _ in self._sampled_prices(1):
            moves = np.diff(filled[samples - 1 :: samples], axis=0)
            total += moves.T @ moves
        return self._pairs(total)

    @cached_property
    def correlation(self) -> tuple[float, float]:
        """Return the correlation of returns, whether symbols trade at the same time or not.

        A move between two trades of a symbol goes with all moves of the other that overlap it
        (Hayashi and Yoshida 2005, Bernoulli 11:359). At most a trade in five minutes is taken, so
        that the bounce between bid and ask does not count as variance. It is the mean of the days
        (realised correlation: Andersen, Bollerslev, Diebold and Ebens 2001, Journal of Financial
        Economics 61:43), or a few wild days would decide.
        """
        count = len(self.sectors)
        pairs = []
        for places, before, after in self._sampled_prices(5):
            total = np.zeros((count, count))
            for symbol, seen in enumerate(places):
                moves = np.diff(after[seen, symbol])
                # Of a symbol with itself this is the sum of the squares.
                total[symbol] = moves @ (after[seen[1:]] - before[seen[:-1]])
            pairs.append(self._pairs(total))
        within, across = mean_of(np.array(pairs), 0).tolist()
        return within, across

    def _sampled_prices(self, minutes: int) -> Iterator[tuple[list[Whole], Floats, Floats]]:
        """Yield for each day: where symbols traded, and log prices before and after each sample.

        Prices are [sample, symbol]. Of each bar of `minutes` the last trade counts; of bars of one
        minute all samples do.
        """
        for symbols in self._days:
            before = np.zeros((self.minutes * SAMPLES_PER_MINUTE, len(symbols)))
            after, places = np.zeros_like(before), []
            every = np.arange(len(before))
            for place, seen in enumerate(symbols):
                bars = seen.samples // (SAMPLES_PER_MINUTE * minutes)
                kept = np.diff(bars, append=NONE) != 0 if minutes > 1 else seen.samples >= 0
                samples, logs = seen.samples[kept], np.log(seen.prices[kept])
                latest = np.searchsorted(samples, every, side="right") - 1
                coming = np.searchsorted(samples, every, side="left")
                before[:, place] = logs[np.maximum(latest, 0)]
                after[:, place] = logs[np.minimum(coming, len(samples) - 1)]
                places.append(samples)
            yield places, before, after

    def _pairs(self, products: Floats) -> tuple[float, float]:
        variances = np.diag(products)
        scale = np.sqrt(np.outer(variances, variances))
        correlation = products / np.where(scale > 0, scale, np.nan)
        # By Hayashi and Yoshida a pair has two estimates, one from each side: their mean.
        correlation = (correlation + correlation.T) / 2
        same = self.sectors[:, None] == self.sectors
        pairs = np.triu(np.ones_like(same), 1).astype(bool)
        return _mean(correlation[same & pairs]), _mean(correlation[~same & pairs])


def _carried(values: Whole | Floats) -> np.ndarray:
    """Return for each bar the value of the last bar before it that has one."""
    is_missing = np.isnan(values) if values.dtype.kind == "f" else values == NONE
    places = np.where(is_missing, -1, np.arange(values.shape[1])[None, :, None])
    latest = np.maximum.accumulate(places, axis=1)
    latest = np.concatenate([np.full_like(latest[:, :1], -1), latest[:, :-1]], axis=1)
    missing = np.nan if values.dtype.kind == "f" else NONE
    return np.where(latest < 0, missing, np.take_along_axis(values, np.maximum(latest, 0), 1))


def _mean(values: Floats) -> float:
    """Return the mean, NaN without values."""
    return float(mean_of(values, 0))
