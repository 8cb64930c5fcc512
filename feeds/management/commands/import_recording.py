"""Import a table of trades or bars as a recording, which a replay feed can play."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from feeds.exceptions import InvalidImport, InvalidRecording
from feeds.management.ranges import refuse_out_of_range
from feeds.models import Feed
from feeds.recordings.csv_import import TableKind
from feeds.services.recordings import import_recording

RANGES: Final = {"interval": (1, 86_400)}


class Command(BaseCommand):
    """Import a table; example: manage.py import_recording trades.csv --feed demo --name Monday"""

    help = (
        "Make a recording from a CSV file of trades (time, symbol, price, size, optional side) or "
        "of bars (time, symbol, open, high, low, close, volume; time is the start of the bar)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the table, its feed and its kind."""
        parser.add_argument(
            "table", type=Path, help="a CSV file in UTF-8 that starts with the column names"
        )
        parser.add_argument(
            "--feed", required=True, help="the feed whose instruments are the symbols"
        )
        parser.add_argument("--name", required=True, help="name of the recording")
        parser.add_argument("--kind", choices=[*TableKind], default=TableKind.TRADES.value)
        parser.add_argument(
            "--interval", type=int, default=60, help="length of a bar in seconds (60)"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import the table, or print every wrong row.

        Raises:
            CommandError: nothing was imported.
        """
        feed = Feed.objects.filter(slug=options["feed"]).first()
        if feed is None:
            raise CommandError(f"there is no feed {options['feed']!r}")
        refuse_out_of_range(options, RANGES)
        try:
            with options["table"].open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                recording = import_recording(
                    feed,
                    options["name"],
                    lines,
                    kind=TableKind(options["kind"]),
                    interval_s=options["interval"],
                    actor=None,
                )
        except InvalidImport as error:
            for line, fault in error.faults:
                self.stderr.write(f"line {line}: {fault}")
            raise CommandError(f"{len(error.faults)} rows cannot be taken, so none was") from None
        except (InvalidRecording, ValidationError, OSError) as error:
            reason = "; ".join(error.messages) if isinstance(error, ValidationError) else error
            raise CommandError(f"nothing was imported: {reason}") from None
        self.stdout.write(f"{recording}: {recording.ticks} trades in {recording.path}")
