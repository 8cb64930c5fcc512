"""Does a market look real? Statistics of a tape, compared with the bands of real markets.

Pure. Must not know how the tape was made, or how it was collected. The facts are those of Cont 2001
(Quantitative Finance 1:223) that hold on intraday data (Ratliff-Crain, Van Oort, Koehler and Tivnan
2025, Quantitative Finance 25:9). Order flow and cross-section are after Vyetrenko et al. 2019
(arXiv 1912.04941).

Values are medians over symbols, because the kurtosis of a single symbol is unstable. They are of
deseasonalised one-minute returns: the intraday pattern alone would look like clusters of
volatility. Returns never cross a night.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from feeds.market.bars import MINUTE_MS
from feeds.simulator.randomness import Floats

SAMPLE_MS: Final = 5_000
"""Prices are sampled at this interval of exchange time."""
SAMPLES_PER_MINUTE: Final = MINUTE_MS // SAMPLE_MS
HALF_HOUR: Final = 30
LAGS: Final = 60
TAIL: Final = 0.02
"""Share of the returns that the Hill estimator takes as the tail."""
EWMA_DECAY: Final = 0.94
"""Decay factor of the volatility by which returns are divided (RiskMetrics 1996)."""


class Finding(NamedTuple):
    """A fact of real markets: what was measured, the expected band, and whether it is met."""

    number: int
    name: str
    values: tuple[float, ...]
    band: str
    is_met: bool


class MarketSample:
    """Some days of a market.

    Prices are sampled every 5 seconds, [day, sample, symbol]. Volumes and numbers of trades are by
    minute, [day, minute, symbol].
    """

    def __init__(self, closes: Floats, volumes: Floats, trades: Floats, sectors: list[str]) -> None:
        self._logs = np.log(closes)
        self.volumes = volumes
        self.trades = trades
        self.sectors = np.array(sectors)
        self.returns = self.returns_of(SAMPLES_PER_MINUTE)
        # The size of returns follows the time of day. That alone would give clusters of volatility.
        pattern = _pattern_of(np.abs(self.returns))
        self.deseasonalised = self.returns / pattern
        """One-minute log returns, divided by the intraday pattern of their size."""

    def returns_of(self, samples: int) -> Floats:
        """Return log returns over `samples` samples of 5 seconds, [day, time, symbol]."""
        returns: Floats = np.diff(self._logs[:, samples - 1 :: samples], axis=1)
        return returns

    def deseasonalised_over(self, minutes: int) -> Floats:
        """Return the deseasonalised returns, summed over blocks of `minutes`."""
        days, whole = len(self.deseasonalised), self.deseasonalised.shape[1] // minutes
        parts = self.deseasonalised[:, : whole * minutes].reshape(days, whole, minutes, -1)
        sums: Floats = parts.sum(axis=2)
        return sums

    # The bands are wide enough for chance in 20 days of 16 symbols, and narrow enough to fail a
    # random walk (tests/feeds/realism).
    def certificate(self) -> list[Finding]:
        """Return all findings, in the order of their numbers."""
        return [
            self._no_autocorrelation(), self._fat_tails(), self._gaussianity(),
            self._clustering(), self._long_memory(), self._conditional_tails(),
            self._intermittency(), self._volume_volatility(), self._intraday_u(),
            self._cross_section(), self._epps(), self._arrivals(),
        ]  # fmt: skip

    def _no_autocorrelation(self) -> Finding:
        found = _over_symbols(lambda r: _autocorrelation(r, 10), self.deseasonalised)
        mean, first = float(np.abs(np.median(found, axis=1)[1:]).mean()), float(np.median(found[0]))
        is_met = mean < 0.03 and -0.15 <= first <= 0.05
        band = "|ACF r| of lags 2-10 < 0.03; of lag 1 in [-0.15, 0.05]"
        return Finding(1, "No linear autocorrelation", (mean, first), band, is_met)

    def _fat_tails(self) -> Finding:
        excess, hill = (
            _kurtosis(self.deseasonalised),
            float(np.median(_over_symbols(_hill, self.deseasonalised))),
        )
        is_met = excess > 3 and 2.5 <= hill <= 5
        return Finding(2, "Fat tails", (excess, hill), "kurtosis > 3; Hill 2.5-5", is_met)

    def _gaussianity(self) -> Finding:
        values = tuple(_kurtosis(self.deseasonalised_over(minutes)) for minutes in (1, 5, 30))
        is_met = values[0] > values[1] > values[2] and values[0] > 3
        band = "kurtosis of 1 min > 5 min > 30 min, the first > 3"
        return Finding(3, "Aggregational Gaussianity", values, band, is_met)

    def _clustering(self) -> Finding:
        found = _over_symbols(lambda r: _autocorrelation(abs(r), 10), self.deseasonalised)
        found = np.median(found, axis=1)
        values = float(found[0]), float(found[9])
        is_met = values[0] > 0.10 and values[1] > 0.05
        return Finding(
            4, "Volatility clusters", values, "ACF |r| of lag 1 > 0.10, lag 10 > 0.05", is_met
        )

    def memory(self) -> Floats:
        """Return the autocorrelation of |r| at lags of 1 to LAGS minutes, median over symbols."""
        found = _over_symbols(lambda r: _autocorrelation(abs(r), LAGS), self.deseasonalised)
        median: Floats = np.median(found, axis=1)
        return median

    def _long_memory(self) -> Finding:
        mean = self.memory()
        lags = np.arange(1, LAGS + 1)
        seen = mean > 0
        # A power law is a line in logarithms; autocorrelations of 0 or less have none.
        slope = float("nan")
        if seen.sum() > 1:
            slope = float(np.polyfit(np.log(lags[seen]), np.log(mean[seen]), 1)[0])
        # Ten lags together, because a single lag is too noisy to judge.
        last = float(mean[LAGS - 10 :].mean())
        is_met = last > 0.02 and 0.15 <= -slope <= 0.5
        band = "ACF |r| of lag 60 > 0.02; power of its decay 0.15-0.5"
        return Finding(5, "Long memory of volatility", (last, -slope), band, is_met)

    def _conditional_tails(self) -> Finding:
        values = _kurtosis(_standardised(self.deseasonalised)), _kurtosis(self.deseasonalised)
        is_met = 0 < values[0] < values[1] / 2
        band = "kurtosis of r/volatility > 0, less than half of r's"
        return Finding(6, "Conditional tails", values, band, is_met)

    def _intermittency(self) -> Finding:
        value = float(np.median(_over_symbols(_fano_of_extremes, self.deseasonalised)))
        return Finding(7, "Intermittency", (value,), "Fano of extremes > 1.3", value > 1.3)

    def _volume_volatility(self) -> Finding:
        sizes, volumes = abs(self.returns), self.volumes[:, 1:]
        value = float(np.median(_correlations(_columns(sizes), _columns(volumes))))
        return Finding(8, "Volume and volatility", (value,), "correlation > 0.25", value > 0.25)

    def _intraday_u(self) -> Finding:
        volumes = self.volumes.mean(axis=0)
        middle = len(volumes) // 2
        ends = np.concatenate([volumes[:HALF_HOUR], volumes[-HALF_HOUR:]]).mean(axis=0)
        midday = volumes[middle - HALF_HOUR : middle + HALF_HOUR].mean(axis=0)
        value = float(np.median(ends / midday))
        is_met = 1.8 <= value <= 4
        return Finding(9, "The day's U", (value,), "volume of both ends / midday 1.8-4", is_met)

    def _cross_section(self) -> Finding:
        within, across = self._correlation_over(5 * SAMPLES_PER_MINUTE)
        is_met = within > across > 0.1 and within - across > 0.05
        band = "correlation within sectors > across > 0.1, by 0.05"
        return Finding(10, "Cross-section", (within, across), band, is_met)

    def _epps(self) -> Finding:
        # Correlation falls as the interval shrinks (Epps 1979, J. American Statistical Association
        # 74:291), because symbols do not trade at the same time.
        values = tuple(
            float(np.mean(self._correlation_over(samples)))
            for samples in (1, SAMPLES_PER_MINUTE, 60)
        )
        is_met = values[0] < values[1] <= values[2] * 1.1 and values[0] < 0.8 * values[2]
        band = "correlation of 5 s < 1 min <= 5 min; the first < 0.8 of the last"
        return Finding(11, "Epps effect", values, band, is_met)

    def _arrivals(self) -> Finding:
        counts = _columns(self.trades)
        value = float(np.median(counts.var(axis=0) / counts.mean(axis=0)))
        return Finding(12, "Trades come in bursts", (value,), "Fano of a minute > 3", value > 3)

    def _correlation_over(self, samples: int) -> tuple[float, float]:
        """Return the mean correlation of pairs within a sector, and of pairs across sectors."""
        correlation = np.atleast_2d(np.corrcoef(_columns(self.returns_of(samples)).T))
        same = self.sectors[:, None] == self.sectors
        pairs = np.triu(np.ones_like(same), 1).astype(bool)
        return _mean(correlation[same & pairs]), _mean(correlation[~same & pairs])


def _pattern_of(sizes: Floats) -> Floats:
    """Return the intraday pattern of |r| by minute, smoothed over 15 minutes, 1 on average."""
    usual = sizes.mean(axis=(0, 1))
    by_minute = (sizes / np.where(usual > 0, usual, 1.0)).mean(axis=(0, 2))
    weights = np.ones(15)
    # Divided by a convolution of ones, so that the ends are means of the minutes there are.
    near = np.convolve(by_minute, weights, "same") / np.convolve(
        np.ones(len(by_minute)), weights, "same"
    )
    pattern: Floats = np.maximum(near, 1e-9)[None, :, None]
    return pattern


def _mean(values: Floats) -> float:
    """Return the mean, NaN without values."""
    return float(values.mean()) if len(values) else float("nan")


def _columns(values: Floats) -> Floats:
    """Return [day, time, symbol] as [day and time, symbol]."""
    return values.reshape(-1, values.shape[-1])


def _over_symbols(statistic: Callable[[Floats], object], values: Floats) -> Floats:
    """Return a statistic of [day, time] for every symbol; symbols are the last axis."""
    return np.stack([np.asarray(statistic(values[..., i])) for i in range(values.shape[-1])], -1)


def _autocorrelation(values: Floats, lags: int) -> Floats:
    """Return the autocorrelation of [day, time] at lags 1 to `lags`, without pairs across days."""
    # Products within a day only: the overnight gap is not a return of a minute.
    centred = values - values.mean()
    variance = (centred * centred).mean()
    products = [(centred[:, lag:] * centred[:, :-lag]).mean() for lag in range(1, lags + 1)]
    return np.array(products) / (variance or 1.0)


def _kurtosis(values: Floats) -> float:
    """Return the excess kurtosis (0 for a normal distribution), as median over symbols."""
    columns = _columns(values)
    centred = columns - columns.mean(axis=0)
    squares = (centred**2).mean(axis=0)
    return float(np.median((centred**4).mean(axis=0) / np.maximum(squares, 1e-300) ** 2 - 3))


def _hill(values: Floats) -> float:
    """Return the tail index of |r| (Hill 1975, Annals of Statistics 3:1163)."""
    sizes = np.sort(np.abs(values).ravel())[::-1]
    count = max(2, int(TAIL * len(sizes)))
    threshold = sizes[count]
    return float(1 / np.log(sizes[:count] / threshold).mean()) if threshold > 0 else 0.0


def _standardised(values: Floats) -> Floats:
    """Return returns divided by the EWMA volatility of the returns before them."""
    variance = (values**2).mean(axis=(0, 1))
    found = np.empty_like(values)
    for day in range(len(values)):
        for time in range(values.shape[1]):
            found[day, time] = values[day, time] / np.sqrt(variance)
            variance = EWMA_DECAY * variance + (1 - EWMA_DECAY) * values[day, time] ** 2
    return found


def _fano_of_extremes(values: Floats) -> float:
    """Return the Fano factor of the greatest 1 % of |r| in windows of half an hour.

    It is variance / mean of their number: 1 for a Poisson process, more if they cluster.
    """
    is_extreme = np.abs(values) > np.quantile(np.abs(values), 0.99)
    whole = values.shape[1] // HALF_HOUR * HALF_HOUR
    counts = is_extreme[:, :whole].reshape(-1, HALF_HOUR).sum(axis=1)
    return float(counts.var() / counts.mean()) if counts.any() else 0.0


def _correlations(first: Floats, second: Floats) -> Floats:
    """Return the correlation of each column with its counterpart."""
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    scale = np.sqrt((first * first).mean(axis=0) * (second * second).mean(axis=0))
    found: Floats = (first * second).mean(axis=0) / np.maximum(scale, 1e-300)
    return found
