"""A market that lacks what a fact is about fails its band, with rare trades and with many.

The market is made with numpy alone: see tests/support/model_market.py.
"""

import pytest

from feeds.realism.judging import LEAST_DENSITY
from feeds.realism.statistics import FACTS
from tests.support.long_runs import CALCULATES
from tests.support.model_market import Model, model_market

pytestmark = [pytest.mark.slow, CALCULATES]

DENSITIES = [1.2, 47.0]
"""Trades per instrument and minute: those of the default demo at 50 and at 2,000 ticks/s."""
WRONG = {
    "a Gaussian random walk": (Model(clusters=False), {2, 3, 4, 5, 6, 7, 8}),
    "returns in random order": (Model(is_shuffled=True), {4, 5, 6, 7, 8}),
    "constant volatility with fat tails": (Model(clusters=False, tails=True), {4, 5, 6, 7, 8}),
    "independent instruments": (Model(factors=False), {10, 11}),
    "uniform volume over the day": (Model(busy_ends=False), {9}),
    "trades at random times": (Model(bursts=False), {12}),
    "returns that come again": (Model(momentum=0.3), {1}),
    "instruments that trade at the same time": (Model(is_synchronous=True), {11}),
}


def outside(model, density, **size):
    market = model_market(2, density, model, **size)
    return {fact.number for fact in FACTS if not fact.measure(market)[1]}


@pytest.mark.parametrize("density", [0.23, *DENSITIES])
def test_a_market_with_all_ingredients_is_in_every_band(density):
    assert density > LEAST_DENSITY
    assert outside(Model(), density, days=15, symbols=32) == set()


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("name", WRONG)
def test_a_market_without_an_ingredient_is_outside_of_the_bands_about_it(name, density):
    model, violated = WRONG[name]
    assert outside(model, density) >= violated


def test_a_control_is_wrong_in_what_it_says_and_not_in_everything():
    uniform, _ = WRONG["uniform volume over the day"]
    assert outside(uniform, DENSITIES[0], days=15, symbols=32) == {9}
