"""Trouble of the database is distinguished from mistakes in the code."""

from types import SimpleNamespace

import psycopg
import pytest
from django.db import DataError, InterfaceError, OperationalError, ProgrammingError, connection

from feeds import database
from feeds.database import why_unusable, with_connection

AWAY = OperationalError("connection failed\n\tIs the server running?")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


NO_TABLE = caused(ProgrammingError('"feeds_feed" is missing'), psycopg.errors.UndefinedTable())
NO_COLUMN = caused(ProgrammingError('"x" is missing'), psycopg.errors.UndefinedColumn())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AWAY, "connection failed"),
        (OperationalError(), "OperationalError"),
        (InterfaceError("the connection is closed"), "the connection is closed"),
        (NO_TABLE, '"feeds_feed" is missing: run manage.py migrate'),
        (NO_COLUMN, ""),
        (ProgrammingError("syntax error"), ""),
        (DataError("out of range"), ""),
        (ValueError("no number"), ""),
        (ExceptionGroup("tasks", [AWAY]), "connection failed"),
        (ExceptionGroup("tasks", [ExceptionGroup("more", [AWAY, NO_TABLE])]), "connection failed"),
        (ExceptionGroup("tasks", [AWAY, ValueError("no number")]), ""),
    ],
)
def test_a_reason_is_a_line_about_the_database(error: Exception, reason: str) -> None:
    assert why_unusable(error) == reason


@pytest.mark.django_db(transaction=True)
def test_a_database_without_tables_cannot_be_used() -> None:
    with pytest.raises((OperationalError, ProgrammingError)) as found, connection.cursor() as rows:
        rows.execute("SELECT * FROM table_of_tomorrow")
    assert "table_of_tomorrow" in why_unusable(found.value)


class Known:
    """A connection that this thread has opened, and what is done with it."""

    def __init__(self, vendor: str, *, is_within: bool = False, pool: object = None) -> None:
        self.vendor, self.in_atomic_block, self.pool = vendor, is_within, pool
        self.given_back = 0

    def close_if_unusable_or_obsolete(self) -> None:
        self.given_back += 1


class Pool:
    def __init__(self, *, closed: bool = False) -> None:
        self.closed, self.drained = closed, 0

    def drain(self) -> None:
        self.drained += 1


def opened(monkeypatch: pytest.MonkeyPatch, *connections: Known) -> None:
    def found(*, initialized_only: bool) -> list[Known]:
        assert initialized_only, "a thread must not open what it does not use"
        return list(connections)

    monkeypatch.setattr(database.db, "connections", SimpleNamespace(all=found))


def test_work_outside_requests_gives_connections_back_before_and_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, file = Known("postgresql"), Known("sqlite")
    theirs = Known("postgresql", is_within=True)
    opened(monkeypatch, ours, file, theirs)
    seen: list[int] = []
    assert with_connection(lambda number: seen.append(ours.given_back) or number)(5) == 5
    assert (seen, ours.given_back, file.given_back, theirs.given_back) == ([1], 2, 0, 0)


@pytest.mark.parametrize(
    ("error", "drained"), [(AWAY, 1), (InterfaceError("closed"), 1), (ValueError("no number"), 0)]
)
def test_a_lost_connection_empties_the_pools(
    monkeypatch: pytest.MonkeyPatch, error: Exception, drained: int
) -> None:
    pool, closed = Pool(), Pool(closed=True)
    ours = Known("postgresql", pool=pool)
    opened(monkeypatch, ours, Known("postgresql", pool=closed), Known("sqlite"))

    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        with_connection(fail)()
    assert (pool.drained, closed.drained, ours.given_back) == (drained, 0, 2)
