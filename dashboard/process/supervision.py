"""Keeps the long-lived parts of a process running: a part that crashes is started again.

Must not know what the parts do. A database that cannot be used is no crash: it may start later than
this process, or be restarted. The log then says so in a line, and the part tries again soon.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from feeds.clock import Clock
from feeds.database import why_unusable

log = logging.getLogger(__name__)
FIRST_BACKOFF_S: Final = 0.5
LAST_BACKOFF_S: Final = 10.0
LAST_DATABASE_S: Final = 2.0
"""Longest wait for a database. When it is back it is used within 5 s, an attempt included."""
ATTEMPT_S: Final = 20.0
"""No attempt to reach a database takes as long, so a part that ran for longer had reached it."""
WELL_S: Final = 60.0
"""A part that ran for this long was healthy: its waits begin with the shortest again."""

Part = Callable[[], Coroutine[Any, Any, None]]


async def supervise(part: Part, *, clock: Clock) -> None:
    """Run a part until cancelled; after each crash wait twice as long, from 0.5 to 10 s."""
    rest = _Rest(part.__qualname__)
    while True:
        began_s = clock.monotonic()
        try:
            await part()
        # A cancellation is no Exception, so it ends the part and this loop.
        except Exception as error:
            rest.note(error, ran_s=clock.monotonic() - began_s)
        await asyncio.sleep(rest.next_s())


class _Rest:
    """How long a part rests after its failures, and what the log says of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._backoff_s = FIRST_BACKOFF_S
        self._missed = ""
        """Why the database could not be used at the last attempt; the log says each reason once."""

    def next_s(self) -> float:
        """Return how long to rest now; the next time is twice as long."""
        backoff_s = self._backoff_s
        self._backoff_s = min(LAST_BACKOFF_S, backoff_s * 2)
        return backoff_s

    def note(self, error: Exception, *, ran_s: float) -> None:
        """Log a failure of a part; `ran_s` says how long the part had run."""
        if ran_s >= WELL_S:
            self._backoff_s = FIRST_BACKOFF_S
        if ran_s >= ATTEMPT_S:
            self._missed = ""
        missed, self._missed = self._missed, why_unusable(error)
        if not self._missed:
            log.exception(
                "part crashed part=%s again_in_s=%.1f", self._name, self._backoff_s, exc_info=error
            )
            return
        self._backoff_s = min(self._backoff_s, LAST_DATABASE_S)
        if self._missed != missed:
            log.warning("part waits for the database part=%s error=%s", self._name, self._missed)
