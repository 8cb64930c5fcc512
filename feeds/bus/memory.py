"""The data plane: batches from the runner to every hub, beginning with a board.

Must not know users or frames.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Protocol

from feeds.market.board import Board
from feeds.market.events import Batch

READER_BATCHES: Final = 500
"""Batches one reader may be behind (20 s at 40 ms); then it starts again from a board."""


class Overrun(Exception):
    """Batches were lost to a reader; attach again."""


class Mirror:
    """The market as of the last batch: what a new reader starts from."""

    def __init__(self) -> None:
        self.epoch = ""
        self.board = Board()

    def receive(self, batch: Batch) -> None:
        """Fold a batch in; a new epoch starts from an empty board."""
        if batch.epoch != self.epoch:
            self.epoch, self.board = batch.epoch, Board()
        for sequence, event in enumerate(batch.events, batch.first):
            self.board.apply(sequence, event)


class Attachment(Protocol):
    """One reader: the board as of its start, then every batch after it, without a hole."""

    epoch: str
    board: Board

    def batches(self) -> AsyncIterator[Batch]:
        """Yield batches as they come.

        Raises:
            Overrun: batches were lost to this reader.
        """
        ...


class MemoryAttachment:
    """A reader in the process of the feed."""

    def __init__(self, epoch: str, board: Board) -> None:
        self.epoch = epoch
        self.board = board
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
            self._news.clear()
            if self._overrun:
                raise Overrun
            while self._batches:
                yield self._batches.popleft()


class Bus(Protocol):
    """What runner and hub need of a bus."""

    async def publish(self, batch: Batch) -> None:
        """Hand a batch to every reader."""
        ...

    async def attach(self) -> Attachment:
        """Return a reader that begins now.

        Raises:
            BusDown: it cannot be reached; try again later.
        """
        ...

    def detach(self, attachment: Attachment) -> None:
        """Forget a reader."""
        ...


class MemoryBus:
    """Carry batches inside one process."""

    def __init__(self) -> None:
        self._mirror = Mirror()
        self._attachments: list[MemoryAttachment] = []

    async def publish(self, batch: Batch) -> None:
        """Hand a batch to every reader."""
        self._mirror.receive(batch)
        for attachment in self._attachments:
            attachment.offer(batch)

    async def attach(self) -> MemoryAttachment:
        """Return a reader that begins now; nothing is awaited, so nothing can fall between."""
        attachment = MemoryAttachment(self._mirror.epoch, self._mirror.board.copy())
        self._attachments.append(attachment)
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Forget a reader."""
        self._attachments = [one for one in self._attachments if one is not attachment]
