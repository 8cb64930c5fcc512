"""The width of a price band by tier, price and tick size; and the mean of a reference price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.plan.price_bands import PART_MS, WINDOW_PARTS, Band, BandRules, ReferencePrice
from feeds.sessions.circuit_breakers import LEVELS, CircuitBreakers, fall_of
from tests.support.market_script import definition


@pytest.mark.parametrize(
    ("tier", "price", "tick", "width"),
    [
        (1, 10_000, "0.01", 500),
        (2, 10_000, "0.01", 1_000),
        (1, 301, "0.01", 15),
        (1, 300, "0.01", 60),
        (2, 300, "0.01", 60),
        (1, 75, "0.01", 15),
        (2, 74, "0.01", 15),
        (1, 10, "0.01", 7),
        (1, 1, "0.01", 1),
        (1, 7_425, "0.0001", 1_500),
        (1, 6_248, "0.05", 312),
    ],
)
def test_the_width_of_a_band_follows_from_tier_and_price(
    tier: int, price: int, tick: str, width: int
) -> None:
    instrument = definition("NVX", tick=tick)
    assert BandRules(tier).width_ticks(instrument, price) == width


@given(st.integers(1, 10**9), st.sampled_from([1, 2]), st.booleans())
def test_a_band_holds_its_reference_and_a_price_of_at_least_a_tick(
    price: int, tier: int, is_doubled: bool
) -> None:
    low, high = BandRules(tier).band(definition("NVX"), price, is_doubled=is_doubled)
    assert 1 <= low <= price < high


def test_a_doubled_band_is_twice_as_wide() -> None:
    rules, instrument = BandRules(), definition("NVX")
    assert rules.band(instrument, 10_000, is_doubled=False) == Band(9_500, 10_500)
    assert rules.band(instrument, 10_000, is_doubled=True) == Band(9_000, 11_000)


def test_a_reference_is_the_mean_of_the_parts_of_five_minutes() -> None:
    reference = ReferencePrice()
    reference.roll(1, 3 * 100, 3, now=2)
    reference.roll(2, 200, 1, now=3)
    assert reference.ticks == 125
    reference.roll(3, 0, 0, now=1 + WINDOW_PARTS)
    assert reference.ticks == 125
    reference.roll(3, 0, 0, now=2 + WINDOW_PARTS)
    assert reference.ticks == 200
    assert PART_MS * WINDOW_PARTS == 5 * MINUTE_MS


def test_a_reference_without_trades_stays_in_force() -> None:
    reference = ReferencePrice()
    reference.begin(77)
    reference.roll(0, 0, 0, now=DAY_MS)
    assert reference.ticks == 77


@given(st.lists(st.integers(-500_000, 1_000_000)))
def test_breakers_go_off_at_most_once_for_each_level_and_only_deeper(falls: list[int]) -> None:
    breakers = CircuitBreakers()
    hits = [fall for fall in falls if breakers.hit(fall)[0]]
    assert hits == sorted(hits)
    assert len(hits) <= len(LEVELS)
    assert bool(hits) == any(fall >= 70_000 for fall in falls)


def test_an_index_is_the_mean_of_its_instruments_not_of_their_prices() -> None:
    assert fall_of([(90, 100), (10_000, 10_000)]) == 50_000
    assert fall_of([(110, 100)]) == -100_000
    assert fall_of([]) == 0
