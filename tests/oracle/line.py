"""The line of one connection, as an ASGI server gives it to the application; nothing else is fake.

It delivers in order. It can be slow, stall, be cut, or swallow everything (half-open). Unlike a
network it does not reorder: TCP does not either.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]
BUFFER_BYTES = 4_096
"""What may be on its way before a writer waits."""


class Line:
    """Messages of one connection to its reader; `inbox` has those to the server."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, deliver: Callable[[Message], None],
        on_lost: Callable[[], None], *, goodbye: str,
    ) -> None:  # fmt: skip
        self.transport = self
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.is_stalled = self.is_half_open = self.is_lost = self.was_slow = False
        self.delay_s = 0.0
        self.data_until_s = float("inf")
        self.late: list[Message] = []
        self.largest = 0
        self.identity: object = None
        self._blocked_s: float | None = None
        self._goodbye = goodbye
        self._loop = loop
        self._deliver = deliver
        self._on_lost = on_lost
        self._queue: deque[Message] = deque()
        self._bytes = 0
        self._room = asyncio.Event()
        self._timer: asyncio.Handle | None = None

    # --- the side of the server -------------------------------------------------------------
    async def send(self, message: Message) -> None:
        """Take a message; wait while too much is on its way."""
        if self.is_lost:
            raise ConnectionResetError
        if self._loop.time() > self.data_until_s and not self.was_slow and _is_data(message):
            self.late.append(message)
        self._queue.append(message)
        self._bytes += _size(message)
        self.largest = max(self.largest, self._bytes)
        self.flow()
        while self._bytes > BUFFER_BYTES:
            self._blocked_s = self._loop.time()
            self._room.clear()
            await self._room.wait()
            self._blocked_s = None
            if self.is_lost:
                raise ConnectionResetError

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is on its way."""
        return not self._queue

    @property
    def blocked_for_s(self) -> float:
        """Return how long a writer has waited while nothing was accepted."""
        return 0.0 if self._blocked_s is None else self._loop.time() - self._blocked_s

    def get_extra_info(self, name: str) -> None:
        """Have no socket of the system."""

    def get_write_buffer_size(self) -> int:
        return self._bytes

    def set_write_buffer_limits(self, high: int) -> None:
        """Have a limit of its own."""

    def abort(self) -> None:
        self.cut()

    # --- the side of the network ------------------------------------------------------------
    def flow(self) -> None:
        """Deliver what waits, as the line allows."""
        is_free = self._timer is None and not (self.is_stalled or self.is_half_open)
        if self._queue and is_free and not self.is_lost:
            self._timer = self._loop.call_later(self.delay_s, self._deliver_next)

    def _deliver_next(self) -> None:
        self._timer = None
        if self.is_stalled or self.is_half_open or self.is_lost or not self._queue:
            return
        message = self._queue.popleft()
        self._bytes -= _size(message)
        self._room.set()
        self._deliver(message)
        self.flow()

    def worsen(
        self, *, delay_s: float = 0.0, stalls: bool = False, half_open: bool = False
    ) -> None:
        """Make it slow, stalled or half-open."""
        self.delay_s, self.is_stalled = delay_s, stalls
        self.is_half_open = self.is_half_open or half_open
        self.was_slow = True
        self.flow()

    def mend(self) -> None:
        """Be good again; what was half-open stays so until somebody notices."""
        self.delay_s, self.is_stalled = 0.0, False
        self.flow()

    def cut(self) -> None:
        """End it for both sides; what was on its way is lost."""
        if self.is_lost:
            return
        self.is_lost = True
        self._queue.clear()
        self._bytes = 0
        self._room.set()
        self.inbox.put_nowait({"type": self._goodbye, "code": 1006})
        self._loop.call_soon(self._on_lost)


def _size(message: Message) -> int:
    return len(message.get("text") or message.get("body") or b"")


def _is_data(message: Message) -> bool:
    text = message.get("text") or message.get("body", b"").decode()
    return '"data":' in text and '"code":' not in text
