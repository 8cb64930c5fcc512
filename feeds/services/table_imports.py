"""Import of an uploaded table in two steps: a dry run, and all of it or nothing on confirmation.

Both read the file that waits with the layout that a person saw. Must not know requests or forms.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from django.contrib.auth.models import User

from feeds.clock import SystemClock
from feeds.market.events import FeedState, Trade
from feeds.market.instruments import Definition
from feeds.models import Feed, Recording
from feeds.plan.calendars import utc_of
from feeds.plan.plans import FeedPlan
from feeds.recordings.csv_import import Rows, Table
from feeds.recordings.layout import Layout
from feeds.recordings.recognition import Recognised
from feeds.recordings.survey import definitions_of
from feeds.recordings.table_files import MOST_UNPACKED, recognise_file, rows_of, sample_of
from feeds.services.feeds import instrument_of
from feeds.services.recordings import import_table
from feeds.services.replays import check_symbols, make_replay

LOTS_SHOWN: Final = 10
"""Lot sizes that a dry run names."""


@dataclass(frozen=True)
class TableSource:
    """A table that is to be imported: its file, and how to read it.

    Without a feed the instruments are made from the table.
    """

    path: Path
    layout: Layout
    feed: Feed | None = None
    most: int = MOST_UNPACKED

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        """Open the rows."""
        with rows_of(self.path, self.layout.separator, most=self.most) as rows:
            yield rows

    def table(self, plan: FeedPlan) -> Table:
        """Return what reads the rows as trades of the plan's instruments."""
        clock = utc_of(self.layout.zone)
        return Table(plan, self.layout, now_ms=SystemClock().now_ms(), utc_of=clock)

    def plan(self) -> FeedPlan:
        """Return the plan with the instruments of the table.

        Raises:
            InvalidImport: the file cannot be read.
        """
        if self.feed is not None:
            return self.feed.plan()
        with self.rows() as rows:
            definitions = definitions_of(rows, self.layout)
        return FeedPlan(
            feed="import", name="Import", state=FeedState.RUNNING, rate=1.0, seed=1,
            definitions=definitions,
        )  # fmt: skip


@dataclass(frozen=True)
class TableOutcome:
    """What an import would give: its trades, their first and last time (UTC ms), and notes."""

    definitions: tuple[Definition, ...]
    rows: int
    trades: int
    first_ms: int
    last_ms: int
    notes: list[str]


class ImportedTable(NamedTuple):
    """What an import made: a recording, perhaps a feed, and notes of what was left out."""

    recording: Recording
    feed: Feed | None
    notes: list[str]


def recognise_table(path: Path, name: str) -> Recognised:
    """Return how an uploaded table seems to be laid out.

    Raises:
        InvalidImport: the file cannot be read as a table.
    """
    return recognise_file(path, name, now_ms=SystemClock().now_ms())


def column_names(path: Path, separator: str, skips: int, *, has_header: bool) -> list[str]:
    """Return the names of the columns of a file, or their numbers if it has no header.

    Raises:
        InvalidImport: the file cannot be read as a table.
    """
    with rows_of(path, separator) as rows:
        found = list(islice(sample_of(rows), skips, skips + 1))
    cells = [cell.strip() for cell in found[0]] if found else []
    return cells if has_header else [f"column {place + 1}" for place in range(len(cells))]


def try_table(source: TableSource, *, plays: bool = False, prefix: str = "") -> TableOutcome:
    """Read a whole table and say what it would give; nothing is kept.

    Raises:
        InvalidImport: some rows are wrong; all causes are named.
        ValidationError: a symbol of the feed that plays it is taken or not valid.
    """
    plan = source.plan()
    _check(plan, plays=plays, prefix=prefix)
    table = source.table(plan)
    trades, first_ms, last_ms = 0, 0, 0
    with source.rows() as rows:
        for event in table.events(rows):
            if isinstance(event, Trade):
                trades += 1
                first_ms, last_ms = first_ms or event.ts_event, event.ts_event
    notes = [*table.findings.lines(), *_lot_notes(plan)]
    return TableOutcome(plan.definitions, table.findings.rows, trades, first_ms, last_ms, notes)


def apply_table(
    source: TableSource, name: str, *, plays: bool, prefix: str = "", actor: User | None
) -> ImportedTable:
    """Make a recording from a table, and a feed that plays it if `plays`.

    Raises:
        InvalidImport: some rows are wrong; nothing is kept.
        InvalidRecording: the folder cannot be written to.
        ValidationError: the name or a symbol is taken or not valid; nothing is kept.
    """
    plan = source.plan()
    _check(plan, plays=plays, prefix=prefix)
    table = source.table(plan)
    origin = source.feed or Feed(slug="import")
    with source.rows() as rows:
        recording = import_table(origin, name, table, rows, actor=actor)
    notes = table.findings.lines()
    if not plays:
        return ImportedTable(recording, None, notes)
    feed = make_replay(recording, plan.definitions, name=name, prefix=prefix, actor=actor)
    return ImportedTable(recording, feed, notes)


def _lot_notes(plan: FeedPlan) -> list[str]:
    """Return the lot sizes of instruments whose sizes are no whole numbers."""
    found = [each for each in plan.definitions if each.lot_size != 1]
    shown = ", ".join(f"{each.symbol} {each.lot_size:f}" for each in found[:LOTS_SHOWN])
    more = f" and {len(found) - LOTS_SHOWN:,} more" if len(found) > LOTS_SHOWN else ""
    return [f"lot sizes: {shown}{more}"] if found else []


def _check(plan: FeedPlan, *, plays: bool, prefix: str) -> None:
    if plays:
        check_symbols(instrument_of(Feed(), made, prefix) for made in plan.definitions)
