"""Databases that take no writes: locked by another program, full or read-only."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from tests.support.served import Served
from tests.support.storage import locked


def limited(how: str) -> Callable[[Served], AbstractContextManager[None]]:
    """Return what makes the SQLite database of a server full or read-only for a while."""

    @contextmanager
    def limit(served: Served) -> Iterator[None]:
        served.limit_storage(how)
        try:
            yield
        finally:
            served.limit_storage("writable")

    return limit


STATES: Final[dict[str, Callable[[Served], AbstractContextManager[None]]]] = {
    "locked": lambda served: locked(served.folder),
    "full": limited("full"),
    "read-only": limited("read-only"),
}
