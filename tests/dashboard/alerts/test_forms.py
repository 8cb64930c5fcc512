"""The form of an alert: what it offers, what it refuses at which field, and what it says."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dashboard.alerts.forms import AlertForm, LineForm, NewLineForm
from dashboard.alerts.rules import Condition, Frequency, Kind, Match
from dashboard.models import Alert
from feeds.models import Instrument

FORM = {
    "symbol": "nvx", "kind_0": "above", "value_0": "100.5", "match": "any",
    "frequency": "every_time", "cooldown_s": "60", "hysteresis_percent": "2.5", "ends": "0",
    "name": "breakout",
}  # fmt: skip
PRICE = "1234567890.12345678"


def test_every_condition_but_the_first_may_be_none() -> None:
    kinds = [AlertForm().fields[f"kind_{index}"] for index in range(3)]
    assert [field.choices[0] for field in kinds] == [
        ("above", "Price is above"), ("", "None"), ("", "None"),
    ]  # fmt: skip
    assert [field.required for field in kinds] == [True, False, False]
    assert [field.label for field in kinds] == ["Condition", "Condition 2", "Condition 3"]


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("above", "0.00000001", None),
        ("above", "0", "Enter more than 0."),
        ("above", "", "Enter a value."),
        ("above", PRICE, None),
        ("above", PRICE + "9", "Ensure that there are no more than 18 digits in total."),
        ("rises", "1000", None),
        ("rises", "1000.1", "Enter 1000 or less."),
        ("near_high", "0", None),
        ("near_low", "0", None),
        ("rises", "0", "Enter more than 0."),
        ("stale", "1001", None),
        ("stale", "0", "Enter more than 0."),
        ("halt", "", None),
        ("halt", "0", None),
        ("above", "-1", "Ensure this value is greater than or equal to 0."),
    ],
)
def test_a_value_is_what_its_condition_can_have(kind: str, value: str, error: str | None) -> None:
    form = AlertForm(FORM | {"kind_2": kind, "value_2": value})
    assert form.errors.get("value_2", [None])[0] == error
    assert form.is_valid() is (error is None)


def test_a_form_says_all_that_was_chosen() -> None:
    more = {"kind_1": "rises", "value_1": "2", "kind_2": "falls", "value_2": "3"}
    form = AlertForm(FORM | more | {"window_s_2": "900"})
    assert form.is_valid()
    facts = form.facts()
    assert facts.conditions == (
        Condition(Kind.ABOVE, Decimal("100.5")),
        Condition(Kind.RISES, Decimal(2), 300),
        Condition(Kind.FALLS, Decimal(3), 900),
    )
    assert (facts.symbol, facts.list_id, facts.name) == ("NVX", None, "breakout")
    assert (facts.match, facts.frequency) == (Match.ANY, Frequency.EVERY_TIME)
    assert (facts.cooldown_s, facts.hysteresis_percent) == (60, Decimal("2.5"))
    assert facts.expires_at is None


def test_an_end_is_so_many_days_from_now() -> None:
    form = AlertForm(FORM | {"ends": "30"})
    assert form.is_valid()
    days = (form.facts().expires_at - timezone.now()).total_seconds() / 86_400
    assert 29.99 < days <= 30


def test_an_alert_of_a_chart_is_as_the_form_suggests() -> None:
    form = NewLineForm({"symbol": "nvx", "kind": "below", "price": "100.5"})
    assert form.is_valid()
    facts = form.facts()
    assert facts.conditions == (Condition(Kind.BELOW, Decimal("100.5")),)
    assert (facts.symbol, facts.cooldown_s, facts.hysteresis_percent) == ("NVX", 60, Decimal("0.1"))
    days = (facts.expires_at - timezone.now()).total_seconds() / 86_400
    assert 29.99 < days <= 30
    assert not NewLineForm({"symbol": "nvx", "kind": "rises", "price": "1"}).is_valid()


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({}, []),
        ({"alert": str(2**63 - 1), "index": "2"}, []),
        ({"alert": "0"}, ["alert"]),
        ({"alert": str(2**63)}, ["alert"]),
        ({"index": "-1"}, ["index"]),
        ({"index": "3"}, ["index"]),
        ({"price": "0"}, ["price"]),
        ({"price": "0.000000001"}, ["price"]),
    ],
)
def test_a_line_is_a_condition_of_an_alert_and_its_price(wrong, fields) -> None:
    form = LineForm({"alert": "1", "index": "0", "price": "0.00000001"} | wrong)
    assert list(form.errors) == fields


LINE, NEW_LINE, ALERT = LineForm.base_fields, NewLineForm.base_fields, AlertForm.base_fields
PRICES = (
    ["0.00000001", "9999999999.99999999"],
    ["0", "0.000000009", "1.000000001", "10000000000"],
)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (LINE["price"], *PRICES),
        (NEW_LINE["price"], *PRICES),
        (AlertForm().fields["value_0"], ["0", *PRICES[0]], ["-1", *PRICES[1][1:]]),
        (ALERT["hysteresis_percent"], ["0", "0.001", "50"], ["-0.001", "0.0001", "50.001", ""]),
        (ALERT["cooldown_s"], ["10", "60", "300", "900", "3600"], ["0", "9", "11", "3601", ""]),
        (ALERT["ends"], ["0", "1", "7", "30", "90"], ["-1", "2", "91", ""]),
        (ALERT["name"], ["", "x" * 60], ["x" * 61]),
    ],
)
def test_a_field_lies_within_its_limits(field, good, bad) -> None:
    for text in good:
        field.clean(text)
    for text in bad:
        with pytest.raises(ValidationError):
            field.clean(text)


@pytest.mark.parametrize(("sent", "window_s"), [("", 300), ("60", 60), ("3600", 3600)])
def test_a_move_without_a_window_is_within_five_minutes(sent, window_s) -> None:
    form = AlertForm(FORM | {"kind_0": "rises", "value_0": "2", "window_s_0": sent})
    assert form.is_valid(), form.errors
    assert form.facts().conditions[0].window_s == window_s


END = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
STORED = {
    "name": "breakout", "match": "any", "frequency": "every_time", "cooldown_s": 300,
    "hysteresis_percent": Decimal("2.5"),
}  # fmt: skip
CONDITIONS = [
    {"kind": "above", "value": "100.50", "window_s": 0},
    {"kind": "rises", "value": "2.0", "window_s": 900},
]
SHOWN = {
    "kind_0": "above", "value_0": Decimal("100.5"), "window_s_0": 0,
    "kind_1": "rises", "value_1": Decimal(2), "window_s_1": 900,
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "end", "shown"),
    [
        (
            {"instrument": Instrument(symbol="NVX")},
            END,
            {"symbol": "NVX", "list_id": None, "ends": "keep"},
        ),
        ({"watchlist_id": 7}, None, {"symbol": "", "list_id": 7, "ends": 0}),
    ],
)
def test_the_form_of_an_alert_begins_with_what_it_waits_for(place, end, shown) -> None:
    form = AlertForm(alert=Alert(**place, **STORED, conditions=CONDITIONS, expires_at=end))
    assert form.initial == {**STORED, **SHOWN, **shown}
    assert str(form.initial["value_0"]) == "100.5"
    first = ("keep", "As before: 2030-01-02 03:04 UTC") if end else (0, "Never")
    assert form.fields["ends"].choices[0] == first


def test_the_end_of_an_alert_is_kept_or_chosen_anew() -> None:
    alert = Alert(conditions=CONDITIONS, expires_at=END)
    ends = []
    for chosen in ("keep", "0"):
        form = AlertForm(FORM | {"ends": chosen}, alert=alert)
        assert form.is_valid(), form.errors
        ends.append(form.facts().expires_at)
    assert ends == [END, None]
    assert AlertForm(FORM | {"ends": "keep"}).errors.keys() == {"ends"}


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, False),
        ({"value_0": "x"}, False),
        ({"kind_1": "above", "value_1": "1"}, True),
        ({"kind_2": "halt"}, True),
        ({"value_2": "x"}, True),
    ],
)
def test_conditions_after_the_first_are_shown_once_they_are_filled_in(more, shown) -> None:
    assert AlertForm(FORM | more).has_more_conditions() is shown
