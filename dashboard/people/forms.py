"""What users send to pages: checks, and messages for the person who typed it.

Must not write rows.
"""

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from dashboard.models import Notification
from dashboard.people.access import SCOPE_TEXT, Scope
from dashboard.people.tokens import TOKEN_DAYS

if TYPE_CHECKING:
    NotificationForm: TypeAlias = forms.ModelForm[Notification]
else:
    NotificationForm = forms.ModelForm

INTERVALS_S: Final = (1, 2, 5, 10)
DEFAULT_INTERVAL_S: Final = 2
IDS_PER_REQUEST: Final = 500
SYMBOLS_PER_REQUEST: Final = 2_000
LARGEST_ID: Final = 2**63 - 1


class IntervalForm(forms.Form):
    """How often the polling page asks (seconds); a wrong value means the default."""

    interval = forms.TypedChoiceField(
        choices=[(seconds, f"{seconds} s") for seconds in INTERVALS_S], coerce=int
    )

    def interval_s(self) -> int:
        """Return the chosen interval, or the default."""
        return int(self.cleaned_data["interval"]) if self.is_valid() else DEFAULT_INTERVAL_S


class SymbolForm(forms.Form):
    """The symbol to remove, in upper or lower case."""

    symbol = forms.CharField(max_length=12)

    def clean_symbol(self) -> str:
        """Return the symbol in upper case, as all symbols are."""
        return str(self.cleaned_data["symbol"]).upper()


class SymbolsField(forms.CharField):
    """Symbols, as people paste them: with commas, semicolons, spaces or lines between them."""

    widget = forms.SelectMultiple  # the field may be repeated

    def clean(self, value: Any) -> list[str]:
        """Return each symbol once, in upper case and in their order."""
        texts = [text for part in value or [""] for text in re.split(r"[\s,;]+", str(part)) if text]
        if len(texts) > SYMBOLS_PER_REQUEST:
            raise ValidationError(f"Send at most {SYMBOLS_PER_REQUEST} symbols at once.")
        return list(
            dict.fromkeys(super(SymbolsField, self).clean(s).upper() for s in texts or [""])
        )


class SymbolsForm(forms.Form):
    """The symbols to add, and how many symbols of the list stand before them."""

    symbol = SymbolsField(max_length=12)
    place = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID)


class IdListField(forms.IntegerField):
    """A field that can be repeated; its value is a list of row ids, or None when it is absent."""

    widget = forms.SelectMultiple
    default_validators = [MinValueValidator(1), MaxValueValidator(LARGEST_ID)]

    def clean(self, value: Any) -> list[int] | None:
        """Check every id."""
        texts = value or []
        if len(texts) > IDS_PER_REQUEST:
            raise ValidationError(f"Send at most {IDS_PER_REQUEST} ids at once.")
        return [super(IdListField, self).clean(text) for text in texts] or None


class ReadForm(forms.Form):
    """Which notifications were read; without an id, all of them."""

    id = IdListField()


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


class SendForm(NotificationForm):
    """A notification and its audience; valid only if somebody would get it."""

    EVERYONE, GROUP, USER = "everyone", "group", "user"

    to = forms.ChoiceField(
        choices=[(EVERYONE, "Everyone"), (GROUP, "A group"), (USER, "A user")],
        widget=forms.RadioSelect,
        initial=EVERYONE,
    )
    group = forms.ModelChoiceField(Group.objects.order_by("name"), required=False)
    user = forms.CharField(
        required=False, label="User name", max_length=150, widget=AdminTextInputWidget
    )

    class Meta:
        model = Notification
        fields = ("title", "body", "level")
        widgets = {"title": AdminTextInputWidget, "body": AdminTextareaWidget}

    def clean(self) -> dict[str, Any] | None:
        """Check that there are recipients; if not, put the error at the field that names them."""
        cleaned = super().clean()
        if not self.errors and (fact := self._why_nobody()):
            to = self.cleaned_data["to"]
            self.add_error("to" if to == self.EVERYONE else to, fact)
        return cleaned

    def recipients(self) -> QuerySet[User]:
        """Return the active users of the audience."""
        people = User.objects.filter(is_active=True)
        match self.cleaned_data["to"]:
            case self.GROUP:
                return people.filter(groups=self.cleaned_data["group"])
            case self.USER:
                return people.filter(username=self.cleaned_data["user"])
        return people

    def audience(self) -> str:
        """Return the audience in words, for the audit."""
        to = self.cleaned_data["to"]
        return to if to == self.EVERYONE else f"{to} {self.cleaned_data[to]}"

    def _why_nobody(self) -> str | None:
        to = self.cleaned_data["to"]
        if to != self.EVERYONE and not self.cleaned_data[to]:
            return f"Choose a {to}."  # a filter by no group would find everybody who is in none
        if self.recipients().exists():
            return None
        return {
            self.EVERYONE: "There is no active user.",
            self.GROUP: "No active user is in this group.",
            self.USER: "No active user has this name.",
        }[to]
