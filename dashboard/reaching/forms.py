"""What people send to have their notifications go elsewhere: checks, and messages for them.

Must not write rows.
"""

from typing import Any

from django import forms

from dashboard.reaching.endpoints import LONGEST, ReachRules, read_endpoint
from dashboard.reaching.pushing import are_push_keys


class AddressForm(forms.Form):
    """The address of a receiver."""

    address = forms.CharField(max_length=LONGEST)

    def __init__(self, *args: Any, rules: ReachRules, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rules = rules

    def clean_address(self) -> str:
        """Refuse what cannot be sent to."""
        address: str = self.cleaned_data["address"]
        try:
            read_endpoint(address, self._rules)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        return address


class PushForm(AddressForm):
    """The subscription of a browser: the address at its push service, and two keys (base64url).

    `renewed`: the push service ended the former one, to which the person had said yes.
    """

    push_key = forms.CharField(max_length=100)
    push_auth = forms.CharField(max_length=40)
    renewed = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse what is no key."""
        sent = super().clean() or {}
        if not are_push_keys(sent.get("push_key", ""), sent.get("push_auth", "")):
            raise forms.ValidationError("These are no keys of a browser.")
        return sent


class MailForm(forms.Form):
    """Which notifications are sent by e-mail."""

    ALL = "all"
    WARNINGS = "warnings"
    which = forms.ChoiceField(choices=[(ALL, "All"), (WARNINGS, "Only warnings and critical")])


class WebhookForm(AddressForm):
    """A new webhook: its address, and what it is called."""

    address = forms.CharField(
        max_length=LONGEST,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text="Each notification is sent there with POST, as JSON.",
    )
    name = forms.CharField(max_length=60, help_text="What it is for, such as “team chat”.")
