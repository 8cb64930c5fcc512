"""Import a table of trades or bars as a recording, which a replay feed can play."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from msgspec.structs import replace

from feeds.exceptions import InvalidImport, InvalidRecording
from feeds.management.ranges import refuse_out_of_range
from feeds.market.symbols import read_symbol
from feeds.models import Feed
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.likely_causes import SEPARATORS
from feeds.recordings.table_times import Unit
from feeds.services.table_imports import TableSource, apply_table, recognise_table

RANGES: Final = {"interval": (1, 86_400)}
MOST_CHARACTERS: Final = 64 * 1024**3
"""A command may take hours, so this only ends files that unpack without an end."""


class Command(BaseCommand):
    """Import a table; example: manage.py import_recording trades.csv --feed demo --name Monday"""

    help = (
        "Make a recording from a table of trades (time, symbol, price, size, optional side) or "
        "of bars (time, symbol, open, high, low, close, volume; time is the start of the bar). "
        "The file is CSV, gzip or xlsx; --recognise reads the columns of known vendors."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the table, its feed and how it is read."""
        parser.add_argument("table", type=Path, help="a file whose first row has the column names")
        parser.add_argument(
            "--feed", required=True, help="the feed whose instruments are the symbols"
        )
        parser.add_argument("--name", required=True, help="name of the recording")
        parser.add_argument("--kind", choices=[*TableKind], help="what the rows are (trades)")
        parser.add_argument("--interval", type=int, help="length of a bar in seconds (60)")
        parser.add_argument(
            "--recognise", action="store_true", help="find out columns, times and numbers"
        )
        parser.add_argument(
            "--unit", choices=[*Unit], help="what whole numbers as times count since 1970 (ms)"
        )
        parser.add_argument("--zone", help="time zone of times without an offset, such as UTC")
        parser.add_argument("--symbol", help="symbol of all rows, if no column has it")
        parser.add_argument(
            "--separator", choices=[*SEPARATORS, "tab"], help="what separates the columns (,)"
        )
        parser.add_argument("--sort", action="store_true", help="sort the rows by time")
        parser.add_argument(
            "--round", action="store_true", help="round prices to the tick size, bars to the grid"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import the table, or print what is wrong, a line for each cause.

        Raises:
            CommandError: nothing was imported.
        """
        feed = Feed.objects.filter(slug=options["feed"]).first()
        if feed is None:
            raise CommandError(f"there is no feed {options['feed']!r}")
        refuse_out_of_range(options, RANGES)
        try:
            source = TableSource(options["table"], self._layout(options), feed, MOST_CHARACTERS)
            recording, _, notes = apply_table(source, options["name"], plays=False, actor=None)
        except InvalidImport as error:
            for line, fault in error.faults:
                self.stderr.write(f"line {line}: {fault}")
            raise CommandError(f"{error.summary}, so nothing was imported") from None
        except (InvalidRecording, ValidationError, ZoneInfoNotFoundError, OSError) as error:
            reason = "; ".join(error.messages) if isinstance(error, ValidationError) else error
            raise CommandError(f"nothing was imported: {reason}") from None
        for note in notes:
            self.stdout.write(note)
        self.stdout.write(f"{recording}: {recording.ticks} trades in {recording.path}")

    def _layout(self, options: dict[str, Any]) -> Layout:
        """Return how the table is to be read: the options go before what is recognised."""
        layout = Layout(kind=TableKind.TRADES)
        if options["recognise"]:
            found = recognise_table(options["table"], options["table"].name)
            self.stdout.write("; ".join((found.vendor or "no known vendor", *found.notes)))
            layout = found.layout
        given = {
            "kind": options["kind"] and TableKind(options["kind"]),
            "interval_s": options["interval"],
            "unit": options["unit"] and Unit(options["unit"]),
            "zone": options["zone"],
            "symbol": read_symbol(options["symbol"] or ""),
            "separator": "\t" if options["separator"] == "tab" else options["separator"],
            **dict.fromkeys(("rounds_prices", "rounds_times"), options["round"] or None),
            "sorts": options["sort"] or None,
        }
        return replace(layout, **{name: value for name, value in given.items() if value})
