"""What the flight deck asks of an operator besides what the admin of feeds asks already.

Must not do anything. Called by deck.pages.
"""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from feeds.models import Feed, Instrument

WHOLE: str = ""
SHOWN: int = 32
"""Characters of a wrong symbol that an error repeats."""


class ScopeForm(forms.Form):
    """Which instruments of a feed: one by its symbol, else those of a sector, else all."""

    sector = forms.ChoiceField(required=False)
    symbol = forms.CharField(max_length=SHOWN, required=False)
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, feed: Feed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._instruments = feed.instruments.order_by("symbol")
        sectors = self._instruments.order_by("sector").values_list("sector", flat=True).distinct()
        choices = [(WHOLE, "whole feed"), *((sector, sector) for sector in sectors)]
        self.fields["sector"] = forms.ChoiceField(choices=choices, required=False)

    def clean_symbol(self) -> str:
        """Refuse a symbol that this feed does not have."""
        symbol: str = self.cleaned_data["symbol"].strip().upper()
        if symbol and not self._instruments.filter(symbol=symbol).exists():
            raise forms.ValidationError(f"This feed has no {symbol}.")
        return symbol

    def instruments(self) -> list[Instrument]:
        """Return what was chosen."""
        symbol, sector = self.cleaned_data["symbol"], self.cleaned_data["sector"]
        rows = self._instruments
        if symbol:
            return list(rows.filter(symbol=symbol))
        return list(rows.filter(sector=sector) if sector else rows)


class HaltScopeForm(ScopeForm):
    """The same, with a reason."""

    reason = forms.CharField(
        max_length=200, error_messages={"required": "A halt needs a reason; everyone will read it."}
    )


class DisconnectForm(forms.Form):
    """Whose connection: all of them without a key."""

    user = forms.ModelChoiceField(User.objects.all())
    connection = forms.CharField(max_length=64, required=False)
    reason = forms.CharField(
        max_length=200, error_messages={"required": "Say why; the audit keeps it."}
    )
