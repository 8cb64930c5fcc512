"""Delete old rows: bars, notifications and their dispatches, alerts, audit entries, sessions."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from dashboard.feed_tasks import retention


class Command(BaseCommand):
    """Delete what is too old; example: manage.py prune --dry-run"""

    help = (
        "Delete bars, notifications, dispatches, firings, expired alerts and audit entries that "
        "are older than the settings say, and sessions and cache entries that have ended. The "
        "process of the feed does so every ten minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option to look only."""
        parser.add_argument("--dry-run", action="store_true", help="count them, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Print how many rows of each kind are, or would be, deleted."""
        kept = retention()
        found = kept.count_old() if options["dry_run"] else kept.prune()
        word = "to delete" if options["dry_run"] else "deleted"
        for kind, count in found.items():
            self.stdout.write(f"{count} {kind} {word}")
