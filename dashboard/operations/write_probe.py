"""Tries every few seconds whether the database takes writes, so that admins hear of it when not.

Must not know who is told. It writes nothing that stays. A thread of its own does it: a database
that is locked keeps nobody else waiting.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import disk_usage
from typing import Final

from django import db
from django.db import connection, transaction

from feeds.database import Writability, with_connection

EVERY_S: Final = 5.0
LEAST_FREE_BYTES: Final = 1024 * 1024
"""With less room than this the next write may be the last."""
PROBE_BYTES: Final = 16_384
"""More than a page of SQLite: a full database has no room for it."""
INSERT: Final = (
    "INSERT INTO django_session (session_key, session_data, expire_date) "
    "VALUES ('write probe', %s, '2000-01-01')"
)
DELETE: Final = "DELETE FROM django_session WHERE session_key = 'write probe'"


def try_to_write() -> None:
    """Write something and take it back.

    Raises:
        DatabaseError: the database takes no writes (of django.db).
    """
    is_file = connection.vendor == "sqlite"
    with transaction.atomic(), connection.cursor() as cursor:
        if is_file:
            cursor.execute(INSERT, ["x" * PROBE_BYTES])
        else:
            cursor.execute(DELETE)  # what is taken back would still need to be cleaned up
        transaction.set_rollback(True)
    # SQLite writes to the disk only what stays, so a full disk would not be noticed.
    name = Path(connection.settings_dict["NAME"])
    if is_file and name.exists() and disk_usage(name.parent).free < LEAST_FREE_BYTES:
        raise db.OperationalError("the disk of the database is full")


class WriteProbe:
    """Notes whether the database can be written, as long as it runs."""

    def __init__(
        self, writability: Writability, *, attempt: Callable[[], None] = try_to_write
    ) -> None:
        self._writability = writability
        self._attempt = with_connection(attempt)

    async def run(self) -> None:
        """Try every few seconds until cancelled."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="write-probe")
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                await asyncio.get_running_loop().run_in_executor(thread, self.look)
        finally:
            # The connection belongs to that thread; no other may close it.
            thread.submit(connection.close)
            thread.shutdown(wait=False)

    def look(self) -> None:
        """Try once."""
        try:
            self._attempt()
        except db.Error as error:
            self._writability.note(str(error) or type(error).__name__)
        else:
            self._writability.note("")
