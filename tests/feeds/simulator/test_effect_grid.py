"""Which steps an intervention changes, of which instruments, and by how much."""

import pytest
from msgspec.structs import replace

from feeds.plan.effects import Effect, EffectKind
from feeds.simulator.effect_grid import Effects, EffectSteps, log_change_of
from tests.support.market_script import definition

STEP_MS = 50
LN2 = 0.6931471805599453
LISTED = [
    replace(definition(symbol), sector=sector)
    for symbol, sector in (("NVX", "Technology"), ("ORB", "Energy"), ("QAL", "Technology"))
]


def shock(start_ms: int, end_ms: int, size: float = 1.0, **on: str) -> Effect:
    return Effect(kind=EffectKind.SHOCK, size=size, start_ms=start_ms, end_ms=end_ms, **on)


def regime(start_ms: int, end_ms: int, size: float, **on: str) -> Effect:
    return Effect(kind=EffectKind.REGIME, size=size, start_ms=start_ms, end_ms=end_ms, **on)


def steps(*effects: Effect, begin: int = 0, count: int = 8) -> EffectSteps:
    found = Effects(effects, LISTED, STEP_MS).between(begin, count)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "pushes"),
    [
        (100, 300, [0, 0, LN2 / 4, LN2 / 4, LN2 / 4, LN2 / 4, 0, 0]),
        (101, 300, [0, 0, 0, LN2 / 3, LN2 / 3, LN2 / 3, 0, 0]),
        (100, 301, [0, 0, *[LN2 / 5] * 5, 0]),
        (101, 102, [0, 0, 0, LN2, 0, 0, 0, 0]),
        (99, 101, [0, 0, LN2, 0, 0, 0, 0, 0]),
        (0, 1, [LN2, 0, 0, 0, 0, 0, 0, 0]),
        (0, 800, [LN2 / 16] * 8),
    ],
)
def test_a_shock_is_spread_over_the_steps_that_begin_within(
    start_ms: int, end_ms: int, pushes: list[float]
) -> None:
    """If none does, it is the next one. The price doubles."""
    found = steps(shock(start_ms, end_ms))
    for column in range(3):
        assert found.pushes[:, column].tolist() == pytest.approx(pushes)
    assert (found.factors == 1).all()
    assert found.is_pushed.tolist() == [True] * 3


def test_a_regime_multiplies_volatility_and_pushes_nothing() -> None:
    found = steps(regime(100, 200, 3.0), regime(150, 250, 0.5, symbol="ORB"), count=6)
    assert found.factors.T.tolist() == [
        [1, 1, 3, 3, 1, 1], [1, 1, 3, 1.5, 0.5, 1], [1, 1, 3, 3, 1, 1],
    ]  # fmt: skip
    assert not found.pushes.any()
    assert found.is_pushed.tolist() == [False] * 3


@pytest.mark.parametrize(
    ("on", "touched"),
    [
        ({}, [True, True, True]),
        ({"sector": "Technology"}, [True, False, True]),
        ({"symbol": "ORB"}, [False, True, False]),
        ({"symbol": "ORB", "sector": "Technology"}, [False, True, False]),
    ],
)
def test_only_what_it_is_on_is_touched(on: dict[str, str], touched: list[bool]) -> None:
    found = steps(shock(0, 100, **on), regime(0, 100, 2.0, **on))
    assert found.is_pushed.tolist() == touched
    assert (found.pushes.sum(axis=0) > 0).tolist() == touched
    assert (found.factors[0] == 2).tolist() == touched


def test_shocks_that_overlap_add_up() -> None:
    found = steps(shock(0, 100), shock(50, 150, -0.5, symbol="NVX"), count=4)
    assert found.pushes[:, 0].tolist() == pytest.approx([LN2 / 2, 0, -LN2 / 2, 0])
    assert found.pushes[:, 1].tolist() == pytest.approx([LN2 / 2, LN2 / 2, 0, 0])


def test_steps_may_begin_within_an_effect() -> None:
    found = steps(shock(100, 300), begin=4, count=3)
    assert found.pushes[:, 0].tolist() == pytest.approx([LN2 / 4, LN2 / 4, 0])
    assert steps(shock(100, 300), begin=5, count=1).pushes.any()
    assert steps(shock(100, 300), begin=0, count=3).pushes[2].all()


@pytest.mark.parametrize(("begin", "count"), [(0, 2), (6, 4), (1, 1), (100, 8)])
def test_without_an_effect_there_is_nothing(begin: int, count: int) -> None:
    assert Effects([shock(100, 300)], LISTED, STEP_MS).between(begin, count) is None
    assert Effects([], LISTED, STEP_MS).between(begin, count) is None


def test_the_change_of_a_log_price_is_that_of_mathematics() -> None:
    found = [log_change_of(size) for size in (1.0, 0.0, -0.5, -0.9, 0.1)]
    expected = [LN2, 0.0, -LN2, -2.302585092994046, 0.09531017980432493]
    assert found == pytest.approx(expected)
