"""People and delivery as a Django app."""

from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.backends.sqlite3.base import DatabaseWrapper

from dashboard.checks import TAG, check_processes
from dashboard.private_files import make_private_file


class DashboardConfig(AppConfig):
    """Name the app; ready() starts nothing: it runs in every command, twice in runserver."""

    name = "dashboard"
    verbose_name = "Dashboard"

    def ready(self) -> None:
        """Register the system checks, and keep the database file private."""
        register(check_processes, TAG)
        connection_created.connect(_restrict_file)


def _restrict_file(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Make the file of SQLite private; it makes one at the first statement, with wider rights."""
    if isinstance(connection, DatabaseWrapper) and not connection.is_in_memory_db():
        make_private_file(Path(connection.settings_dict["NAME"]))
