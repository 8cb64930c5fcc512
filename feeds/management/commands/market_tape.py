"""Run the demo exchange on a virtual clock; print its events, its speed and its SHA-256."""

import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.engine.virtual_clock import demo_plan, tape_of
from feeds.exceptions import FeedError
from feeds.market.fingerprint import Fingerprint
from feeds.plan.calendars import EXCHANGES, Calendar


class Command(BaseCommand):
    """Print the fingerprint of a tape: the same seed gives the same bytes on any machine."""

    help = "Run the demo exchange as fast as the machine can and print its fingerprint."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options that define a tape, and how much to print."""
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--seconds", type=float, default=60.0)
        parser.add_argument("--instruments", type=int, default=60)
        parser.add_argument("--rate", type=float, default=200.0, help="ticks/s")
        parser.add_argument(
            "--hash", action="store_true", help="print the SHA-256 and nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run the tape and print the figures.

        Raises:
            CommandError: the options make no valid plan.
        """
        fingerprint, began_s = Fingerprint(), time.process_time()
        try:
            days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
            plan = demo_plan(
                days,
                seed=options["seed"],
                rate=options["rate"],
                instruments=options["instruments"],
            )
            for batch in tape_of(plan, options["seconds"]):
                fingerprint.add(batch.events)
        except FeedError as error:
            raise CommandError(str(error)) from None
        spent_s = time.process_time() - began_s
        if not options["hash"]:
            self.stdout.write(
                f"events={fingerprint.count} cpu_s={spent_s:.2f} "
                f"events_per_cpu_s={fingerprint.count / spent_s:.0f}"
            )
        self.stdout.write(fingerprint.hex())
