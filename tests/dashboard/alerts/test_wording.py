"""Alerts in words: conditions, firings, and lengths of time as people say them."""

from decimal import Decimal

import pytest

from dashboard.alerts.rules import Condition, Firing, Kind, Match, Rule
from dashboard.alerts.wording import condition_text, firing_text, rule_text, span_text, times_text

ABOVE = Condition(Kind.ABOVE, Decimal("1234.50"))
RISES = Condition(Kind.RISES, Decimal("2"), 300)
HALT = Condition(Kind.HALT)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (ABOVE, "is above 1,234.5"),
        (Condition(Kind.BELOW, Decimal("100")), "is below 100"),
        (Condition(Kind.CROSSES_UP, Decimal("0.00005")), "crosses up 0.00005"),
        (Condition(Kind.CROSSES_DOWN, Decimal("1E+3")), "crosses down 1,000"),
        (RISES, "rises by 2 % within 5 min"),
        (Condition(Kind.FALLS, Decimal("2.50"), 90), "falls by 2.5 % within 90 s"),
        (Condition(Kind.RISES, Decimal(1), 3600), "rises by 1 % within 1 h"),
        (Condition(Kind.RISES, Decimal(1), 5400), "rises by 1 % within 90 min"),
        (Condition(Kind.ABOVE_VWAP, Decimal(1)), "is 1 % or more above VWAP"),
        (Condition(Kind.BELOW_VWAP, Decimal(1)), "is 1 % or more below VWAP"),
        (Condition(Kind.NEAR_HIGH, Decimal(1)), "is within 1 % of the day's high"),
        (Condition(Kind.NEAR_LOW, Decimal(1)), "is within 1 % of the day's low"),
        (Condition(Kind.VOLUME_SPIKE, Decimal(3)), "trades 3 times its usual volume in a minute"),
        (HALT, "is halted or paused"),
        (Condition(Kind.STALE, Decimal(30)), "has no tick for 30 s"),
    ],
)
def test_a_condition_is_a_part_of_a_sentence(condition: Condition, text: str) -> None:
    assert condition_text(condition) == text


@pytest.mark.parametrize(("match", "word"), [(Match.ALL, "and"), (Match.ANY, "or")])
def test_a_rule_says_how_its_conditions_combine(match: Match, word: str) -> None:
    text = f"NVX is above 1,234.5 {word} is halted or paused"
    assert rule_text("NVX", [ABOVE, HALT], match) == text


@pytest.mark.parametrize(
    ("key", "price", "conditions", "text"),
    [
        ("NVX", "1250.00", (0,), "NVX is above 1,234.5, at 1,250.00"),
        ("NVX", None, (1,), "NVX is halted or paused"),
        ("NVX~15", "1250.00", (0,), "NVX is above 1,234.5, at 1,250.00 (15 min late)"),
        ("NVX", "1250", (0, 1), "NVX is above 1,234.5 or is halted or paused, at 1,250"),
        ("NVX", None, (), "NVX is above 1,234.5 or is halted or paused"),
    ],
)
def test_a_firing_names_what_holds_and_the_price(key, price, conditions, text) -> None:
    rule = Rule(id=1, revision=1, keys=(key,), conditions=(ABOVE, HALT), match=Match.ANY)
    firing = Firing(
        rule=rule, key=key, epoch="e", sequence=1, at_ms=0,
        price=None if price is None else Decimal(price), conditions=conditions,
    )  # fmt: skip
    assert firing_text(firing) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "1 min"),
        (0.6, "1 min"),
        (2.6, "3 min"),
        (119, "119 min"),
        (120, "2 hours"),
        (149, "2 hours"),
        (2879, "48 hours"),
        (2880, "2 days"),
        (5184, "4 days"),
        (7200, "5 days"),
    ],
)
def test_a_length_of_time_is_said_in_whole_minutes_hours_or_days(minutes, text) -> None:
    assert span_text(minutes * 60_000) == text


@pytest.mark.parametrize(("count", "text"), [(1, "once"), (2, "2 times"), (0, "0 times")])
def test_a_number_of_times_is_said(count: int, text: str) -> None:
    assert times_text(count) == text
