"""The forms that only the flight deck has; those of the operators' commands are the admin's.

Must not write rows.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from feeds.models import Feed, Instrument, Intervention, Scenario
from feeds.services.interventions import LEAD
from feeds.validators import SymbolInput

if TYPE_CHECKING:
    RowForm: TypeAlias = forms.ModelForm[Any]
else:
    RowForm = forms.ModelForm

FARTHEST: Final = timedelta(days=366)
WHOLE: str = ""


def sector_field(feed: Feed) -> forms.ChoiceField:
    """Return a choice of a sector of a feed, or of the whole feed."""
    sectors = feed.instruments.order_by("sector").values_list("sector", flat=True).distinct()
    choices = [(WHOLE, "whole feed"), *((sector, sector) for sector in sectors)]
    return forms.ChoiceField(choices=choices, required=False)


class ScopeForm(forms.Form):
    """Which instruments of a feed: a single one by its symbol, else those of a sector, else all."""

    sector = forms.ChoiceField(required=False)
    symbol = SymbolInput(required=False)

    def __init__(self, *args: Any, feed: Feed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._instruments = feed.instruments.order_by("symbol")
        self.fields["sector"] = sector_field(feed)

    def clean_symbol(self) -> str:
        """Refuse a symbol that this feed does not have."""
        symbol: str = self.cleaned_data["symbol"]
        if symbol and not self._instruments.filter(symbol=symbol).exists():
            raise forms.ValidationError(f"This feed has no {symbol}.")
        return symbol

    def instruments(self) -> list[Instrument]:
        """Return the chosen instruments."""
        symbol, sector = self.cleaned_data["symbol"], self.cleaned_data["sector"]
        rows = self._instruments
        if symbol:
            return list(rows.filter(symbol=symbol))
        return list(rows.filter(sector=sector) if sector else rows)


class DisconnectForm(forms.Form):
    """The user whose connections end: the one with a key, or all of them without a key."""

    user = forms.ModelChoiceField(User.objects.all())
    connection = forms.CharField(max_length=64, required=False)
    reason = forms.CharField(
        max_length=200, error_messages={"required": "Say why; the audit keeps it."}
    )


class StartForm(forms.Form):
    """When something begins; at once if no time is given."""

    starts_at = forms.DateTimeField(
        required=False,
        label="Start (UTC)",
        help_text="Empty: at once.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
    )

    def clean_starts_at(self) -> datetime | None:
        """Refuse a time in the past, or too far away."""
        starts_at: datetime | None = self.cleaned_data["starts_at"]
        if starts_at is None:
            return None
        if starts_at < timezone.now():
            raise forms.ValidationError("This time is in the past.")
        if starts_at > timezone.now() + FARTHEST:
            raise forms.ValidationError(f"Choose a time within {FARTHEST.days} days.")
        return starts_at


class InterventionForm(StartForm, RowForm):
    """A shock or a regime of a feed."""

    field_order = ("kind", "size", "duration_s", "sector", "symbol", "starts_at", "reason")

    class Meta:
        model = Intervention
        fields = ("kind", "size", "duration_s", "sector", "symbol", "reason")

    def __init__(self, data: Any = None, *, feed: Feed, auto_id: str) -> None:
        super().__init__(data, instance=Intervention(feed=feed), auto_id=auto_id)
        self.fields["sector"] = sector_field(feed)
        self.fields["symbol"].widget.attrs |= {"list": "symbols", "autocomplete": "off"}

    def row(self) -> Intervention:
        """Return the unsaved row; "at once" is LEAD from now: the feed must hear of it first."""
        row: Intervention = self.instance
        row.place(self.cleaned_data["starts_at"] or timezone.now() + LEAD)
        return row


class ScenarioForm(StartForm):
    """Which scenario of a feed is run, and why."""

    scenario = forms.ModelChoiceField(Scenario.objects.none())
    reason = forms.CharField(max_length=200)
    field_order = ("scenario", "starts_at", "reason")

    def __init__(self, *args: Any, feed: Feed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scenario"] = forms.ModelChoiceField(feed.scenarios.all())
