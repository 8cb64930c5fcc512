"""An instrument list is a table with a line per instrument of a feed: compared and written.

The columns are named like the fields of an instrument. Must not write rows.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from import_export.fields import Field
from import_export.formats.base_formats import CSV, TSV
from import_export.resources import ModelResource
from import_export.results import RowResult
from import_export.widgets import Widget
from tablib import Dataset

from feeds.exceptions import InvalidImport
from feeds.market.symbols import read_symbol
from feeds.models import Feed, Instrument
from feeds.services.audit import facts_of
from feeds.services.list_text import read_text

KEY: Final = "symbol"
COLUMNS: Final = (
    KEY, "name", "sector", "tick_size", "reference_price", "volatility", "activity",
    "lot_size",
)  # fmt: skip
"""A list may lack all but the key: then the instruments keep what they have."""
NEEDED: Final = (KEY, "name", "sector", "reference_price")
"""What a list must say of a new instrument; the other columns have defaults."""
COLUMNS_TEXT: Final = (
    f"A new instrument needs {', '.join(NEEDED)}. The other columns have defaults: "
    f"{', '.join(name for name in COLUMNS if name not in NEEDED)}."
)
NUMBERS: Final = frozenset(COLUMNS) - {KEY, "name", "sector"}
UNITS: Final = frozenset({"tick_size", "lot_size"})
"""What stored bars count in."""
FORMATS: Final = {"csv": CSV(), "tsv": TSV()}
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "'")
Facts = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """An instrument with its new values, and the facts that differ, before and after."""

    instrument: Instrument
    before: Facts
    after: Facts


@dataclass(frozen=True)
class Difference:
    """What a list adds and changes, which instruments it lacks, and how many stay as they are."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    missing: tuple[Instrument, ...]
    unchanged: int

    @property
    def regridded(self) -> tuple[Instrument, ...]:
        """Return the instruments that get other units, in which their bars mean nothing."""
        return tuple(each.instrument for each in self.changed if UNITS & each.after.keys())

    def digest(self) -> str:
        """Return a hash that is the same only for the same changes of the same rows."""
        changes = [[c.instrument.symbol, c.before, c.after] for c in self.added + self.changed]
        missing = [instrument.symbol for instrument in self.missing]
        return hashlib.sha256(msgspec.json.encode([changes, missing])).hexdigest()


class CellWidget(Widget):  # type: ignore[misc]
    """A cell, read by the field of the model: its messages are plain, and numbers stay exact."""

    def __init__(self, field: Any) -> None:
        super().__init__()
        self.field = field

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:  # noqa: ARG002
        """Return the value of a cell, None for an empty number.

        Raises:
            ValueError: the field cannot read it; the library takes no other error of a cell.
        """
        text = _unguarded(value)
        if self.field.name == KEY:
            text = read_symbol(text)
        try:
            ProhibitNullCharactersValidator()(text)
            return self.field.to_python(text if self.field.empty_strings_allowed else text or None)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from None


class InstrumentResource(ModelResource):  # type: ignore[misc]
    """The instruments of one feed for django-import-export, which compares and never saves."""

    class Meta:
        model = Instrument
        fields = COLUMNS
        import_id_fields = (KEY,)
        skip_unchanged = True
        store_instance = True
        # The library's own difference is HTML with inline styles, which our CSP forbids.
        skip_html_diff = True

    def __init__(self, feed: Feed, lines: list[int] | None = None) -> None:
        super().__init__()
        self.feed = feed
        self.lines = lines or []
        self.present = {row.symbol: row for row in self.get_queryset()}
        others = Instrument.objects.exclude(feed=feed)
        self.elsewhere = set(others.values_list("symbol", flat=True))
        self.seen: dict[str, int] = {}

    @classmethod
    def field_from_django_field(cls, name: str, field: Any, readonly: bool) -> Field:
        """Let the field of the model read the cells."""
        widget = CellWidget(field)
        return Field(name, name, widget, default=field.default, readonly=readonly)

    def get_queryset(self) -> Any:
        """Return the instruments of the feed, without the feed: it would be copied with each."""
        return Instrument.objects.filter(feed=self.feed).order_by(KEY)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Refuse a symbol that an earlier line has."""
        line, symbol = self.lines[kwargs["row_number"] - 1], _symbol_in(row)
        first = self.seen.setdefault(symbol, line)
        if first != line:
            raise ValidationError({KEY: f"{symbol[:40]} is already in line {first}."})

    def get_instance(self, instance_loader: Any, row: Any) -> Instrument | None:  # noqa: ARG002
        """Return the present row of a line; the library would ask the database for each."""
        return self.present.get(_symbol_in(row))

    def init_instance(self, row: Any = None) -> Instrument:  # noqa: ARG002
        """Return a new instrument of the feed."""
        return Instrument(feed_id=self.feed.pk)

    def validate_instance(
        self, instance: Instrument, import_validation_errors: Any = None, **_: Any
    ) -> None:
        """Check the fields, then what they are together, without a query for each row."""
        errors = dict(import_validation_errors or {})
        try:
            instance.clean_fields(exclude={"feed", *errors})
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if instance.symbol in self.elsewhere:
            errors[KEY] = [f"{instance.symbol} is an instrument of another feed."]
        if errors:
            raise ValidationError(errors)
        instance.clean()

    def export_field(self, field: Field, instance: Instrument, **kwargs: Any) -> str:  # noqa: ARG002
        """Return a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
        text = str(facts_of(instance, [field.attribute])[field.attribute])
        # The library's own guard drops the first character, which would change the text for good.
        return f"'{text}" if text.startswith(_FORMULAS) else text


def write_list(feed: Feed, kind: str) -> str:
    """Return the instruments of a feed as a list of a kind, `csv` or `tsv`."""
    return str(FORMATS[kind].export_data(InstrumentResource(feed).export()))


def compare(feed: Feed, text: str) -> Difference:
    """Return what a list would change in a feed.

    Raises:
        InvalidImport: a line is wrong; all wrong lines are named.
    """
    read = read_text(text, COLUMNS, NUMBERS)
    rows, lines = Dataset(*read.rows, headers=read.names), read.lines
    resource = InstrumentResource(feed, lines)
    # `import_data` would save each row and roll back, which locks the database meanwhile.
    result = resource.import_data_inner(
        rows, dry_run=True, raise_errors=False, using_transactions=False, collect_failed_rows=False
    )
    if faults := [
        (line, fault)
        for line, row in zip(lines, result.rows, strict=True)
        for fault in _faults_of(row)
    ]:
        raise InvalidImport(faults)
    return Difference(
        added=tuple(_change_of(row) for row in result.rows if row.is_new()),
        changed=tuple(_change_of(row) for row in result.rows if row.is_update()),
        missing=tuple(
            row for symbol, row in resource.present.items() if symbol not in resource.seen
        ),
        unchanged=sum(row.is_skip() for row in result.rows),
    )


def _faults_of(row: RowResult) -> list[str]:
    if row.errors:
        raise row.errors[0].error  # no fault of the list
    found = row.validation_error.error_dict if row.validation_error else {}
    return [f"{name}: {' '.join(map(_message_of, errors))}" for name, errors in found.items()]


def _message_of(error: ValidationError) -> str:
    """Return the words for people: to them a number that is missing is not "null"."""
    return "This field cannot be blank." if error.code == "null" else " ".join(error.messages)


def _change_of(row: RowResult) -> Change:
    before = facts_of(row.original, COLUMNS) if row.original else {}
    after = facts_of(row.instance, COLUMNS)
    names = [name for name in COLUMNS if before.get(name) != after[name]]
    return Change(
        row.instance,
        {name: before[name] for name in names if before},
        {name: after[name] for name in names},
    )


def _symbol_in(row: Any) -> str:
    return read_symbol(_unguarded(row[KEY]))


def _unguarded(cell: str) -> str:
    """Return a cell without the blanks around it and the apostrophe that the export puts first."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULAS) else text
