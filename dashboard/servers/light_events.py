"""A queue and an event for one socket, without the lists of waiters that asyncio's own always have.

Must not know what is carried. asyncio keeps a deque of 0.6 KB for each: five for every socket.
"""

import asyncio
from collections import deque
from typing import Any


class LightEvent:
    """What coroutines wait for, as `asyncio.Event`."""

    __slots__ = ("_is_set", "_waiters")

    def __init__(self, *, is_set: bool = False) -> None:
        self._is_set = is_set
        self._waiters: list[asyncio.Future[None]] = []

    def is_set(self) -> bool:
        """Say whether nobody has to wait."""
        return self._is_set

    def set(self) -> None:
        """Let all go on that wait, and all that come later."""
        self._is_set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """Let all wait that come from now on."""
        self._is_set = False

    async def wait(self) -> bool:
        """Return once it is set."""
        if self._is_set:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
        return True


class LightQueue:
    """What a server puts for an application, as `asyncio.Queue`, for one that gets."""

    __slots__ = ("_items", "_news")

    def __init__(self) -> None:
        self._items: deque[Any] | None = None
        self._news = LightEvent()

    def empty(self) -> bool:
        """Say whether nothing waits."""
        return not self._items

    def put_nowait(self, item: Any) -> None:
        """Add what is got last."""
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        self._news.set()

    async def get(self) -> Any:
        """Return what was put first, and wait until there is something."""
        while not self._items:
            self._items = None
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()
