"""Keeps the long-lived parts of a process running: a part that crashes is started again.

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
"""After running for this long a part was well, and its next wait is the first again."""

Part = Callable[[], Coroutine[Any, Any, None]]


async def supervise(part: Part, *, clock: Clock) -> None:
    """Run a part until cancelled; after each crash wait twice as long, from 0.5 to 10 s."""
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
