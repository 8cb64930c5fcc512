"""The bus of a single process: batches stay in memory.

Must not know users or frames.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final

from feeds.bus.interface import Attachment, Overrun
from feeds.bus.mirror import Mirror
from feeds.market.board import Board
from feeds.market.events import Batch

READER_BATCHES: Final = 500
"""Batches that a reader may be behind (20 s at 40 ms); then it starts again from a board."""


class MemoryAttachment:
    """A reader in the process of the feed."""

    def __init__(self, epoch: str, board: Board) -> None:
        self.epoch = epoch
        self.board = board
        self.recent: Sequence[Batch] = ()
        self._batches: deque[Batch] = deque()
        self._news = asyncio.Event()
        self._overrun = False

    def offer(self, batch: Batch) -> None:
        """Add a batch; drop everything when the reader is too far behind."""
        if len(self._batches) >= READER_BATCHES:
            self._batches.clear()
            self._overrun = True
        self._batches.append(batch)
        self._news.set()

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield batches as they come.

        Raises:
            Overrun: batches were dropped.
        """
        while True:
            await self._news.wait()
            # Clear before reading: a batch offered while this reader works sets it again.
            self._news.clear()
            if self._overrun:
                raise Overrun
            while self._batches:
                yield self._batches.popleft()


class MemoryBus:
    """Carry batches inside one process."""

    def __init__(self) -> None:
        self._mirror = Mirror()
        self._attachments: list[MemoryAttachment] = []

    @property
    def board(self) -> Board:
        """Return the market as of the last batch; do not change it."""
        return self._mirror.board

    async def publish(self, batch: Batch) -> None:
        """Hand a batch to every reader; never waits for a slow one."""
        self._mirror.receive(batch)
        for attachment in self._attachments:
            attachment.offer(batch)

    async def attach(self) -> MemoryAttachment:
        """Return a reader that begins now."""
        # Nothing is awaited between the copy of the board and the first offer, so no batch can
        # fall between the two.
        attachment = MemoryAttachment(self._mirror.epoch, self._mirror.board.copy())
        self._attachments.append(attachment)
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Forget a reader."""
        self._attachments = [known for known in self._attachments if known is not attachment]
