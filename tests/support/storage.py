"""Which database and bus the tests run on: SQLite and memory, or PostgreSQL and Redis.

    TEST_MARKET=shared uv run pytest …

runs Django's test database, and every process that a test starts, on the tests' own PostgreSQL.
A server that a test says nothing about then has a Redis and a feed of its own. Tests that are about
SQLite or the bus in memory say so: `@pytest.mark.embedded("reason")`. That run leaves them out.
"""

import atexit
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.support.places import ROOT
from tests.support.postgres_server import (
    MISSING,
    PostgresServer,
    at_port,
    find_programs,
    running_postgres,
)

IS_SHARED: Final = os.environ.get("TEST_MARKET") == "shared"
MIGRATED: Final = "migrated"
PORT: Final = "TEST_POSTGRES_PORT"
"""Where the first process of a run says which port its cluster has; workers of pytest read it."""


@cache
def cluster() -> PostgresServer:
    """Return the PostgreSQL of this run; the process that asks first starts it, and ends it.

    Raises:
        UsageError: there is no PostgreSQL to start.
    """
    if port := os.environ.get(PORT):
        return at_port(int(port))
    if find_programs() is None:
        raise pytest.UsageError(MISSING)
    stack = ExitStack()
    server = stack.enter_context(running_postgres())
    atexit.register(stack.close)
    os.environ[PORT] = str(server.port)
    return server


def database_url(folder: Path) -> str:
    """Return the address of the database that belongs to a data folder; make it when it is new."""
    return cluster().create(_name_of(folder))


def make_tables(folder: Path) -> None:
    """Make the database of a data folder with its tables, a copy of one that is made once.

    To migrate takes as long as to start a site, and every site would have to.
    """
    if IS_SHARED:
        cluster().create(_name_of(folder), template=_migrated())


@cache
def _migrated() -> str:
    with cluster().operator() as operator:
        # The lock is for the other workers of pytest: they wait until the first has made it.
        operator.execute("SELECT pg_advisory_lock(1)")
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if operator.execute(known, [MIGRATED]).fetchone() is None:
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                cwd=ROOT, env=os.environ | {
                    "DJANGO_SETTINGS_MODULE": "dashboard.settings",
                    "DATABASE_URL": cluster().create(MIGRATED),
                }, check=True,
            )  # fmt: skip
    return MIGRATED


def _name_of(folder: Path) -> str:
    return f"site_{sha256(bytes(folder)).hexdigest()[:16]}"


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process of the project, rather than of its tests."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    settings = {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "PYTHONPATH": path}
    settings["MARKET_DATA_DIR"] = str(folder)
    if IS_SHARED:
        settings["DATABASE_URL"] = database_url(folder)
    return os.environ | settings


def connect(folder: Path) -> sqlite3.Connection | psycopg.Connection:
    """Return a connection of another program to the database that belongs to a data folder."""
    if IS_SHARED:
        return psycopg.connect(database_url(folder))
    return sqlite3.connect(folder / "market.sqlite3")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let nobody else write to the database of a data folder; reading is possible."""
    with closing(connect(folder)) as rows:
        if IS_SHARED:
            found = rows.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            names = ", ".join(name for (name,) in found)
            rows.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
        else:
            rows.execute("BEGIN EXCLUSIVE")
        yield
        rows.rollback()
