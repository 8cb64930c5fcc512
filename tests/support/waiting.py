"""Waiting for something to become true, with an end. Only this module naps: a law holds that.

A test waits for what it needs, never for time to pass. What must not happen is shown by something
later that did happen.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

POLL_S: Final = 0.01
PATIENCE_S: Final = 60.0
"""Only a test that fails waits this long, so that a starved machine fails none."""


def wait_until(
    question: Callable[[], object], timeout_s: float = PATIENCE_S, *, poll_s: float = POLL_S
) -> None:
    """Ask until the answer is yes, in a test that has no loop."""
    end_s = time.monotonic() + timeout_s
    while not question():
        assert time.monotonic() < end_s, "it never happened"
        time.sleep(poll_s)


async def until(question: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Ask until the answer is yes, and let the loop turn."""
    async with asyncio.timeout(timeout_s):
        while not question():
            await asyncio.sleep(POLL_S)


async def until_found(question: Callable[[], Awaitable[object]]) -> None:
    """Ask a question that has to be awaited, such as to the database, until the answer is yes."""
    async with asyncio.timeout(PATIENCE_S):
        while not await question():
            await asyncio.sleep(POLL_S)


async def rest(seconds: float) -> None:
    """Give a made-up feed or reader its rhythm; nothing is waited for."""
    await asyncio.sleep(seconds)
