"""The bus of several processes: one Redis Stream of batches, and a board to begin from.

Must not know users or frames. A web process reads with one blocking read, from the id that it has
reached: there is no consumer group, so Redis keeps no state of readers. The process of the feed
writes through `carry`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final

from feeds.bus.interface import Attachment, Overrun
from feeds.bus.redis_link import (
    BEFORE_FIRST_ID,
    LOST,
    RETRY_S,
    Entry,
    Id,
    Outage,
    RedisLink,
    error_text,
)
from feeds.bus.redis_writer import BACKLOG_BATCHES, STREAM_BATCHES, TURN_S, Market, RedisWriter
from feeds.clock import Clock
from feeds.exceptions import BusDown, InvalidPacking
from feeds.market.board import Board
from feeds.market.events import Batch, Position
from feeds.market.packing import unpack_batch, unpack_board

RECENT_BATCHES: Final = 250
"""Batches before the board that a new reader gets: 12 s at 50 ms. A reader whose process has
ended resumes from them at the next process."""
PATIENCE_READS: Final = 3
"""A reader begins again after so many reads in a row that find the stream behind it: 3 s. A feed
that finds its stream lost writes it again within a second."""
log = logging.getLogger(__name__)
Follow = Callable[[], AsyncIterator[Batch]]


async def nothing_to_rehearse() -> None:
    """Load nothing before the turn."""


class RedisAttachment:
    """A reader: the board as of an id of the stream, then every batch after it."""

    def __init__(self, epoch: str, board: Board, recent: Sequence[Batch], follow: Follow) -> None:
        self.epoch = epoch
        self.board = board
        self.recent = recent
        self.batches = follow


class RedisBus:
    """Carry batches between processes; survives every outage of Redis."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        turn_s: float = TURN_S,
        stream_batches: int = STREAM_BATCHES,
        backlog_batches: int = BACKLOG_BATCHES,
    ) -> None:
        self._link = RedisLink(url)
        self._writer = RedisWriter(
            self._link,
            clock=clock,
            turn_s=turn_s,
            stream_batches=stream_batches,
            backlog_batches=backlog_batches,
        )
        self._outage = Outage("redis of the hub")
        self._has_refused = False

    @property
    def board(self) -> Board:
        """Return the market as of the last batch published here; do not change it."""
        return self._writer.board

    async def carry(self, market: Market, rehearse: Market = nothing_to_rehearse) -> None:
        """Run the market that publishes here whenever no other one does.

        A feed that has to wait for its turn rehearses first.
        """
        await self._writer.carry(market, rehearse)

    async def publish(self, batch: Batch) -> None:
        """Leave a batch to the writer; never waits for Redis."""
        self._writer.offer(batch)

    async def published_after(self, position: Position) -> Sequence[Batch]:
        """Return the batches of that epoch after a position, as far as the stream has them.

        The stream is what readers saw, on whatever machine. Only the feed that has its turn
        writes, so no batch of an earlier market comes later. Waits while Redis is away: nobody
        can see the market before it is back.
        """
        while True:
            try:
                return await self._stream_after(position)
            except LOST as error:
                self._outage.begin(error)
                await asyncio.sleep(RETRY_S)

    async def _stream_after(self, position: Position) -> list[Batch]:
        """Read the stream backwards, until a batch is in the position or of an older market."""
        found: list[Batch] = []
        last = "+"
        while True:
            entries = await self._link.last_until(last, count=RECENT_BATCHES)
            for entry in entries:
                batch = self._unpack(entry)
                if batch is None or batch.epoch != position.epoch:
                    if found:
                        return found[::-1]
                elif batch.first <= position.sequence:
                    return found[::-1]
                else:
                    found.append(batch)
            if len(entries) < RECENT_BATCHES:
                return found[::-1]
            last = f"({entries[-1].id}"

    def prepare_part(self) -> None:
        """Do nothing: the stream has no parts."""

    def begin_part(self) -> int:
        """Return 0: the stream is the journal, and is trimmed by itself."""
        return 0

    def forget_before(self, part: int) -> None:
        """Do nothing: the stream is trimmed by itself."""

    async def attach(self) -> RedisAttachment:
        """Return a reader that begins with the newest board in Redis.

        Raises:
            BusDown: Redis is away, or holds no usable board yet.
        """
        try:
            head = await self._link.head()
            if head is None:
                raise BusDown("no feed has written yet: start manage.py runfeed")
            board, after = unpack_board(head.board), await self._link.next_after(head.id)
            before = await self._link.last_until(head.id, count=RECENT_BATCHES)
        except LOST as error:
            raise BusDown(error_text(error)) from None
        except InvalidPacking as error:
            raise BusDown(f"the board cannot be read: {error}") from None
        recent = self._recent(before, Position(head.epoch, board.sequence))
        attachment = RedisAttachment(head.epoch, board, recent, lambda: self._follow(head.id))
        self._refuse_gap(attachment, after)
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Forget a reader; nothing is kept for it."""

    async def close(self) -> None:
        """Close the connections."""
        await self._link.close()

    def _recent(self, before: Iterable[Entry], end: Position) -> list[Batch]:
        """Return the batches that lead to a position without a hole, oldest first."""
        found: list[Batch] = []
        for batch in map(self._unpack, before):
            if batch is None or Position(batch.epoch, batch.last) != end:
                break
            found.append(batch)
            end = Position(batch.epoch, batch.first - 1)
        return found[::-1]

    def _refuse_gap(self, attachment: RedisAttachment, after: list[Entry]) -> None:
        """Raise when the stream does not continue from the board; a newer board comes soon.

        Board and stream are two keys. Either may be older: the stream is trimmed, Redis may come
        back with an old copy of its data, and a feed writes the board only every second.
        """
        for batch in map(self._unpack, after):
            if batch is None:
                continue
            if (batch.epoch, batch.first) != (attachment.epoch, attachment.board.sequence + 1):
                raise BusDown("the stream in redis does not continue from its board")

    async def _follow(self, cursor: Id) -> AsyncIterator[Batch]:
        patience = PATIENCE_READS
        while True:
            try:
                entries = await self._link.read(cursor)
                # Redis may come back empty, or with older data. The feed writes again what was
                # lost, if it is the same feed. If not, ids may start below the cursor, and XREAD
                # would wait for ever: nothing newer is known, so begin from a board.
                is_behind = not entries and await self._newest() < cursor
                patience = patience - 1 if is_behind else PATIENCE_READS
                if not patience:
                    raise Overrun("the stream has started again")
            except LOST as error:
                self._outage.begin(error)
                await asyncio.sleep(RETRY_S)
                continue
            self._outage.end()
            for entry in entries:
                # Foreign entries move the cursor as well, or they would be read again and again.
                cursor = entry.id
                batch = self._unpack(entry)
                if batch is not None:
                    yield batch

    async def _newest(self) -> Id:
        """Return the newest id in Redis; the board is ahead of a stream that was emptied."""
        head = await self._link.head()
        return max(BEFORE_FIRST_ID if head is None else head.id, await self._link.newest())

    def _unpack(self, entry: Entry) -> Batch | None:
        """Return the batch of an entry; None when the entry is not ours."""
        try:
            return unpack_batch(entry.content or b"")
        except InvalidPacking as error:
            # Logged once, or a foreign writer could fill the log.
            if not self._has_refused:
                log.error("entry refused id=%s error=%s", entry.id, error)
            self._has_refused = True
            return None
