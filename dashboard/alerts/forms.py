"""What people say of an alert: checks, and messages for the person who typed it.

Must not write rows.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from django import forms
from django.utils import timezone

from dashboard.alerts.reading import conditions_of
from dashboard.alerts.rules import MAX_CONDITIONS, MOVES, PRICES, Condition, Frequency, Kind, Match
from dashboard.alerts.services import AlertFacts
from dashboard.alerts.wording import FREQUENCY_TEXT, KIND_TEXT, window_text
from dashboard.models import Alert
from feeds.validators import SymbolInput

WINDOWS_S: Final = (60, 300, 900, 3600)
COOLDOWNS_S: Final = {10: "10 s", 60: "1 min", 300: "5 min", 900: "15 min", 3600: "1 h"}
ENDS_DAYS: Final = {0: "Never", 1: "In a day", 7: "In a week", 30: "In 30 days", 90: "In 90 days"}
MATCH_TEXT: Final = {Match.ALL: "All conditions hold", Match.ANY: "Any condition holds"}
MAX_PERCENT: Final = 1000
WITHOUT_VALUE: Final = frozenset({Kind.HALT})
MAY_BE_ZERO: Final = frozenset({Kind.ABOVE_VWAP, Kind.BELOW_VWAP, Kind.NEAR_HIGH, Kind.NEAR_LOW})
KEPT: Final = "keep"
LARGEST_KEY: Final = 2**63 - 1
"""The largest primary key that a database takes."""


def _price_field() -> forms.DecimalField:
    return forms.DecimalField(min_value=Decimal("1e-8"), max_digits=18, decimal_places=8)


class LineForm(forms.Form):
    """The line of an alert on a chart, and the price that it is moved to."""

    alert = forms.IntegerField(min_value=1, max_value=LARGEST_KEY)
    index = forms.IntegerField(min_value=0, max_value=MAX_CONDITIONS - 1)
    price = _price_field()


class NewLineForm(forms.Form):
    """An alert at one price, with everything else as the form of alerts suggests it."""

    symbol = SymbolInput()
    kind = forms.ChoiceField(choices=[(str(kind), KIND_TEXT[kind]) for kind in sorted(PRICES)])
    price = _price_field()

    def facts(self) -> AlertFacts:
        """Return what a valid form says."""
        said, rest = self.cleaned_data, AlertForm.base_fields
        return AlertFacts(
            symbol=said["symbol"],
            conditions=(Condition(Kind(said["kind"]), said["price"]),),
            cooldown_s=rest["cooldown_s"].initial,
            hysteresis_percent=rest["hysteresis_percent"].initial,
            expires_at=timezone.now() + timedelta(days=rest["ends"].initial),
        )


class ConditionFields(NamedTuple):
    """The fields of one condition, for the page."""

    kind: forms.BoundField
    value: forms.BoundField
    window_s: forms.BoundField


class AlertForm(forms.Form):
    """An alert: what it is about, up to three conditions, and how often it fires."""

    symbol = SymbolInput(
        required=False,
        help_text="Empty: every symbol of a list.",
        widget=forms.TextInput(
            attrs={"list": "symbols", "autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    list_id = forms.TypedChoiceField(
        label="List",
        coerce=int,
        empty_value=None,
        required=False,
        help_text="The alert is for all its symbols when no symbol is named.",
    )
    match = forms.ChoiceField(
        label="Fires when", choices=[(str(key), text) for key, text in MATCH_TEXT.items()]
    )
    frequency = forms.ChoiceField(
        label="How often", choices=[(str(key), text) for key, text in FREQUENCY_TEXT.items()]
    )
    cooldown_s = forms.TypedChoiceField(
        label="Then quiet for", coerce=int, initial=60, choices=list(COOLDOWNS_S.items())
    )
    hysteresis_percent = forms.DecimalField(
        label="Re-arm after, %",
        min_value=0,
        max_value=50,
        decimal_places=3,
        initial=Decimal("0.1"),
        help_text="How far it must move back from the value.",
    )
    ends = forms.ChoiceField(label="Ends", choices=list(ENDS_DAYS.items()), initial=30)
    name = forms.CharField(max_length=60, required=False)

    def __init__(
        self,
        *args: Any,
        alert: Alert | None = None,
        lists: Iterable[tuple[int, str]] = (),
        **options: Any,
    ) -> None:
        """Fill in an alert, if there is one; `lists` are the person's, by key and name."""
        if alert is not None:
            options["initial"] = {**_initial_of(alert), **options.get("initial", {})}
        super().__init__(*args, **options)
        for index in range(MAX_CONDITIONS):
            self._add_condition(index)
        cast(forms.ChoiceField, self.fields["list_id"]).choices = [*lists] or [("", "Watchlist")]
        self._expires_at = None if alert is None else alert.expires_at
        if self._expires_at is not None:
            text = f"As before: {self._expires_at:%Y-%m-%d %H:%M} UTC"
            self.fields["ends"] = forms.ChoiceField(
                label="Ends", choices=[(KEPT, text), *ENDS_DAYS.items()]
            )

    def _add_condition(self, index: int) -> None:
        nothing = [] if index == 0 else [("", "None")]
        kinds = [(str(kind), text) for kind, text in KIND_TEXT.items()]
        windows = [(window, window_text(window)) for window in WINDOWS_S]
        number = "" if index == 0 else f" {index + 1}"
        self.fields[f"kind_{index}"] = forms.ChoiceField(
            label=f"Condition{number}", choices=[*nothing, *kinds], required=index == 0
        )
        self.fields[f"value_{index}"] = forms.DecimalField(
            label=f"Value{number}",
            required=False,
            min_value=0,
            max_digits=18,
            decimal_places=8,
            widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        )
        self.fields[f"window_s_{index}"] = forms.TypedChoiceField(
            label=f"Within{number}", coerce=int, choices=windows, initial=300, required=False
        )

    def condition_fields(self) -> list[ConditionFields]:
        """Return the fields of each condition."""
        return [
            ConditionFields(*(self[f"{name}_{index}"] for name in ConditionFields._fields))
            for index in range(MAX_CONDITIONS)
        ]

    def has_more_conditions(self) -> bool:
        """Say whether a condition after the first is filled in, rightly or wrongly."""
        more = self.condition_fields()[1:]
        return any(fields.kind.value() or fields.value.errors for fields in more)

    def rest(self) -> list[forms.BoundField]:
        """Return the fields below the conditions."""
        names = ("match", "frequency", "cooldown_s", "hysteresis_percent", "ends", "name")
        return [self[name] for name in names]

    def clean(self) -> dict[str, Any] | None:
        """Check that each condition has the value that its kind needs."""
        cleaned = super().clean()
        for index in range(MAX_CONDITIONS):
            self._check_value(index)
        return cleaned

    def _check_value(self, index: int) -> None:
        kind, value = (self.cleaned_data.get(f"{name}_{index}") for name in ("kind", "value"))
        if not kind or kind in WITHOUT_VALUE or f"value_{index}" in self.errors:
            return
        if value is None:
            self.add_error(f"value_{index}", "Enter a value.")
        elif value == 0 and kind not in MAY_BE_ZERO:
            self.add_error(f"value_{index}", "Enter more than 0.")
        elif kind not in PRICES and kind != Kind.STALE and value > MAX_PERCENT:
            self.add_error(f"value_{index}", f"Enter {MAX_PERCENT} or less.")

    def facts(self) -> AlertFacts:
        """Return what a valid form says."""
        said = self.cleaned_data
        indexes = (index for index in range(MAX_CONDITIONS) if said.get(f"kind_{index}"))
        return AlertFacts(
            symbol=said["symbol"],
            list_id=said["list_id"],
            conditions=tuple(self._condition(index) for index in indexes),
            name=said["name"],
            match=Match(said["match"]),
            frequency=Frequency(said["frequency"]),
            cooldown_s=said["cooldown_s"],
            hysteresis_percent=said["hysteresis_percent"],
            expires_at=self._ends_at(said["ends"]),
        )

    def _condition(self, index: int) -> Condition:
        said, kind = self.cleaned_data, Kind(self.cleaned_data[f"kind_{index}"])
        value = Decimal(0) if kind in WITHOUT_VALUE else said[f"value_{index}"]
        window_s = (said[f"window_s_{index}"] or WINDOWS_S[1]) if kind in MOVES else 0
        return Condition(kind, value, window_s)

    def _ends_at(self, ends: str) -> Any:
        if ends == KEPT:
            return self._expires_at
        return timezone.now() + timedelta(days=int(ends)) if int(ends) else None


def _initial_of(alert: Alert) -> dict[str, Any]:
    names = ("name", "match", "frequency", "cooldown_s", "hysteresis_percent")
    initial = {name: getattr(alert, name) for name in names}
    initial["symbol"] = "" if alert.instrument is None else alert.instrument.symbol
    initial["list_id"] = alert.watchlist_id
    initial["ends"] = KEPT if alert.expires_at else 0
    for index, condition in enumerate(conditions_of(alert)):
        initial[f"kind_{index}"] = str(condition.kind)
        initial[f"value_{index}"] = condition.value.normalize()
        initial[f"window_s_{index}"] = condition.window_s
    return initial
