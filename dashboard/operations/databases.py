"""Copies of the whole database, in one file, while the site runs; and back from the file.

Must not know rows. SQLite copies itself page by page and starts again when somebody writes;
PostgreSQL has pg_dump and pg_restore, which must be as new as the server.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper

from dashboard.exceptions import BackupFailed
from feeds.file_modes import FILE_MODE

SIDE_FILES: Final = ("-wal", "-shm")
"""What SQLite keeps beside a database; it belongs to that one database only."""
POSTGRES_TOOLS: Final = "install the PostgreSQL client (Debian: postgresql-client)"


def dump(connection: BaseDatabaseWrapper, file: Path) -> None:
    """Write the database of a connection into a new file.

    Raises:
        BackupFailed: it cannot be read, or a tool for it is missing.
    """
    if connection.vendor == "sqlite":
        _dump_sqlite(connection, file)
    elif connection.vendor == "postgresql":
        _run("pg_dump", connection, "--format=custom", "--no-owner", f"--file={file}")
    else:
        raise BackupFailed(f"there is no backup of {connection.vendor}: use its own tool")


def load(connection: BaseDatabaseWrapper, file: Path) -> None:
    """Replace the database of a connection by that of a file; nobody else may use it meanwhile.

    Raises:
        BackupFailed: the file is damaged, of another database, or a tool is missing.
    """
    connection.close()
    if connection.vendor == "sqlite":
        _load_sqlite(Path(connection.settings_dict["NAME"]), file)
    elif connection.vendor == "postgresql":
        # In one transaction: a restore that fails leaves the former database as it was.
        flags = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
        _run("pg_restore", connection, *flags, str(file))
    else:
        raise BackupFailed(f"there is no restore of {connection.vendor}: use its own tool")


def has_tables(connection: BaseDatabaseWrapper) -> bool:
    """Say whether there is anything in the database that a restore would replace."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite" and not Path(name).exists():
        return False
    return bool(connection.introspection.table_names())


def _dump_sqlite(connection: BaseDatabaseWrapper, file: Path) -> None:
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(file)) as copy:
            # In parts, so that the site can write between them.
            connection.connection.backup(copy, pages=1_000)
            # One file instead of three: a copy needs no log for writers.
            copy.execute("PRAGMA journal_mode=DELETE")
        check_sqlite(file)
    except sqlite3.Error as error:
        raise BackupFailed(f"the database cannot be copied: {error}") from None


def check_sqlite(file: Path) -> None:
    """Read every page of a database.

    Raises:
        BackupFailed: it is damaged, or no SQLite database.
    """
    try:
        # Read-only: SQLite would make a file that is missing, and call it whole.
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            [said] = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise BackupFailed(f"the database is damaged: {said}")


def _load_sqlite(database: Path, file: Path) -> None:
    check_sqlite(file)
    database.parent.mkdir(parents=True, exist_ok=True)
    # Beside it, as only a rename on the same disk is done at once or not at all.
    fresh = database.with_name(f"{database.name}.restored")
    shutil.copyfile(file, fresh)
    fresh.chmod(FILE_MODE)
    # The log of the former database would be applied to the new one.
    for ending in SIDE_FILES:
        database.with_name(database.name + ending).unlink(missing_ok=True)
    fresh.replace(database)


def _run(tool: str, connection: BaseDatabaseWrapper, *arguments: str) -> None:
    if shutil.which(tool) is None:
        raise BackupFailed(f"{tool} was not found: {POSTGRES_TOOLS}")
    command, environment = _address(tool, connection.settings_dict)
    done = subprocess.run(  # noqa: S603 a fixed tool with our own settings
        [*command, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{tool} failed: {done.stderr.strip()[-500:]}")


def _address(tool: str, facts: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return a tool with the address of the database; the password goes where nobody sees it."""
    flags = {"--host": facts["HOST"], "--port": facts["PORT"], "--username": facts["USER"]}
    given = [f"{flag}={value}" for flag, value in flags.items() if value]
    password = {"PGPASSWORD": facts["PASSWORD"]} if facts["PASSWORD"] else {}
    return [tool, "--no-password", f"--dbname={facts['NAME']}", *given], password
