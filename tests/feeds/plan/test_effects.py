"""Which effects are possible, to the last digit, and whose prices they change."""

import pytest

from feeds.exceptions import InvalidPlan
from feeds.plan.effects import Effect, EffectKind
from tests.support.market_script import definition

DAY_MS = 86_400_000
SHOCK, REGIME = EffectKind.SHOCK, EffectKind.REGIME


def effect(kind: EffectKind = SHOCK, size: float = 0.5, lasts_ms: int = 1_000, **on: str) -> Effect:
    return Effect(kind=kind, size=size, start_ms=5_000, end_ms=5_000 + lasts_ms, **on)


@pytest.mark.parametrize(
    ("kind", "size"), [(SHOCK, -0.9), (SHOCK, 1.0), (REGIME, 0.1), (REGIME, 10.0)]
)
def test_the_least_and_the_greatest_size_are_possible(kind: EffectKind, size: float) -> None:
    assert effect(kind, size).size == size


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        (SHOCK, -0.9001, r"shock was -0\.9001, expected -0\.9 to 1"),
        (SHOCK, 1.0001, "shock was"),
        (REGIME, 0.0999, r"regime was 0\.0999, expected 0\.1 to 10"),
        (REGIME, 10.001, "regime was"),
        (SHOCK, float("nan"), "shock was nan"),
    ],
)
def test_a_size_beyond_these_is_refused(kind: EffectKind, size: float, said: str) -> None:
    with pytest.raises(InvalidPlan, match=said):
        effect(kind, size)


@pytest.mark.parametrize("lasts_ms", [1, DAY_MS])
def test_an_effect_lasts_from_a_moment_to_a_day(lasts_ms: int) -> None:
    assert effect(lasts_ms=lasts_ms).end_ms == 5_000 + lasts_ms


@pytest.mark.parametrize("lasts_ms", [0, -1, DAY_MS + 1])
def test_an_effect_without_time_or_longer_than_a_day_is_refused(lasts_ms: int) -> None:
    with pytest.raises(InvalidPlan, match=f"effect lasted {lasts_ms} ms, expected 1 to {DAY_MS}"):
        effect(lasts_ms=lasts_ms)


@pytest.mark.parametrize(
    ("on", "touched"),
    [
        ({}, ["NVX", "ORB"]),
        ({"sector": definition("NVX").sector}, ["NVX", "ORB"]),
        ({"sector": "Nowhere"}, []),
        ({"symbol": "ORB"}, ["ORB"]),
        ({"symbol": "ORB", "sector": "Nowhere"}, ["ORB"]),
        ({"symbol": "QAL", "sector": definition("NVX").sector}, []),
    ],
)
def test_a_symbol_decides_before_a_sector(on: dict[str, str], touched: list[str]) -> None:
    found = [symbol for symbol in ("NVX", "ORB") if effect(**on).touches(definition(symbol))]
    assert found == touched
