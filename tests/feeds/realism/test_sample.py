"""Returns, volumes and correlations of a few trades, computed by hand."""

import numpy as np
import pytest

from feeds.realism import sample as sample_module
from feeds.realism.sample import MarketSample, SymbolTrades

NAN = float("nan")
PER_MINUTE = 12
LAST = PER_MINUTE - 1
"""The last of the samples of a minute."""


def trades(*sampled: tuple[int, float], volume: float = 100.0) -> SymbolTrades:
    """Return trades at samples, each with its log price; a minute has `volume` for each trade."""
    samples = np.array([sample for sample, _ in sampled], dtype=np.int64)
    minutes, counts = np.unique(samples // PER_MINUTE, return_counts=True)
    prices = np.exp(np.array([log for _, log in sampled]))
    return SymbolTrades(samples, prices, minutes, volume * counts, counts.astype(float))


def market(*symbols: SymbolTrades, sectors: str = "", minutes: int = 4) -> MarketSample:
    """Return a day of some symbols, each in the sector of its letter."""
    return MarketSample([symbols], list(sectors or "A" * len(symbols)), minutes)


def close_to(found: np.ndarray, expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


STEADY = trades((LAST, 0.0), (12 + LAST, 1.0), (24 + LAST, 0.0), (36 + LAST, 1.0))
"""A trade at the end of each minute, and returns of 1, -1 and 1."""
LAST_IN_DAY = trades((0, 7.0), (5, 0.0), (24, 3.0), (35, 2.5**0.5), (47, 2.5**0.5 - 1))
"""The last of its minutes are after 2.5 minutes and after one; both returns are of size 1."""


def test_a_return_is_over_the_root_of_the_time_between_last_trades() -> None:
    found = market(STEADY, LAST_IN_DAY)
    close_to(found.returns[0, :, 0], [NAN, 1, -1, 1])
    close_to(found.returns[0, :, 1], [NAN, NAN, 1, -1])
    assert (found.days, found.minutes) == (1, 4)


def test_trades_shortly_one_after_the_other_are_taken_for_a_minute_apart() -> None:
    bounce = trades((LAST, 0.0), (12, 1.0), (24 + LAST, 1.0 - (23 / 12) ** 0.5))
    close_to(market(STEADY, bounce).returns[0, :, 1], [NAN, 1, -1, NAN])


def test_longer_bars_have_the_last_trade_of_all_their_minutes() -> None:
    found = market(STEADY, LAST_IN_DAY)
    two = found.returns_over(2)
    close_to(two[0, :, 0], [NAN, 0])
    close_to(two[0, :, 1], [NAN, (2.5**0.5 - 1) / (42 / 24) ** 0.5])
    assert found.returns_over(3).shape == (1, 1, 2), "a part of a bar is left out"


def test_returns_never_cross_a_night() -> None:
    days = MarketSample([[STEADY], [STEADY]], ["A"], 4)
    close_to(days.returns[:, :, 0], [[NAN, 1, -1, 1]] * 2)
    assert days.days == 2


def test_returns_are_without_the_pattern_of_the_day() -> None:
    """For an hour they are 1 each, and for another hour 2: their mean is 179 / 119."""
    logs = np.cumsum([0.0] + [1.0, -1.0] * 29 + [1.0] + [-2.0, 2.0] * 30)
    found = market(trades(*((12 * n + LAST, log) for n, log in enumerate(logs))), minutes=120)
    sizes = np.abs(found.returns[0, :, 0])
    close_to(sizes[[20, 30, 50, 70, 90, 115]], [179 / 119] * 6)
    assert np.isnan(sizes[0])
    assert np.nanmax(sizes) > 1.6


def test_volatility_is_the_root_mean_square_of_the_returns_of_a_block() -> None:
    found = market(STEADY, LAST_IN_DAY)
    found.returns = np.array([[[NAN, NAN], [3.0, NAN], [1.0, 2.0], [7.0, NAN]]])
    close_to(found.volatility_over(2), [[[3, NAN], [5, 2]]])
    close_to(found.volatility_over(3), [[[5**0.5, 2]]])


def test_volumes_and_counts_are_by_minute_and_summed_up_over_blocks() -> None:
    found = market(STEADY, trades((0, 0.0), (13, 0.0), (14, 0.0), (47, 0.0), volume=10))
    assert found.volumes[0].T.tolist() == [[100] * 4, [10, 20, 0, 10]]
    assert found.trades[0].T.tolist() == [[1] * 4, [1, 2, 0, 1]]
    assert found.sums_over(found.trades, 2)[0].T.tolist() == [[2, 2], [3, 1]]
    assert found.sums_over(found.trades, 3)[0].T.tolist() == [[3], [3]]


def test_the_usual_volume_is_that_of_the_day_spread_by_the_time_of_day() -> None:
    found = market(STEADY)
    values = np.array([[[1.0, 10.0], [3.0, 30.0], [0.0, 0.0], [0.0, 0.0]]])
    of_the_day = np.array([0.5, 1.5, 1.0, 1.0])
    usual = _usual_with(found, values, of_the_day)
    close_to(usual[0, :, 0], [0.5, 1.5, 1, 1])
    close_to(usual[0, :, 1], [5, 15, 10, 10])
    close_to(_usual_with(found, values, 2 * of_the_day), usual)


def _usual_with(found: MarketSample, values: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Return the usual values where the pattern of the day is this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_module, "pattern_of", lambda _: pattern)
        return found.usual(values)


@pytest.mark.parametrize(
    ("sectors", "has_pairs"),
    [("AABB", True), ("AABBC", True), ("AAAB", False), ("AABC", False), ("AAAA", False)],
)
def test_pairs_need_two_sectors_of_two_symbols(sectors: str, has_pairs: bool) -> None:
    assert market(*[STEADY] * len(sectors), sectors=sectors).has_pairs is has_pairs


def test_density_is_the_trades_of_an_instrument_in_a_minute_as_median() -> None:
    busy = trades(*((n, 0.0) for n in range(20)))
    rare = trades((0, 0.0))
    assert market(STEADY, busy, rare).density == 1
    assert market(rare).density == 0.25


def test_a_day_of_23_hours_has_no_open_and_no_close() -> None:
    ends = trades((0, 0.0), (12, 0.0))
    assert market(ends, minutes=23 * 60 - 1).has_hours
    assert not market(ends, minutes=23 * 60).has_hours


# --- correlations -----------------------------------------------------------------------------


def test_at_an_interval_the_last_price_counts_however_old() -> None:
    """The second trades a sample earlier than the first, at the same prices; the third against."""
    path = [0.0, 2.0, 3.0, 3.0, 7.0, 1.0]
    first = trades(*((2 * n + 1, log) for n, log in enumerate(path)))
    second = trades(*((2 * n, log) for n, log in enumerate(path)))
    third = trades(*((2 * n + 1, -log) for n, log in enumerate(path)))
    found = market(first, second, third, sectors="AAB", minutes=2)
    assert found.correlation_at(2) == pytest.approx((1, -1))
    assert found.correlation_at(1) == pytest.approx((0, (0 - 1) / 2))


def test_correlations_at_an_interval_are_over_all_days() -> None:
    up, down = trades((0, 0.0), (1, 1.0)), trades((0, 0.0), (1, -2.0))
    days = MarketSample([[up, up], [up, down]], ["A", "A"], 1)
    within, across = days.correlation_at(1)
    assert within == pytest.approx((1 - 2) / ((1 + 1) * (1 + 4)) ** 0.5)
    assert np.isnan(across)


def test_moves_that_overlap_go_together_whenever_their_symbols_trade() -> None:
    """By hand: moves of 1 and 2 go with 2 and 3, and moves of 2 and 1 with 3 and 2; the sum of each
    is 8, and of the squares 5. Of five minutes the last trade counts.
    """
    first = trades((0, 0.0), (60, 1.0), (120, 3.0))
    second = trades((20, 99.0), (30, 0.0), (90, 2.0), (150, 3.0))
    sparse = market(first, second, minutes=15)
    assert sparse.correlation == pytest.approx((1.6, NAN), nan_ok=True)
    against = trades((0, 0.0), (60, -1.0), (120, -3.0))
    three = market(first, against, first, sectors="ABB", minutes=15)
    assert three.correlation == pytest.approx((-1, 0))
    both = MarketSample([[first, second], [first, first]], ["A", "A"], 15)
    assert both.correlation[0] == pytest.approx(1.3), "the mean of the days"


def test_a_pair_that_looks_different_from_both_sides_has_the_mean() -> None:
    """The first moves by 1 while the second, which had not traded before, moves by 2 and 1."""
    first = trades((70, 0.0), (130, 1.0))
    second = trades((100, 0.0), (160, 2.0), (230, 3.0))
    found = market(first, second, minutes=20)
    from_first, from_second = 1 * 2, 2 * 1 + 1 * 0
    assert found.correlation[0] == pytest.approx((from_first + from_second) / 2 / 5**0.5)


def test_a_symbol_that_never_moves_has_no_correlation() -> None:
    path, flat = trades((0, 0.0), (60, 1.0)), trades((0, 0.0), (60, 0.0))
    found = market(path, path, flat, minutes=10)
    assert found.correlation == pytest.approx((1, NAN), nan_ok=True)
