"""The bus of a single process: batches stay in memory.

Must not know users or frames.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final

from feeds.bus.interface import Attachment, Overrun
from feeds.bus.journal import Journal
from feeds.bus.mirror import Mirror
from feeds.exceptions import InvalidPacking
from feeds.market.board import Board
from feeds.market.events import Batch, Position
from feeds.market.packing import pack_batch, unpack_batch

READER_BATCHES: Final = 500
"""Batches that a reader may be behind (25 s at 50 ms); then it starts again from a board."""
log = logging.getLogger(__name__)


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
            # After any gap a reader begins again from a board, so older batches are of no use.
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
    """Carry batches inside one process; `journal` keeps what a crash must not take back."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._mirror = Mirror()
        self._attachments: list[MemoryAttachment] = []

    @property
    def board(self) -> Board:
        """Return the market as of the last batch; do not change it."""
        return self._mirror.board

    async def publish(self, batch: Batch) -> None:
        """Hand a batch to every reader; never waits for a slow one."""
        if self._journal is not None:
            # First of all: what a reader has seen must not be lost.
            self._journal.append(pack_batch(batch))
        self._mirror.receive(batch)
        for attachment in self._attachments:
            attachment.offer(batch)

    async def published_after(self, position: Position) -> Sequence[Batch]:
        """Return the batches of that epoch after a position, as far as they are kept."""
        if self._journal is None:
            return []
        return await asyncio.to_thread(_read, self._journal, position)

    def prepare_part(self) -> None:
        """Get ready for `begin_part`."""
        if self._journal is not None:
            self._journal.prepare_part()

    def begin_part(self) -> int:
        """Note that a checkpoint holds all that was published so far; return its number."""
        return 0 if self._journal is None else self._journal.begin_part()

    def forget_before(self, part: int) -> None:
        """Forget what was published before; the checkpoint is stored."""
        if self._journal is not None:
            self._journal.forget_before(part)

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


def _read(journal: Journal, position: Position) -> list[Batch]:
    batches: list[Batch] = []
    try:
        for record in journal.records():
            batch = unpack_batch(record)
            if batch.epoch == position.epoch and batch.first > position.sequence:
                batches.append(batch)
    except InvalidPacking as error:
        log.warning("journal cannot be used from here on error=%s", error)
    return batches
