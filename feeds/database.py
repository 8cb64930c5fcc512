"""Database connections in threads and tasks of our own.

Django looks after its connections at the beginning and the end of a request. Other code has to do
so itself: otherwise a connection that was lost stays lost, and one of a pool is never given back.
"""

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Final, ParamSpec, TypeVar

from django import db

T = TypeVar("T")
P = ParamSpec("P")
UNDEFINED_TABLE: Final = "42P01"
"""PostgreSQL's code for a table that does not exist."""


class Writability:
    """Whether this process can write to the database; `error` says why not, and is "" if it can."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.error = ""

    def note(self, error: str) -> None:
        """Note how the last attempt ended."""
        with self._lock:
            self.error = error


writability = Writability()
"""Whether this process can write. A failed write notes it, and a probe notes when it is over."""


def with_connection(work: Callable[P, T]) -> Callable[P, T]:
    """Make work that runs outside a request begin and end with sound connections."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        _give_back()
        try:
            return work(*args, **kwargs)
        except (db.OperationalError, db.InterfaceError):
            _renew_pools()
            raise
        finally:
            _give_back()

    return run


def why_unusable(error: BaseException) -> str:
    """Return in a line why the database cannot be used now; "" for errors about anything else.

    A group of errors is about the database when each of its errors is.
    """
    if isinstance(error, BaseExceptionGroup):
        reasons = [why_unusable(inner) for inner in error.exceptions]
        return reasons[0] if all(reasons) else ""
    if isinstance(error, db.OperationalError | db.InterfaceError):
        return _first_line(error)
    return f"{_first_line(error)}: run manage.py migrate" if _misses_table(error) else ""


def _misses_table(error: BaseException) -> bool:
    code = getattr(error.__cause__, "sqlstate", "")
    return isinstance(error, db.ProgrammingError) and code == UNDEFINED_TABLE


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _give_back() -> None:
    for connection in db.connections.all(initialized_only=True):
        # A file is never lost, and closing the last connection to one writes its log back.
        # Within a transaction of somebody else, the connection is theirs.
        if connection.vendor != "sqlite" and not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _renew_pools() -> None:
    """Let no pool hand out a connection from before: when one is lost, nearly all are."""
    for connection in db.connections.all(initialized_only=True):
        pool = getattr(connection, "pool", None)
        if pool is not None and not pool.closed:
            pool.drain()
