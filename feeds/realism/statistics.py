"""Does a market look real? Facts of real markets: what is measured, and the band of each.

Pure. Must not know how the tape was made, how it was collected, or whether it is enough to judge
by. The facts are those of Cont 2001 (Quantitative Finance 1:223) that hold on intraday data
(Ratliff-Crain, Van Oort, Koehler and Tivnan 2025, Quantitative Finance 25:9). Order flow and
cross-section are after Vyetrenko et al. 2019 (arXiv 1912.04941).

Values are medians over symbols, because the kurtosis of a single symbol is unstable. They are of
deseasonalised one-minute returns: the intraday pattern alone would look like clusters of
volatility. Returns never cross a night. The estimators give about the same for the same market,
whether a symbol trades every fourth minute or twenty times a minute.

The bands are wide enough for chance in the days and instruments that `feeds.realism.judging` asks
for, and narrow enough to fail markets that are wrong (tests/feeds/realism).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from feeds.realism.estimators import (
    autocorrelation,
    branching_ratio,
    clustering_of_extremes,
    conditional_tails,
    kurtosis,
    median_of,
    quantile_kurtosis,
    rank_correlation,
    tail_index,
)
from feeds.realism.sample import SAMPLES_PER_MINUTE, MarketSample
from feeds.simulator.randomness import Floats

HALF_HOUR: Final = 30
LAGS: Final = 60

Found = tuple[tuple[float, ...], bool]
"""The values, and whether they are in the band."""


class Fact(NamedTuple):
    """A fact of real markets: its band in words, and how it is measured."""

    number: int
    name: str
    band: str
    measure: Callable[[MarketSample], Found]


def memory_of(market: MarketSample) -> Floats:
    """Return the autocorrelation of |r| at lags of 1 to LAGS minutes, median over symbols."""
    return median_of(autocorrelation(np.abs(market.returns), LAGS))


def _no_autocorrelation(market: MarketSample) -> Found:
    found = median_of(autocorrelation(market.returns, 10))
    mean, first = float(np.abs(found[1:]).mean()), float(found[0])
    return (mean, first), mean < 0.03 and -0.15 <= first <= 0.05


def _fat_tails(market: MarketSample) -> Found:
    excess, hill = kurtosis(market.returns), tail_index(market.returns)
    return (excess, hill), excess > 3 and 2.5 <= hill <= 5


def _gaussianity(market: MarketSample) -> Found:
    # Of returns over the volatility of their day: what changes from day to day only is the same at
    # every interval of the day, and hides that tails get lighter.
    of_day = market.volatility_over(market.minutes)
    values = tuple(
        quantile_kurtosis(market.returns_over(minutes) / of_day) for minutes in (1, 5, HALF_HOUR)
    )
    return values, values[0] > 0.7 and values[0] > values[2]


def _clustering(market: MarketSample) -> Found:
    memory = memory_of(market)
    # Some lags together, because a single lag is too noisy to judge when trades are rare.
    soon, later = float(memory[:5].mean()), float(memory[5:15].mean())
    return (soon, later), soon > 0.10 and later > 0.05


def _long_memory(market: MarketSample) -> Found:
    memory = memory_of(market)
    lags = np.arange(1, LAGS + 1)
    seen = memory > 0
    # A power law is a line in logarithms; autocorrelations of 0 or less have none.
    slope = float("nan")
    if seen.sum() > 1:
        slope = float(np.polyfit(np.log(lags[seen]), np.log(memory[seen]), 1)[0])
    last = float(memory[LAGS - 10 :].mean())
    return (last, -slope), last > 0.02 and 0.15 <= -slope <= 0.5


def _conditional_tails(market: MarketSample) -> Found:
    excess, share = conditional_tails(market.returns)
    return (excess, share), excess > 0 and share < 0.75 and kurtosis(market.returns) > 1


def _intermittency(market: MarketSample) -> Found:
    value = clustering_of_extremes(market.returns, HALF_HOUR)
    return (value,), value > 2.5


def _volume_volatility(market: MarketSample) -> Found:
    volumes = market.sums_over(market.volumes / market.usual(market.volumes), HALF_HOUR)
    value = rank_correlation(volumes, market.volatility_over(HALF_HOUR))
    return (value,), value > 0.25


def _intraday_u(market: MarketSample) -> Found:
    volumes = market.volumes.mean(axis=0)
    middle = len(volumes) // 2
    ends = np.concatenate([volumes[:HALF_HOUR], volumes[-HALF_HOUR:]]).mean(axis=0)
    midday = volumes[middle - HALF_HOUR : middle + HALF_HOUR].mean(axis=0)
    value = float(np.median(ends / midday))
    return (value,), 1.8 <= value <= 4


def _cross_section(market: MarketSample) -> Found:
    within, across = market.correlation
    return (within, across), across > 0.1 and within - across > 0.05


def _epps(market: MarketSample) -> Found:
    # Correlation falls as the interval shrinks (Epps 1979, J. American Statistical Association
    # 74:291), because symbols do not trade at the same time.
    values = tuple(
        float(np.mean(pair))
        for pair in (
            market.correlation_at(1),
            market.correlation_at(SAMPLES_PER_MINUTE),
            market.correlation,
        )
    )
    is_met = values[0] < values[1] <= values[2] * 1.1 and values[0] < 0.8 * values[2]
    return values, is_met and values[2] > 0.1


def _arrivals(market: MarketSample) -> Found:
    usual = market.sums_over(market.usual(market.trades), HALF_HOUR)
    value = branching_ratio(market.sums_over(market.trades, HALF_HOUR), usual)
    return (value,), value > 0.3


FACTS: Final = (
    Fact(
        1, "No linear autocorrelation",
        "|ACF r| of lags 2-10 < 0.03; of lag 1 in [-0.15, 0.05]", _no_autocorrelation,
    ),
    Fact(2, "Fat tails", "kurtosis > 3; Hill 2.5-5", _fat_tails),
    Fact(
        3, "Aggregational Gaussianity",
        "quantile kurtosis of 1 min > 0.7 and > that of 30 min (5 min between)", _gaussianity,
    ),
    Fact(
        4, "Volatility clusters",
        "ACF |r| of lags 1-5 > 0.10, of lags 6-15 > 0.05", _clustering,
    ),
    Fact(
        5, "Long memory of volatility",
        "ACF |r| of lag 60 > 0.02; power of its decay 0.15-0.5", _long_memory,
    ),
    Fact(
        6, "Conditional tails",
        "kurtosis of r/volatility > 0, less than 0.75 of that in random order; of r > 1",
        _conditional_tails,
    ),
    Fact(
        7, "Intermittency",
        "pairs of extremes in half an hour > 2.5 times those of chance", _intermittency,
    ),
    Fact(
        8, "Volume and volatility",
        "rank correlation of half hours > 0.25", _volume_volatility,
    ),
    Fact(9, "The day's U", "volume of both ends / midday 1.8-4", _intraday_u),
    Fact(
        10, "Cross-section",
        "correlation within sectors > across > 0.1, by 0.05", _cross_section,
    ),
    Fact(
        11, "Epps effect",
        "correlation of 5 s < 1 min <= that of overlapping trades, > 0.1; the first < 0.8 of it",
        _epps,
    ),
    Fact(12, "Trades come in bursts", "trades set off by others > 0.3 of all", _arrivals),
)  # fmt: skip
"""In the order of their numbers. Number 13, that no tick is impossible, is a test of its own."""
