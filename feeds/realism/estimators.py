"""Estimators for prices that are seen at trades only, however rare the trades are.

Pure. Must not know markets or bands. Times without a trade are missing values (NaN), never returns
of 0: with rare trades those zeros would look like fat tails, and would hide that volatility
clusters. Arrays are [day, time, symbol] unless something else is said.
"""

from typing import Final

import numpy as np

from feeds.simulator.randomness import Floats, Whole

TAIL: Final = 0.02
"""Share of the returns that the Hill estimator takes as the tail."""
EXTREME: Final = 0.01
"""Share of the returns that count as extreme."""
NORMAL_WIDTH: Final = 3.449
"""Of a normal distribution: from 1 to 99 %, as a multiple of that from 25 to 75 %."""
DECAY: Final = 0.94
"""Weight of a return in the volatility of the next, per return (RiskMetrics 1996)."""
ORDERS: Final = 5
"""How many random orders of the returns stand for chance."""
PRIOR: Final = 5.0
"""How many returns of usual size the volatility of a time without neighbours is made of."""


def mean_of(values: Floats, axis: int | tuple[int, ...]) -> Floats:
    """Return the mean of what is seen along axes, NaN where nothing is."""
    seen = ~np.isnan(values)
    counts = seen.sum(axis=axis)
    sums = np.where(seen, values, 0.0).sum(axis=axis)
    found: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return found


def median_of(values: Floats) -> Floats:
    """Return the median of what is seen along the last axis, NaN where nothing is."""
    # NaN is sorted to the end. Without anything seen the index is -1, which is such a NaN.
    ordered, counts = np.sort(values, axis=-1), (~np.isnan(values)).sum(axis=-1)
    middle = np.stack([(counts - 1) // 2, counts // 2], axis=-1)
    found: Floats = np.take_along_axis(ordered, middle, axis=-1).mean(axis=-1)
    return found


def columns(values: Floats) -> Floats:
    """Return [day, time, symbol] as [day and time, symbol]."""
    return values.reshape(-1, values.shape[-1])


def autocorrelation(values: Floats, lags: int) -> Floats:
    """Return the autocorrelation at lags 1 to `lags`, [lag, symbol], without pairs across days.

    Only pairs of which both are seen count (Parzen 1963, Sankhya A 25:383; Dunsmuir and Robinson
    1981, Journal of the American Statistical Association 76:560).
    """
    centred = values - mean_of(values, (0, 1))
    variance = mean_of(centred * centred, (0, 1))
    # Products within a day only: the overnight gap is not a return of a minute.
    products = [
        mean_of(centred[:, lag:] * centred[:, : centred.shape[1] - lag], (0, 1))
        for lag in range(1, lags + 1)
    ]
    return np.array(products) / np.where(variance > 0, variance, 1.0)


def kurtosis(values: Floats) -> float:
    """Return the excess kurtosis (0 for a normal distribution), as median over symbols."""
    return float(median_of(_kurtoses(values)))


def _kurtoses(values: Floats) -> Floats:
    seen = columns(values)
    centred = seen - mean_of(seen, 0)
    squares, fourths = mean_of(centred**2, 0), mean_of(centred**4, 0)
    found: Floats = fourths / np.maximum(squares, 1e-150) ** 2 - 3
    return found


def quantile_kurtosis(values: Floats) -> float:
    """Return the width of the tails over that of the middle, less 3.449: 0 for a normal one.

    From the quantiles at 1 and 25 % (Crow and Siddiqui 1967, Journal of the American Statistical
    Association 62:353; Kim and White 2004, Finance Research Letters 1:56). A single wild hour of
    the whole market decides about fourth moments, and not about quantiles. Median over symbols.
    """
    ordered = np.sort(columns(values), axis=0)
    counts = (~np.isnan(ordered)).sum(axis=0)
    low, first, third, high = (
        np.take_along_axis(ordered, (share * np.maximum(counts - 1, 0)).astype(int)[None], axis=0)[
            0
        ]
        for share in (EXTREME, 0.25, 0.75, 1 - EXTREME)
    )
    middle = np.where(third > first, third - first, np.nan)
    return float(median_of((high - low) / middle - NORMAL_WIDTH))


def tail_index(values: Floats) -> float:
    """Return the tail index of |r| (Hill 1975, Annals of Statistics 3:1163), median of symbols."""
    return float(np.median([_hill(column) for column in columns(values).T]))


def _hill(values: Floats) -> float:
    sizes = np.sort(np.abs(values[~np.isnan(values)]))[::-1]
    count = max(2, int(TAIL * len(sizes)))
    if len(sizes) <= count or sizes[count] <= 0:
        return 0.0
    excess = float(np.log(sizes[:count] / sizes[count]).mean())
    return 1 / excess if excess > 0 else float("inf")


def standardised(values: Floats) -> Floats:
    """Return returns divided by the volatility around them.

    The variance is a mean of the squares before and after a return, without its own, with weights
    that fall exponentially by DECAY (a two-sided filter: Foster and Nelson 1996, Econometrica
    64:139). Looking back only, an hour's few trades would not tell its volatility.
    """
    squares = columns(values * values)
    seen = ~np.isnan(squares)
    usual = mean_of(squares, 0)
    sums, weights = np.zeros_like(squares), np.zeros_like(squares)
    for order in (range(len(squares)), range(len(squares) - 1, -1, -1)):
        total, weight = PRIOR * usual, np.full(squares.shape[1], PRIOR)
        for time in order:
            sums[time] += total
            weights[time] += weight
            total = np.where(seen[time], DECAY * total + squares[time], total)
            weight = np.where(seen[time], DECAY * weight + 1.0, weight)
    divided: Floats = values / np.sqrt(sums / weights).reshape(values.shape)
    return divided


def conditional_tails(values: Floats) -> tuple[float, float]:
    """Return the kurtosis of returns over their volatility, and its share of that of chance.

    Chance is the same returns in random order (surrogate data: Theiler et al. 1992, Physica D
    58:77), because a volatility that is estimated from few trades makes tails heavier by itself.
    Medians over symbols.
    """
    found = _kurtoses(standardised(values))
    surrogates = np.concatenate([_in_random_order(values, number) for number in range(ORDERS)], -1)
    by_chance = _kurtoses(standardised(surrogates)).reshape(ORDERS, -1).mean(axis=0)
    shares = found / np.where(by_chance > 0, by_chance, np.nan)
    return float(median_of(found)), float(median_of(shares))


def _in_random_order(values: Floats, seed: int) -> Floats:
    """Return the values that are seen of each symbol in another order, the same for a seed."""
    random = np.random.default_rng(seed)
    shuffled = columns(values).copy()
    for column in shuffled.T:
        seen = np.flatnonzero(~np.isnan(column))
        column[seen] = column[random.permutation(seen)]
    return shuffled.reshape(values.shape)


def clustering_of_extremes(values: Floats, window: int) -> float:
    """Return how many times as many pairs of extremes share a window as chance would give.

    This is the Fano factor of their number, freed from the rate of trades: a factorial moment
    instead of a variance (Bialas and Peschanski 1986, Nuclear Physics B 273:703), over what it is
    for as many returns that are independent. Pairs of all symbols are summed up, as one symbol has
    few.
    """
    sizes = np.abs(values)
    whole = values.shape[1] // window * window
    seen = ~np.isnan(sizes)
    # A comparison with NaN is false: what was not seen is not extreme.
    ordered = np.sort(columns(sizes), axis=0)
    last = ((1 - EXTREME) * np.maximum(seen.sum(axis=(0, 1)) - 1, 0)).astype(int)
    extreme = sizes > np.take_along_axis(ordered, last[None], axis=0)[0]
    share = extreme.sum(axis=(0, 1)) / np.maximum(seen.sum(axis=(0, 1)), 1)
    found, possible = (
        cells[:, :whole].reshape(-1, window, values.shape[-1]).sum(axis=1)
        for cells in (extreme, seen)
    )
    expected = float((possible * (possible - 1) * share * share).sum())
    return float((found * (found - 1)).sum()) / expected if expected else 0.0


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return the rank correlation (Spearman 1904) of symbols with their counterpart: the median.

    Ranks, because a single wild bar would decide about a correlation of values.
    """
    pairs = zip(columns(first).T, columns(second).T, strict=True)
    found = [_spearman(*pair) for pair in pairs]
    return float(median_of(np.array(found)))


def _spearman(first: Floats, second: Floats) -> float:
    seen = ~(np.isnan(first) | np.isnan(second))
    if seen.sum() < 3 or not np.ptp(first[seen]) or not np.ptp(second[seen]):
        return float("nan")
    return float(np.corrcoef(_ranks(first[seen]), _ranks(second[seen]))[0, 1])


def _ranks(values: Floats) -> Whole:
    ranks: Whole = np.argsort(np.argsort(values))
    return ranks


def branching_ratio(counts: Floats, usual: Floats) -> float:
    """Return the share of trades that other trades set off, from counts in long windows.

    It is 1 - 1 / sqrt(Fano factor), for windows far longer than a burst (Hardiman and Bouchaud
    2014, Physical Review E 90:062807): 0 for a Poisson process at any rate. `usual` is the count
    that the time of day alone would give.
    """
    squares, means = ((counts - usual) ** 2).mean(axis=(0, 1)), counts.mean(axis=(0, 1))
    fano = float(np.median(squares / np.maximum(means, 1e-300)))
    return float(1 - 1 / np.sqrt(fano)) if fano > 0 else 0.0


def pattern_of(values: Floats, minutes: int = 15) -> Floats:
    """Return how values follow the time of day: [time], smoothed over `minutes`, 1 on average."""
    usual = mean_of(values, (0, 1))
    relative = values / np.where(usual > 0, usual, 1.0)
    sums = np.nansum(relative, axis=(0, 2))
    seen = (~np.isnan(relative)).sum(axis=(0, 2))
    weights = np.ones(min(minutes, len(sums)))
    near = np.convolve(sums, weights, "same") / np.maximum(np.convolve(seen, weights, "same"), 1)
    pattern: Floats = np.maximum(near, 1e-9)
    return pattern
