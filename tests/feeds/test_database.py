"""Trouble of the database is distinguished from mistakes in the code."""

import psycopg
import pytest
from django.db import DataError, InterfaceError, OperationalError, ProgrammingError, connection

from feeds.database import why_unusable

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
