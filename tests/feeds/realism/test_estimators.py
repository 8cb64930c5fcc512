"""Each estimator gives the figure that its definition has by hand, and passes over gaps."""

import numpy as np
import pytest

from feeds.realism.estimators import (
    autocorrelation,
    branching_ratio,
    clustering_of_extremes,
    columns,
    conditional_tails,
    kurtosis,
    mean_of,
    median_of,
    pattern_of,
    quantile_kurtosis,
    rank_correlation,
    standardised,
    tail_index,
)

NAN = float("nan")


def day_of(*symbols: list[float]) -> np.ndarray:
    """Return [day, time, symbol] of a single day, from the times of each symbol."""
    return np.array(symbols, dtype=float).T[None]


def test_means_and_medians_are_those_of_what_is_seen() -> None:
    values = np.array([[3.0, 1.0, 2.0], [1.0, NAN, 4.0], [NAN, NAN, NAN], [2.0, NAN, NAN]])
    np.testing.assert_array_equal(mean_of(values, 1), [2.0, 2.5, NAN, 2.0])
    np.testing.assert_array_equal(mean_of(values, (0, 1)), 13 / 6)
    np.testing.assert_array_equal(median_of(values), [2.0, 2.5, NAN, 2.0])
    np.testing.assert_array_equal(median_of(np.array([[4.0, 1.0, 3.0, 2.0]])), [2.5])


def test_the_days_of_a_symbol_are_put_one_after_the_other() -> None:
    values = np.arange(12).reshape(2, 3, 2)
    assert columns(values).tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]


def test_autocorrelation_has_no_pairs_across_days_and_none_that_are_unseen() -> None:
    alternating, constant = [1.0, -1.0, 1.0, -1.0], [2.0, 2.0, 2.0, 2.0]
    found = autocorrelation(day_of(alternating, constant, [1.0, NAN, -1.0, NAN]), 3)
    np.testing.assert_array_equal(found, [[-1.0, 0.0, NAN], [1.0, 0.0, -1.0], [-1.0, 0.0, NAN]])
    days = np.array([[[1.0], [1.0]], [[-1.0], [-1.0]]])
    for scale in (1, 0.5, 4):
        assert autocorrelation(scale * days, 1).tolist() == [[1.0]]


def test_kurtosis_is_in_excess_of_the_normal_as_the_median_of_symbols() -> None:
    flat = [6.0, 4.0, 6.0, 4.0, 6.0, 4.0, 6.0, 4.0]
    rare = [3.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 7.0]
    half = [4.0, 5.0, 5.0, 6.0, 4.0, 5.0, 5.0, 6.0]
    assert kurtosis(day_of(flat)) == -2
    assert kurtosis(day_of(rare)) == 1
    assert kurtosis(day_of(half)) == -1
    assert kurtosis(day_of(flat, rare, half)) == -1
    assert kurtosis(day_of([5.0] * 8)) == -3


STEPS_100 = [-7.0, *[-5.0] * 23, 0.0, *[1.0] * 49, 10.0, *[11.0] * 23, 13.0, 1000.0]
"""In order, as the 1st, 25th, 75th and 99th: -7, 0, 10 and 13."""
STEPS_101 = [-99.0, *[-7.0] * 24, *[0.0] * 50, *[10.0] * 24, 13.0, 1000.0]


@pytest.mark.parametrize("values", [STEPS_100, STEPS_101])
def test_the_tails_are_compared_with_the_middle_at_four_quantiles(values: list[float]) -> None:
    mixed = [*values[::-2], *[NAN] * 20, *values[-2::-2]]
    expected = pytest.approx(20 / 10 - 3.449)
    assert quantile_kurtosis(day_of(mixed)) == expected
    assert quantile_kurtosis(day_of(mixed) + 3) == expected
    # What has no middle has no figure.
    without = [-9.0] * 3 + [5.0] * (len(mixed) - 6) + [9.0] * 3
    assert quantile_kurtosis(day_of(mixed, without, [NAN] * len(mixed))) == expected


LN2 = 0.6931471805599453


@pytest.mark.parametrize(
    ("values", "index"),
    [
        ([4.0, -2.0, 1.0], 2 / (3 * LN2)),
        ([NAN, 1.0, -4.0, 2.0, NAN], 2 / (3 * LN2)),
        ([4.0, -2.0, *[1.0] * 97], 2 / (3 * LN2)),
        ([4.0, -2.0, *[1.0] * 147, 0.5], 3 / (3 * LN2)),
        ([4.0, -2.0], 0.0),
        ([4.0, 2.0, 0.0], 0.0),
        ([3.0, -3.0, 3.0], float("inf")),
    ],
)
def test_the_tail_index_is_the_inverse_mean_log_excess_of_two_percent(
    values: list[float], index: float
) -> None:
    assert tail_index(day_of(values)) == pytest.approx(index)


def test_the_tail_index_is_the_median_of_symbols() -> None:
    values = day_of([4.0, 2.0, 1.0], [4.0, 2.0, 0.0], [16.0, 4.0, 1.0])
    assert tail_index(values) == pytest.approx(1 / (3 * LN2))


@pytest.mark.parametrize("between", [[], [NAN], [NAN, NAN]])
def test_a_return_is_divided_by_the_volatility_around_it(between: list[float]) -> None:
    """Squares are 1 and 9, 5 in the mean: five of these count as seen before and after."""
    found = standardised(day_of([1.0, *between, -3.0]))[0, :, 0]
    first = (5 * 5 + (0.94 * 25 + 9)) / (5 + 5.7)
    second = ((0.94 * 25 + 1) + 5 * 5) / (5.7 + 5)
    expected = [1 / first**0.5, *between, -3 / second**0.5]
    np.testing.assert_allclose(found, expected)


def test_volatility_is_that_of_one_symbol_and_goes_on_over_days() -> None:
    alone = np.array([[[1.0], [3.0]], [[2.0], [2.0]]])
    both = np.concatenate([alone, 10 * alone[::-1]], axis=2)
    np.testing.assert_allclose(standardised(both)[:, :, :1], standardised(alone))
    np.testing.assert_allclose(standardised(both)[:, :, 1:], standardised(alone[::-1]))
    in_one_day = standardised(alone.reshape(1, 4, 1))
    np.testing.assert_allclose(standardised(alone).reshape(4), in_one_day.reshape(4))


def test_tails_over_volatility_are_compared_with_those_in_random_order() -> None:
    calm, wild = np.tile([1.0, -1.0], 100), np.tile([9.0, -9.0], 100)
    clusters = np.concatenate([calm, calm, calm, wild])
    excess, share = conditional_tails(day_of(clusters))
    assert (excess, share) == conditional_tails(day_of(clusters)), "chance is the same every time"
    assert share < 0.2
    mixed = np.random.default_rng(1).permutation(clusters)
    assert conditional_tails(day_of(mixed))[1] == pytest.approx(1, abs=0.15)
    # Without tails by chance there is no share.
    np.testing.assert_allclose(conditional_tails(day_of(calm)), (-2, NAN))
    both = conditional_tails(day_of(clusters, 5 * clusters, np.tile(calm, 4)))
    assert both[1] == pytest.approx(share, abs=0.1)


def extremes_at(*places: int, size: int = 200) -> list[float]:
    values = [1 + place / 1000 for place in range(size)]
    for place in places:
        values[place] = -5.0
    return values


@pytest.mark.parametrize(
    ("places", "size", "times"),
    [
        ((0, 9), 200, 2 / 0.18),
        ((9, 10), 200, 0.0),
        ((190, 199), 200, 2 / 0.18),
        ((0, 1, 2), 205, 6 / (20 * 90 * (3 / 205) ** 2)),
        ((0, 1, 202), 205, 2 / (20 * 90 * (3 / 205) ** 2)),
    ],
)
def test_pairs_of_extremes_in_a_window_are_compared_with_chance(
    places: tuple[int, ...], size: int, times: float
) -> None:
    """In 20 windows of ten, of which one in a hundred is extreme, chance makes 0.18 pairs."""
    assert clustering_of_extremes(day_of(extremes_at(*places, size=size)), 10) == (
        pytest.approx(times)
    )


def test_pairs_of_extremes_are_summed_up_over_symbols() -> None:
    both = day_of(extremes_at(0, 9), extremes_at(9, 10))
    assert clustering_of_extremes(both, 10) == pytest.approx(2 / 0.36)
    assert clustering_of_extremes(both, 1) == 0.0
    assert clustering_of_extremes(day_of([NAN] * 20), 10) == 0.0


def test_what_is_unseen_makes_no_pairs_by_chance() -> None:
    values = extremes_at(0, 2, size=400)
    values[1::2] = [NAN] * 200
    assert clustering_of_extremes(day_of(values), 20) == pytest.approx(2 / 0.18)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 3000.0, 5.0], -0.2),
        ([1.0, 2.0, 3.0], [2.0, 1.0, 3.0], 0.5),
        ([1.0, NAN, 2.0, 3.0, 9.0], [2.0, 5.0, 1.0, 3.0, NAN], 0.5),
        ([1.0, 2.0, NAN], [2.0, 1.0, 3.0], NAN),
        ([1.0, 1.0, 1.0], [2.0, 1.0, 3.0], NAN),
        ([2.0, 1.0, 3.0], [1.0, 1.0, 1.0], NAN),
    ],
)
def test_ranks_are_correlated(first: list[float], second: list[float], expected: float) -> None:
    found = rank_correlation(day_of(first), day_of(second))
    assert found == pytest.approx(expected, nan_ok=True)


def test_the_rank_correlation_is_the_median_of_symbols_that_have_one() -> None:
    up, down, mixed, flat = [1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 1.0, 3.0], [1.0] * 3
    assert rank_correlation(day_of(up, up, up, up), day_of(down, up, mixed, flat)) == (
        pytest.approx(0.5)
    )


def test_the_share_of_triggered_trades_follows_from_the_variance_of_their_number() -> None:
    four, equal, none = [0.0, 8.0], [2.0, 6.0], [4.0, 4.0]
    usual = day_of([4.0, 4.0], [4.0, 4.0], [4.0, 4.0])
    assert branching_ratio(day_of(four), usual[..., :1]) == 0.5
    assert branching_ratio(day_of(equal), usual[..., :1]) == 0.0
    assert branching_ratio(day_of(none), usual[..., :1]) == 0.0
    assert branching_ratio(day_of([0.0, 0.0]), 0 * usual[..., :1]) == 0.0
    # 16 / 4, 1.5625 and 64 / 4 times the mean: the middle one is that of the market.
    three = day_of(four, [1.5, 6.5], [4.0 + 8.0, 4.0 - 8.0])
    assert branching_ratio(three, usual) == 0.5
    busy = day_of(equal, [0.0, 32.0], [8.0, 8.0])
    assert branching_ratio(busy, day_of([4.0] * 2, [16.0] * 2, [0.0] * 2)) == (
        pytest.approx(1 - 1 / 8**0.5)
    )
    rare = day_of([0.0, 1.0])
    assert branching_ratio(rare, 0 * rare + 0.5) == pytest.approx(1 - 2**0.5)
    assert branching_ratio(day_of([1.5, 6.5]), usual[..., :1]) == pytest.approx(1 - 1 / 1.25)
    two_days = np.array([[[0.0], [8.0]], [[0.0], [8.0]]])
    assert branching_ratio(two_days, np.full((2, 2, 1), 4.0)) == 0.5


def test_the_pattern_of_a_day_is_the_mean_of_symbols_and_days_each_over_its_own() -> None:
    assert pattern_of(day_of([1.0, 3.0], [10.0, 10.0]), 1).tolist() == [0.75, 1.25]
    assert pattern_of(day_of([0.25, 0.75]), 1).tolist() == [0.5, 1.5]
    assert pattern_of(day_of([1.0, 3.0], [NAN, NAN]), 1).tolist() == [0.5, 1.5]
    assert pattern_of(day_of([1.0, 3.0], [0.0, 0.0]), 1).tolist() == [0.25, 0.75]
    assert pattern_of(np.array([[[1.0], [3.0]], [[3.0], [NAN]]]), 1).tolist() == (
        pytest.approx([6 / 7, 9 / 7])
    )


def test_the_pattern_of_a_day_is_smoothed_and_never_0() -> None:
    assert pattern_of(day_of([0.0, 0.0, 3.0]), 2).tolist() == [1e-9, 1e-9, 1.5]
    assert pattern_of(day_of([0.0, 0.0, 3.0]), 9).tolist() == [1e-9, 1.0, 1.5]
    lone = pattern_of(day_of([20.0 * (time == 10) for time in range(20)]))
    expected = [1e-9] * 3 + [20 / n for n in (11, 12, 13, 14, *[15] * 6, 14, 13, 12, 11, 10)]
    assert lone.tolist() == pytest.approx(expected + [1e-9] * 2)
