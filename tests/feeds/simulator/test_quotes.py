"""The sizes of quotes: spread as wanted at the best, and twice as large behind it."""

import numpy as np

from feeds.simulator.quotes import LEVELS, LOT, MAX_LOTS, lots_of, sizes_of

COUNT = 20_000


def behind() -> np.ndarray:
    """Return sizes behind the best, [tick, level], from words of 32 random bits."""
    words = np.random.default_rng(1).integers(0, 2**32, size=(LEVELS, COUNT), dtype=np.uint64)
    return sizes_of(words).astype(np.int64)


def best(volatility_ratio: float) -> np.ndarray:
    chances = (np.arange(COUNT) + 0.5) / COUNT
    return lots_of(chances, np.full(COUNT, volatility_ratio))


def test_sizes_are_whole_lots_up_to_a_limit() -> None:
    for sizes in (best(1.0), best(50.0), behind()):
        assert not (sizes % LOT).any()
        assert sizes.min() >= LOT
        assert sizes.max() <= MAX_LOTS * LOT
    assert best(50.0).max() == MAX_LOTS * LOT


def test_sizes_grow_with_volatility() -> None:
    medians = [np.median(best(ratio)) / LOT for ratio in (1.0, 2.0, 4.0)]
    assert medians == [4, 7, 15]


def test_sizes_behind_the_best_are_twice_as_large() -> None:
    found = behind()
    assert found.shape == (COUNT, 2 * LEVELS)
    for share in (0.25, 0.5, 0.75):
        assert abs(np.quantile(found, share) - np.quantile(best(2.0), share)) <= LOT, share


def test_levels_have_sizes_of_their_own() -> None:
    correlations = np.corrcoef(behind(), rowvar=False)
    assert np.abs(correlations - np.eye(2 * LEVELS)).max() < 0.05
