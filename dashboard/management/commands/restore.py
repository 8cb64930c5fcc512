"""Put back what a backup holds: database, recordings and key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dashboard.exceptions import BackupFailed
from dashboard.operations.backup import DataPaths, read_backup
from dashboard.operations.databases import has_tables, load


class Command(BaseCommand):
    """Restore a backup; example: manage.py restore /var/backups/market.tar.gz"""

    help = "Put back database, recordings and key from FILE; stop every process of the site before."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file to read."""
        parser.add_argument("file", type=Path, help="from manage.py backup")
        parser.add_argument("--replace", action="store_true", help="replace what is there")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Put everything back, and say what to do next.

        Raises:
            CommandError: there is a database already, or the file is no whole backup.
        """
        if has_tables(connection) and not options["replace"]:
            raise CommandError("there is a database already: stop the site, and add --replace")
        paths = DataPaths(settings.MARKET_DATA_DIR / "secret_key", settings.MARKET_RECORDINGS_DIR)
        try:
            manifest = read_backup(
                options["file"].resolve(),
                paths,
                vendor=connection.vendor,
                load=lambda file: load(connection, file),
            )
        except BackupFailed as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(manifest.files)} files of {manifest.made_at} are back.")
        self.stdout.write("Next: manage.py migrate, then start the site.")
