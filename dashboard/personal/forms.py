"""What users send to change what is theirs: checks, and messages for the person who typed it.

Must not write rows.
"""

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from dashboard.models import Notification
from dashboard.personal.columns import COLUMNS
from dashboard.personal.list_text import SECTION_MARK, SEPARATORS
from dashboard.personal.preferences import VALUES
from dashboard.personal.watchlist_lines import NAME_LENGTH
from feeds.market.symbols import LONGEST_SYMBOL, symbols_in
from feeds.validators import CapitalsInput, SymbolInput, refuse_other_than_symbol

if TYPE_CHECKING:
    NotificationForm: TypeAlias = forms.ModelForm[Notification]
else:
    NotificationForm = forms.ModelForm

INTERVALS_S: Final = (1, 2, 5, 10)
DEFAULT_INTERVAL_S: Final = 2
IDS_PER_REQUEST: Final = 500
SYMBOLS_PER_REQUEST: Final = 2_000
LARGEST_ID: Final = 2**63 - 1
LIST_TEXT_LENGTH: Final = 20_000


class IntervalForm(forms.Form):
    """How often the polling page asks (seconds); a wrong value means the default."""

    interval = forms.TypedChoiceField(
        choices=[(seconds, f"{seconds} s") for seconds in INTERVALS_S], coerce=int
    )

    def interval_s(self) -> int:
        """Return the chosen interval, or the default."""
        return int(self.cleaned_data["interval"]) if self.is_valid() else DEFAULT_INTERVAL_S


class ListForm(forms.Form):
    """Which list is meant; the first without an id, or with that of a list not stored yet."""

    list = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID)


class SymbolForm(ListForm):
    """The symbol to remove, in upper or lower case."""

    symbol = SymbolInput()


class SymbolsField(CapitalsInput):
    """Symbols, as people paste them: with commas, quotes, bars or lines between them."""

    widget = forms.SelectMultiple  # the field may be repeated

    def clean(self, value: Any) -> list[str]:
        """Return each symbol once, in upper case and in their order."""
        parts = [str(part) for part in value or [""]]
        texts = [symbol for part in parts for symbol in symbols_in(part)]
        # For signs alone, such as `..`, the answer says that they are no symbol, and not that the
        # field is empty.
        texts = texts or [part for part in parts if part.strip(" ,;\t\r\n")]
        if len(texts) > SYMBOLS_PER_REQUEST:
            raise ValidationError(f"Send at most {SYMBOLS_PER_REQUEST} symbols at once.")
        # Nothing at all is cleaned as one empty symbol, so that the field says it is required.
        found = list(dict.fromkeys(super(SymbolsField, self).clean(s) for s in texts or [""]))
        # With several symbols the answer names the unknown ones, and takes the others.
        if len(found) == 1 or max(map(len, found)) > LONGEST_SYMBOL:
            refuse_other_than_symbol(max(found, key=len))
        return found


class SymbolsForm(ListForm):
    """The symbols to add, and how many lines of the list stand before them.

    `undo` says that they were removed a moment ago.
    """

    symbol = SymbolsField()
    place = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID)
    undo = forms.BooleanField(required=False)


class PlacedForm(ListForm):
    """Where a line goes: so many others stand before it then, or the one called `above` after it.

    An empty `above` means the end.
    """

    place = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID)

    def clean(self) -> dict[str, Any]:
        """Refuse a line that goes nowhere."""
        sent = super().clean() or {}
        if "above" not in self.data and sent.get("place") is None and not self.has_error("place"):
            self.add_error("place", "Send a place, or the line above which it goes.")
        return sent


class MoveForm(PlacedForm, SymbolForm):
    """The symbol to move, and its place: among all lines, or above another symbol."""

    above = SymbolInput(required=False)


class NameField(forms.CharField):
    """The name of a list: one line of text."""

    def __init__(self) -> None:
        super().__init__(max_length=NAME_LENGTH, validators=[_refuse_marks])

    def clean(self, value: Any) -> str:
        """Return the name with single spaces between its words."""
        return " ".join(str(super().clean(value)).split())


def _refuse_marks(name: str) -> None:
    if name.startswith(SECTION_MARK) or not name.isprintable():
        raise ValidationError("Use a name of letters, digits, signs and spaces.")


def _refuse_separators(name: str) -> None:
    if set(name) & SEPARATORS:
        raise ValidationError("Use a name without commas and semicolons.")


class ListNameForm(ListForm):
    """A list, and its new name."""

    name = NameField()


class TitleField(NameField):
    """The title of a section, which a list as text can hold."""

    default_validators = [_refuse_separators]


class SectionForm(ListForm):
    """A section of a list."""

    section = forms.CharField(max_length=NAME_LENGTH)


class NewSectionForm(ListForm):
    """A new section, and the symbol above which it begins: at the end of the list without one."""

    name = TitleField()
    above = SymbolInput(required=False)


class SectionNameForm(SectionForm):
    """A section, and its new name."""

    name = TitleField()


class MoveSectionForm(PlacedForm, SectionForm):
    """A section, and its place: among the sections, or above another one."""

    above = forms.CharField(max_length=NAME_LENGTH, required=False)


class NewListForm(forms.Form):
    """A new list: its name, and its lines as text, pasted or from a file."""

    name = NameField()
    text = forms.CharField(required=False, max_length=LIST_TEXT_LENGTH)


class MoveListForm(ListForm):
    """A list, and how many others stand before it."""

    to = forms.IntegerField(min_value=0, max_value=LARGEST_ID)


class ColumnsForm(forms.Form):
    """The columns of the table of prices, in order; none for the usual ones."""

    column = forms.MultipleChoiceField(choices=[(key, key) for key in COLUMNS], required=False)

    def clean_column(self) -> list[str]:
        """Return each column once."""
        return list(dict.fromkeys(self.cleaned_data["column"]))


class PreferenceForm(forms.Form):
    """A preference and its value; an empty value is the usual one."""

    name = forms.ChoiceField(choices=[(name, name) for name in VALUES])
    value = forms.CharField(max_length=20, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a value that the preference does not have."""
        sent = super().clean() or {}
        if sent.get("value") and sent["value"] not in VALUES.get(sent.get("name", ""), ()):
            self.add_error("value", "This preference has no such value.")
        return sent


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
