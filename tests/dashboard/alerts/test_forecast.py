"""What bars tell of a rule: the days of the exchange count, and what happens within a minute."""

from decimal import Decimal

import pytest

from dashboard.alerts.forecast import can_forecast, forecast
from dashboard.alerts.rules import Condition, Frequency, Kind, Rule
from feeds.market.bars import DAY_MS, MINUTE_MS, Bar

MONDAY_MS = 20_000 * DAY_MS
TICK = Decimal("0.01")


def rule_of(kind: Kind, value: str) -> Rule:
    conditions = (Condition(kind, Decimal(value)),)
    return Rule(
        id=1, revision=0, keys=("NVX",), conditions=conditions, frequency=Frequency.EVERY_TIME
    )


def bar(minute: int, *prices: int, day: int = 0) -> Bar:
    """Return a bar with these prices in ticks: open, high, low and close, or one for all."""
    open_, high, low, close = prices if len(prices) == 4 else prices * 4
    return Bar(MONDAY_MS + day * DAY_MS + minute * MINUTE_MS, open_, high, low, close, 8, 4)


def places(rule: Rule, *bars: Bar) -> list[float]:
    """Return when it fires, in minutes since the first midnight."""
    return [(firing.at_ms - MONDAY_MS) / MINUTE_MS for firing in forecast(rule, TICK, bars)]


def test_the_high_of_a_day_lasts_until_its_end_and_no_longer() -> None:
    near_high = rule_of(Kind.NEAR_HIGH, "1")
    fallen = [bar(1, 9_000), bar(2, 9_000), bar(600, 9_000)]
    assert places(near_high, bar(0, 10_000), *fallen) == [0]
    next_day = [bar(0, 9_000, day=1), bar(1, 8_000, day=1)]
    assert places(near_high, bar(0, 10_000), *fallen, *next_day) == [0, 1440]


@pytest.mark.parametrize(
    ("prices", "above", "below"),
    [
        ((9_900, 10_200, 9_800, 10_000), [0.5], [0.25]),
        ((10_100, 10_200, 9_800, 9_900), [0.25], [0.5]),
    ],
    ids=["a bar that rose was low first", "a bar that fell was high first"],
)
def test_a_bar_stands_for_four_trades(
    prices: tuple[int, int, int, int], above: list[float], below: list[float]
) -> None:
    assert places(rule_of(Kind.ABOVE, "101.5"), bar(0, *prices)) == above
    assert places(rule_of(Kind.BELOW, "98.5"), bar(0, *prices)) == below


@pytest.mark.parametrize("kind", Kind)
def test_bars_tell_of_everything_but_halts_and_silence(kind: Kind) -> None:
    assert can_forecast(rule_of(kind, "1")) is (kind not in {Kind.HALT, Kind.STALE})
