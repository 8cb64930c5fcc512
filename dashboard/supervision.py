"""Keep the long-lived parts of a process running: what crashes begins again, later each time.

Must not know what the parts do.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from feeds.clock import Clock

log = logging.getLogger(__name__)
FIRST_BACKOFF_S: Final = 0.5
LAST_BACKOFF_S: Final = 10.0
WELL_S: Final = 60.0
"""A part that ran for this long was well: its next crash is a first one."""

Part = Callable[[], Coroutine[Any, Any, None]]


async def supervise(part: Part, *, clock: Clock) -> None:
    """Run a part until cancelled."""
    backoff_s = FIRST_BACKOFF_S
    while True:
        began_s = clock.monotonic()
        try:
            await part()
        except Exception:
            if clock.monotonic() - began_s >= WELL_S:
                backoff_s = FIRST_BACKOFF_S
            log.exception("part crashed part=%s again_in_s=%.1f", part.__qualname__, backoff_s)
        await asyncio.sleep(backoff_s)
        backoff_s = min(LAST_BACKOFF_S, backoff_s * 2)
