"""Tells operators when the market is in trouble: a line in the log, a count, and a notification.

Must not know how trouble is found, or where notifications are kept.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final

from django import db

from dashboard.delivery.hub import Hub
from feeds.engine.feed_watch import Trouble, TroubleKind

log = logging.getLogger(__name__)
LOOK_S: Final = 1.0
SILENT_S: Final = 10.0
"""A web process without a market for this long says so; a standby takes over earlier."""
MOST_UNTOLD: Final = 100
"""Troubles that wait for a database that is away; the oldest are dropped."""
TITLES: Final = {
    TroubleKind.STALLED: "Feed {feed} has stalled",
    TroubleKind.STOPPED: "Feed {feed} has stopped by itself",
    TroubleKind.UNSTEADY: "Feed {feed} reconnects too often",
    TroubleKind.CRASHED: "The market crashed and begins again",
    TroubleKind.SILENT: "No process runs the market",
    TroubleKind.OVERLOADED: "The market cannot keep its rate",
    TroubleKind.MEMORY: "Memory is short",
}

Look = Callable[[], list[Trouble]]
Tell = Callable[[str, str], Awaitable[object]]


class Alarm:
    """Looks for trouble every second, and reports it; `counts` has how often there was any."""

    def __init__(self, look: Look, tell: Tell) -> None:
        """Take what finds new trouble, and what sends a title and a text to operators."""
        self.counts: Counter[TroubleKind] = Counter()
        self._look = look
        self._tell = tell
        self._untold: deque[Trouble] = deque(maxlen=MOST_UNTOLD)

    def note(self, trouble: Trouble) -> None:
        """Log and count a trouble; it is sent with the next look."""
        self.counts[trouble.kind] += 1
        self._untold.append(trouble)
        log.error("trouble kind=%s feed=%s fact=%s", trouble.kind, trouble.feed, trouble.fact)

    async def run(self) -> None:
        """Look and report until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for trouble in self._look():
                self.note(trouble)
            await self.tell()

    async def tell(self) -> None:
        """Send what was not sent yet; what the database cannot take now is sent later."""
        while self._untold:
            trouble = self._untold[0]
            try:
                await self._tell(TITLES[trouble.kind].format(feed=trouble.feed), trouble.fact)
            except db.Error as error:
                log.warning("operators cannot be told now error=%s", error)
                return
            self._untold.popleft()


class BusWatch:
    """Notices in a web process that nobody runs the market."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._is_silent = False

    def look(self) -> list[Trouble]:
        """Return the trouble that the market is silent, once for each silence."""
        was_silent, self._is_silent = self._is_silent, self._hub.bus_age_s >= SILENT_S
        if was_silent or not self._is_silent:
            return []
        fact = f"this process heard nothing for {self._hub.bus_age_s:.0f} s: is runfeed running?"
        return [Trouble("", TroubleKind.SILENT, fact)]
