"""What users send to the pages of their account: checks, and messages for the person who typed it.

Must not write rows.
"""

from typing import Any

from django import forms

from dashboard.people.access import SCOPE_TEXT, Scope
from dashboard.people.tokens import TOKEN_DAYS


class TokenForm(forms.Form):
    """A new token: what it is called, what it may be used for, and for how long."""

    name = forms.CharField(max_length=60, help_text="What it is for, such as “backtest laptop”.")
    scopes = forms.MultipleChoiceField(
        label="May be used for",
        choices=[(str(scope), text) for scope, text in SCOPE_TEXT.items()],
        initial=[Scope.MARKET, Scope.REST],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label="Ends",
        choices=[(days, f"after {days} days") for days in (7, 30, 90, 365)] + [(0, "never")],
        initial=TOKEN_DAYS,
        coerce=int,
    )

    def facts(self) -> dict[str, Any]:
        """Return what a token is made with."""
        return {**self.cleaned_data, "days": self.cleaned_data["days"] or None}
