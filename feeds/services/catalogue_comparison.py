"""What a table of instruments would change in a feed: a dry run, and what is applied afterwards.

Must not write (services do).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import NOT_PROVIDED

from feeds.exceptions import InvalidImport
from feeds.models import Feed, Instrument
from feeds.services.audit import facts_of
from feeds.services.catalogue_table import COLUMNS, TableRow, read_table, write_table

FACTS: Final = COLUMNS
Facts = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """An instrument with its new values, and those facts that differ, before and after."""

    instrument: Instrument
    before: Facts
    after: Facts


@dataclass(frozen=True)
class Difference:
    """What a table would do: add, change, leave as it is; and which instruments it has not."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    missing: tuple[Instrument, ...]
    unchanged: int

    def digest(self) -> str:
        """Return what tells this difference from any other."""
        told = [
            [[one.instrument.symbol, one.before, one.after] for one in self.added + self.changed],
            [one.symbol for one in self.missing],
        ]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def table_of(feed: Feed) -> str:
    """Return the instruments of a feed as a table."""
    return write_table(facts_of(one, FACTS) for one in feed.instruments.order_by("symbol"))


def compare(feed: Feed, text: str) -> Difference:
    """Return what a table would change in a feed.

    Raises:
        InvalidImport: there are lines that cannot be taken; all of them are listed.
    """
    present = {one.symbol: one for one in feed.instruments.order_by("symbol")}
    rows = read_table(text)
    elsewhere = set(Instrument.objects.exclude(feed=feed).values_list("symbol", flat=True))
    faults: list[tuple[int, str]] = []
    changes: list[Change] = []
    for row in rows:
        try:
            changes.append(_change_of(row, feed, present, elsewhere))
        except ValidationError as error:
            faults += [(row.line, fault) for fault in _faults_of(error)]
    if faults:
        raise InvalidImport(faults)
    added = [one for one in changes if one.instrument.symbol not in present]
    changed = [one for one in changes if one.instrument.symbol in present and one.after]
    wanted = {row.texts["symbol"] for row in rows}
    return Difference(
        added=tuple(added),
        changed=tuple(changed),
        missing=tuple(one for symbol, one in present.items() if symbol not in wanted),
        unchanged=len(changes) - len(added) - len(changed),
    )


def _change_of(
    row: TableRow, feed: Feed, present: Mapping[str, Instrument], elsewhere: set[str]
) -> Change:
    symbol = row.texts["symbol"]
    if symbol in elsewhere:
        raise ValidationError({"symbol": f"{symbol} is an instrument of another feed."})
    instrument = present.get(symbol) or Instrument(feed=feed)
    before = facts_of(instrument, FACTS) if instrument.pk else {}
    for name, text in row.texts.items():
        setattr(instrument, name, _value_of(name, text))
    instrument.clean_fields(exclude=["feed"])
    instrument.clean()
    after = facts_of(instrument, FACTS)
    names = [name for name in FACTS if before.get(name) != after[name]]
    return Change(
        instrument,
        {name: before[name] for name in names if before},
        {name: after[name] for name in names},
    )


def _value_of(name: str, text: str) -> Any:
    """Return a cell as its field takes it; an empty one is the default, where there is one."""
    field: Any = Instrument._meta.get_field(name)
    if not text and field.default is not NOT_PROVIDED:
        return field.get_default()
    return text or (None if field.get_internal_type() != "CharField" else "")


def _faults_of(error: ValidationError) -> list[str]:
    return [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
