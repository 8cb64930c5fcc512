"""A queue and an event like those of asyncio, but smaller while nothing waits in them.

Must not know what is carried. Each queue and event of asyncio keeps a deque of 0.6 KB even when it
is empty. Every socket had five of them.
"""

import asyncio
from collections import deque
from typing import Any


class LightEvent:
    """An event that coroutines wait for, like `asyncio.Event`."""

    __slots__ = ("_is_set", "_waiters")

    def __init__(self, *, is_set: bool = False) -> None:
        self._is_set = is_set
        self._waiters: list[asyncio.Future[None]] = []

    def is_set(self) -> bool:
        """Say whether the event is set, so that `wait` returns at once."""
        return self._is_set

    def set(self) -> None:
        """Set the event: wake all that wait. Who calls `wait` later does not wait."""
        self._is_set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """Unset the event: from now on `wait` waits."""
        self._is_set = False

    async def wait(self) -> bool:
        """Wait until the event is set."""
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
    """A queue from a server to an application, like `asyncio.Queue`, with a single reader."""

    __slots__ = ("_items", "_news")

    def __init__(self) -> None:
        self._items: deque[Any] | None = None
        self._news = LightEvent()

    def empty(self) -> bool:
        """Say whether nothing waits."""
        return not self._items

    def put_nowait(self, item: Any) -> None:
        """Add an item at the end."""
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        self._news.set()

    async def get(self) -> Any:
        """Return the oldest item; wait until there is one."""
        while not self._items:
            # An idle socket has no deque: most sockets are idle most of the time.
            self._items = None
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()
