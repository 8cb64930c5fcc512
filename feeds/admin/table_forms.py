"""The forms of an import: the file, and how its columns are to be read.

Must not read files or write rows.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator

from feeds.models import Feed
from feeds.models.recordings import PREFIX_PATTERN
from feeds.recordings.layout import EXTRA, NEEDED, OPTIONAL, Layout, TableKind
from feeds.recordings.likely_causes import SEPARATORS
from feeds.recordings.table_times import UNIT_NAMES, Unit
from feeds.validators import CapitalsInput, SymbolInput

MOST_BYTES: Final = 64 * 1024 * 1024
"""Some 1.5 million rows, a minute of work; larger tables need the command import_recording."""
ROLES: Final = {
    "time": "Time or date",
    "clock": "Time of day, if beside the date",
    "symbol": "Symbol",
    "price": "Price",
    "size": "Size",
    "side": "Side (BUY or SELL)",
    "is_buyer_maker": "Buyer was the maker",
    "open": "Open",
    "high": "High",
    "low": "Low",
    "close": "Close",
    "volume": "Volume",
}
"""The columns that are read, by their labels."""
_PLACE: Final = "column_"


class TableForm(forms.Form):
    """A table of trades or bars, and the feed that has its instruments."""

    name = forms.CharField(max_length=80, help_text="Name of the recording.")
    feed = forms.ModelChoiceField(
        Feed.objects.all(),
        required=False,
        empty_label="None: make the instruments from the file",
        help_text="The symbols of the table are instruments of this feed.",
    )
    table = forms.FileField(
        label="CSV file",
        help_text="Trades or bars as CSV, gzip or xlsx. The next page shows how the columns were "
        "recognised, and changes nothing yet.",
    )

    def clean_table(self) -> "UploadedFile[Any]":
        """Refuse a file that would take too long within a request."""
        table: UploadedFile[Any] = self.cleaned_data["table"]
        if (table.size or 0) > MOST_BYTES:
            raise ValidationError(
                f"The file is larger than {MOST_BYTES:,} bytes; use manage.py import_recording."
            )
        return table


class MappingForm(forms.Form):
    """How a table is to be read, filled in with what was recognised."""

    key = forms.CharField(widget=forms.HiddenInput)
    file_name = forms.CharField(widget=forms.HiddenInput, max_length=255)
    name = forms.CharField(max_length=80)
    feed = TableForm.base_fields["feed"]
    kind = forms.ChoiceField(
        label="Rows are", choices=[(kind.value, kind.value.title()) for kind in TableKind]
    )
    symbol = SymbolInput(
        label="Symbol of all rows",
        required=False,
        help_text="If there is no column with symbols.",
    )
    unit = forms.ChoiceField(
        label="Whole numbers in times are",
        choices=[(unit.value, name) for unit, name in UNIT_NAMES.items()],
    )
    zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        help_text="For times without an offset.",
    )
    day_first = forms.BooleanField(required=False, label="Day before month, as in 31/01/2026")
    interval_s = forms.IntegerField(label="Seconds per bar", min_value=1, max_value=86_400)
    lot = forms.DecimalField(
        label="Lot size",
        required=False,
        min_value=Decimal("0.00000001"),
        max_value=Decimal(1),
        max_digits=9,
        decimal_places=8,
        help_text="Smallest step of the sizes, for instruments that are made of the table. Empty: "
        "the finest that is found.",
    )
    separator = forms.ChoiceField(
        choices=[("tab" if mark == "\t" else mark, name) for mark, name in SEPARATORS.items()]
    )
    decimal = forms.ChoiceField(
        label="Decimals after", choices=[(".", "a point"), (",", "a comma")]
    )
    skips = forms.IntegerField(
        label="Rows above the header", min_value=0, max_value=100, required=False
    )
    has_header = forms.BooleanField(required=False, label="The first row has names")
    sorts = forms.BooleanField(required=False, label="Sort the rows by time")
    rounds_prices = forms.BooleanField(required=False, label="Round prices to the tick size")
    rounds_times = forms.BooleanField(
        required=False, label="Move bars back to the start of their interval"
    )
    plays = forms.BooleanField(required=False, label="Make a feed that plays it")
    symbol_prefix = CapitalsInput(
        label="Prefix",
        required=False,
        max_length=6,
        validators=[RegexValidator(rf"\A{PREFIX_PATTERN}\Z", "Capital letters and digits only.")],
        help_text="Before each symbol of that feed: R makes NVX RNVX.",
    )

    def __init__(self, *args: Any, names: Sequence[str], may_play: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(available_timezones())
        self.fields["zone"].choices = [("", "none"), *((zone, zone) for zone in zones)]  # type: ignore[attr-defined]
        choices = [("", "—"), *((str(n), f"{n + 1}: {name}"[:60]) for n, name in enumerate(names))]
        for role, label in ROLES.items():
            field = forms.ChoiceField(label=label, choices=choices, required=False)
            self.fields[_PLACE + role] = field
        if not may_play:
            del self.fields["plays"], self.fields["symbol_prefix"]

    def column_fields(self) -> list[Any]:
        """Return the fields that name columns."""
        return [self[_PLACE + role] for role in ROLES]

    def other_fields(self) -> list[Any]:
        """Return the visible fields that do not name columns."""
        return [field for field in self.visible_fields() if not field.name.startswith(_PLACE)]

    def clean(self) -> dict[str, Any]:
        """Refuse a mapping that lacks a column."""
        found = super().clean() or self.cleaned_data
        if not self.errors and (missing := self.layout().missing()):
            raise ValidationError(f"Choose a column for {', '.join(missing)}.")
        return found

    def playing(self) -> dict[str, Any]:
        """Return whether a feed is to play the recording, and its prefix."""
        found = self.cleaned_data
        return {"plays": found.get("plays", False), "prefix": found.get("symbol_prefix", "")}

    def layout(self) -> Layout:
        """Return the layout that the form says."""
        found, kind = self.cleaned_data, TableKind(self.cleaned_data["kind"])
        used = (*NEEDED[kind], *OPTIONAL[kind], *EXTRA)
        places = {role: found.get(_PLACE + role) for role in ROLES if role in used}
        separator = found["separator"]
        return Layout(
            kind=kind,
            columns={role: int(place) for role, place in places.items() if place},
            separator="\t" if separator == "tab" else separator,
            unit=Unit(found["unit"]),
            skips=found["skips"] or 0,
            **{name: found[name] for name in _SAME},
        )


_SAME: Final = (
    *("symbol", "zone", "day_first", "interval_s", "lot", "decimal", "has_header", "sorts"),
    *("rounds_prices", "rounds_times"),
)


def initial_of(layout: Layout) -> dict[str, Any]:
    """Return the values of the form that say a layout."""
    return {
        "kind": layout.kind.value,
        "unit": layout.unit.value,
        "separator": "tab" if layout.separator == "\t" else layout.separator,
        "skips": layout.skips,
        **{name: getattr(layout, name) for name in _SAME},
        **{_PLACE + role: str(place) for role, place in layout.columns.items()},
    }
