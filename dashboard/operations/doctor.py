"""Checks of an installation and probes of what it needs, each with its cure.

Must not know how findings are shown, or where settings come from.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from django import db
from django.contrib.staticfiles import finders
from django.core.checks import ERROR, WARNING, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from dashboard.exceptions import BackupFailed
from dashboard.operations.databases import check_sqlite
from dashboard.people.selectors import operators
from feeds.models import Feed

FREE_BYTES: Final = 1024**3
"""With less free disk space recordings and the log of the database may soon fill the disk."""
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
ASSETS: Final = ("js/pages/dashboard.js", "css/base.css", "admin/css/base.css")
"""Files that pages need: ours, and those of Django's admin."""


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Diagnosis(NamedTuple):
    """What one check found: a fact, and the cure unless all is well."""

    check: str
    level: Severity
    fact: str
    cure: str = ""


Probe = Callable[[], Iterator[Diagnosis]]


def examine(probes: dict[str, Probe]) -> Iterator[Diagnosis]:
    """Yield what each probe finds; one that fails in an unknown way is a finding as well."""
    for name, probe in probes.items():
        try:
            yield from probe()
        except Exception as error:
            fact = f"the check failed: {type(error).__name__}: {error}"
            yield Diagnosis(
                name, Severity.ERROR, fact, "Cure what the message says, and try again."
            )


def settings_hold() -> Iterator[Diagnosis]:
    """Run the system checks of Django and of the project."""
    found = [message for message in run_checks() if message.level >= WARNING]
    for message in found:
        level = Severity.ERROR if message.level >= ERROR else Severity.WARNING
        cure = message.hint or "See manage.py check."
        yield Diagnosis("settings", level, f"{message.id}: {message.msg}", cure)
    if not found:
        yield Diagnosis("settings", Severity.OK, "the system checks find nothing")


def former_keys_are_gone(keys: int, session_days: int) -> Iterator[Diagnosis]:
    """Say whether former keys of the site are still valid."""
    if not keys:
        yield Diagnosis("keys", Severity.OK, "only SECRET_KEY is valid")
        return
    fact = f"SECRET_KEY_FALLBACKS has {keys}: anybody who knows a former key can still sign with it"
    cure = (
        f"Take it out {session_days} days after the change: what was not used since then ends."
        " Take it out at once if somebody else knows a former key."
    )
    yield Diagnosis("keys", Severity.WARNING, fact, cure)


def database_answers() -> Iterator[Diagnosis]:
    """Ask the database, and look for migrations that are due."""
    try:
        connection.ensure_connection()
        due = _due_migrations()
    except db.Error as error:
        yield Diagnosis(
            "database",
            Severity.ERROR,
            f"{connection.vendor} cannot be used: {error}",
            "Start the database, and check DATABASE_URL or MARKET_DATA_DIR.",
        )
        return
    yield Diagnosis("database", Severity.OK, f"{connection.vendor} answers")
    if due:
        fact = f"{len(due)} migrations are due, the first is {due[0]}"
        yield Diagnosis("migrations", Severity.ERROR, fact, "Run manage.py migrate.")
        return
    yield Diagnosis("migrations", Severity.OK, "all are applied")
    yield from _rows()


def _due_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _rows() -> Iterator[Diagnosis]:
    feeds, people = Feed.objects.count(), operators().count()
    if feeds:
        yield Diagnosis("feeds", Severity.OK, f"there are {feeds}")
    else:
        cure = (
            "Add a feed and its instruments in the admin. To try the site out, run manage.py demo."
        )
        yield Diagnosis("feeds", Severity.WARNING, "there is none, so there is no market", cure)
    if people:
        yield Diagnosis("operators", Severity.OK, f"there are {people}")
    else:
        cure = "Run manage.py createsuperuser, or give staff the permissions of operators."
        yield Diagnosis("operators", Severity.WARNING, "nobody hears of trouble", cure)


def database_is_whole() -> Iterator[Diagnosis]:
    """Read every page of a SQLite database; PostgreSQL looks after its own."""
    if connection.vendor != "sqlite":
        return
    try:
        check_sqlite(Path(connection.settings_dict["NAME"]))
    except BackupFailed as error:
        cure = "Stop the site, and run manage.py restore with the newest backup."
        yield Diagnosis("integrity", Severity.ERROR, str(error), cure)
    else:
        yield Diagnosis("integrity", Severity.OK, "every page of the database can be read")


def data_is_safe(folder: Path) -> Iterator[Diagnosis]:
    """Look at the free disk space and the permissions of the data folder."""
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        cure = f"Run chown for the account of the site: {folder}"
        yield Diagnosis("data folder", Severity.ERROR, f"{folder} cannot be written", cure)
        return
    free = shutil.disk_usage(folder).free
    fact = f"{free / 1024**3:.1f} GiB are free in {folder}"
    if free < FREE_BYTES:
        cure = "Delete old recordings, shorten MARKET_BARS_DAYS, or move MARKET_DATA_DIR."
        yield Diagnosis("disk", Severity.WARNING, fact, cure)
    else:
        yield Diagnosis("disk", Severity.OK, fact)
    yield from _permissions(folder)


def _permissions(folder: Path) -> Iterator[Diagnosis]:
    secret = [
        folder / "secret_key",
        folder / "vapid_key.pem",
        folder / "accounts.json",
        *folder.glob("*.sqlite3*"),
    ]
    # In a folder that others cannot enter, the rights of its files do not matter.
    is_private = not folder.stat().st_mode & OTHERS
    open_files = [file.name for file in secret if file.exists() and file.stat().st_mode & OTHERS]
    if is_private or not open_files:
        yield Diagnosis("permissions", Severity.OK, f"only its owner reads the data in {folder}")
        return
    fact = f"others may read {', '.join(open_files)} in {folder}"
    yield Diagnosis("permissions", Severity.WARNING, fact, f"Run chmod 700 {folder}")


def assets_are_there() -> Iterator[Diagnosis]:
    """Look for some of the files that pages load."""
    missing = [name for name in ASSETS if finders.find(name) is None]
    if missing:
        cure = "Install the project again: uv sync, with the folder static/ beside manage.py."
        yield Diagnosis("static files", Severity.ERROR, f"{', '.join(missing)} are missing", cure)
    else:
        yield Diagnosis("static files", Severity.OK, "pages find their scripts and styles")
