"""Sends what is due, again and again until it arrived: one task of each web process.

Must not know rows (claims do) or how a message looks. A slow receiver holds up its own messages and
nobody else's. What is in hand when the process ends is sent by the next one.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from asgiref.sync import sync_to_async
from django import db

from dashboard.reaching.claims import Parcel, SendOutcome, claim_parcels, note_outcome
from feeds.database import with_connection

AT_ONCE: Final = 16
"""Messages that a process sends at the same time."""
AT_ONCE_PER_USER: Final = 3
LOOK_S: Final = 5.0
"""The rows are looked at this often. New ones are announced. The look finds dispatches that are to
be tried again, and those of a process that died."""
BUSY_LOOK_S: Final = 1.0
"""The same while there is much to send: each destination takes one message a second."""
log = logging.getLogger(__name__)
Send = Callable[[Parcel], Awaitable[SendOutcome]]


class Courier:
    """Claims dispatches, has them sent, and writes what became of them."""

    def __init__(self, send: Send, *, origin: str = "") -> None:
        self._send = send
        self._origin = origin
        self._news = asyncio.Event()
        self._open: dict[int, Parcel] = {}

    def wake(self) -> None:
        """Look at the rows at once."""
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            ExceptionGroup: the database is away, or a task failed.
        """
        self._open.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                parcels = await self._claim()
                for parcel in parcels:
                    self._open[parcel.destination_id] = parcel
                    tasks.create_task(self._carry(parcel))
                await self._rest(BUSY_LOOK_S if parcels else LOOK_S)

    async def _claim(self) -> list[Parcel]:
        room = AT_ONCE - len(self._open)
        if room <= 0:
            return []
        counts = Counter(parcel.user_id for parcel in self._open.values())
        claim = partial(
            claim_parcels,
            origin=self._origin,
            limit=room,
            busy=list(self._open),
            full=[user_id for user_id, count in counts.items() if count >= AT_ONCE_PER_USER],
        )
        return await sync_to_async(with_connection(claim))()

    async def _carry(self, parcel: Parcel) -> None:
        try:
            outcome = await self._send(parcel)
            note = partial(note_outcome, parcel, outcome, chance=random.random())  # noqa: S311
            await sync_to_async(with_connection(note))()
        except db.Error as error:
            # The claim ends by itself, and then it is sent once more.
            log.warning("outcome was not stored dispatch=%d error=%s", parcel.dispatch_id, error)
        finally:
            self._open.pop(parcel.destination_id, None)
            self._news.set()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
