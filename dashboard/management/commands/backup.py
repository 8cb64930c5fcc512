"""Write database, recordings and key into one file, while the site runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dashboard.exceptions import BackupFailed
from dashboard.operations.backup import DataPaths, write_backup
from dashboard.operations.databases import dump


class Command(BaseCommand):
    """Make a backup; example: manage.py backup /var/backups/market.tar.gz"""

    help = "Write database, recordings and key into FILE; the site may go on running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file to write."""
        parser.add_argument("file", type=Path, help="a new file; only its owner can read it")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Write the file, and say what is in it.

        Raises:
            CommandError: it cannot be made.
        """
        paths = DataPaths(settings.MARKET_DATA_DIR / "secret_key", settings.MARKET_RECORDINGS_DIR)
        try:
            manifest = write_backup(
                options["file"].resolve(),
                paths,
                vendor=connection.vendor,
                dump=lambda file: dump(connection, file),
            )
        except BackupFailed as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(manifest.files)} files are in {options['file']}")
