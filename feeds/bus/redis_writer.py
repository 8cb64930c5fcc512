"""The feed's side of the Redis bus: a bounded backlog, one writer, and the board for new readers.

Must not know readers. The market never waits for Redis: it leaves batches here, and another task
writes them. A reader needs only a board as of some id and the batches after it, so the next board
repairs whatever was lost.

Two feeds may run by mistake, or one may wake up after a long sleep. Nothing here relies on a lock
that could expire unnoticed: every entry has an explicit id that begins with the term of its market,
and Redis refuses ids that do not grow. A feed that finds a higher term in the stream ends.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Final

from feeds.bus.mirror import Mirror
from feeds.bus.redis_link import BEFORE_FIRST_ID, LOST, RETRY_S, Entry, Head, Id, Outage, RedisLink
from feeds.clock import Clock
from feeds.market.board import Board
from feeds.market.events import Batch
from feeds.market.packing import pack_batch, pack_board

STREAM_BATCHES: Final = 1500
"""Batches in the stream for readers that are behind: 75 s at 50 ms; Redis trims in hundreds."""
BACKLOG_BATCHES: Final = 1000
"""Batches kept while Redis is away: 50 s at 50 ms."""
BACKLOG_BYTES: Final = 64 * 1024 * 1024
"""Bytes kept while Redis is away: 40 s at 30,000 ticks/s of 50 bytes."""
WRITE_BATCHES: Final = 100
"""Batches written in one round trip."""
KEPT_BATCHES: Final = 100
"""Batches kept after they were written, 5 s at 50 ms: a Redis that crashes loses what was not read.
"""
BOARD_S: Final = 1.0
"""The board is written this often."""
SURE_S: Final = 2.0
"""After so long without a write of its own, a feed first looks whether another one wrote."""
TURN_S: Final = 3.0
"""A stream without a new entry for this long has no feed: a running one writes every second."""
LOOKS: Final = 12
"""How often the stream is looked at in that time; all looks must find the same."""
Market = Callable[[], Awaitable[None]]
log = logging.getLogger(__name__)


class Deposed(Exception):
    """Another feed has taken over the stream."""


class RedisWriter:
    """Take the batches of one market at a time, and write them to Redis in order, each once."""

    def __init__(
        self,
        link: RedisLink,
        *,
        clock: Clock,
        turn_s: float = TURN_S,
        stream_batches: int = STREAM_BATCHES,
        backlog_batches: int = BACKLOG_BATCHES,
    ) -> None:
        self._link = link
        self._clock = clock
        self._turn_s = turn_s
        self._stream_batches = stream_batches
        self._backlog_batches = backlog_batches
        self._mirror = Mirror()
        self._term = BEFORE_FIRST_ID.term
        self._number = 0
        self._backlog: deque[Entry] = deque()
        self._backlog_bytes = 0
        self._kept: deque[Entry] = deque(maxlen=KEPT_BATCHES)
        self._news = asyncio.Event()
        self._is_sure = False  # whether the backlog is known to follow the newest entry
        self._written_s = 0.0
        self._board_due_s = 0.0
        self._board = (-1, b"")  # sequence, and the packed board as of it
        self._outage = Outage("redis of the feed")

    @property
    def board(self) -> Board:
        """Return the market as of the last batch that was offered; do not change it."""
        return self._mirror.board

    def offer(self, batch: Batch) -> None:
        """Take a batch; a full backlog is dropped, and readers begin from the next board."""
        self._mirror.receive(batch)
        self._number += 1
        content = pack_batch(batch)
        if self._is_full(len(content)):
            # Dropping only the oldest would leave a gap, and after any gap readers start again.
            log.error("backlog given up batches=%d", len(self._backlog))
            self._backlog.clear()
            self._backlog_bytes = 0
        self._backlog.append(Entry(Id(self._term, self._number), content))
        self._backlog_bytes += len(content)
        self._news.set()

    async def carry(self, market: Market, rehearse: Market) -> None:
        """Run a market while no other feed writes; wait for the end of another one before.

        A feed that waits rehearses once, so that all it needs is loaded when its turn comes.
        """
        while True:
            await self._wait_for_turn(rehearse)
            try:
                # A deposed writer cancels the market: to go on would only waste the machine.
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._write_for_ever())
                    tasks.create_task(_run(market))
            except* Deposed as errors:
                log.warning("market ends reason=%s", errors.exceptions[0])

    async def _wait_for_turn(self, rehearse: Market) -> None:
        """Wait until no other feed writes, then begin a term above all former ones."""
        seen, looks, has_rehearsed = BEFORE_FIRST_ID, 0, False
        while True:
            try:
                newest = await self._link.newest()
                # Looks that agree are counted, not seconds: an answer that took long says nothing
                # of a feed that could not reach Redis meanwhile either.
                looks = looks + 1 if newest == seen else 0
                seen = newest
                if self._is_free(newest) or looks >= LOOKS:
                    # The time as a term grows even when Redis lost the stream; `+ 1` covers a
                    # clock set back.
                    term = max(self._clock.now_ms(), newest.term + 1)
                    if await self._link.claim(term):
                        return self._begin_term(term)
            except LOST as error:
                self._outage.begin(error)
                looks = 0
                await asyncio.sleep(RETRY_S)
                continue
            if not has_rehearsed:
                log.warning("another feed runs, this one waits for its end")
                await rehearse()
            has_rehearsed = True
            await asyncio.sleep(self._turn_s / LOOKS)

    def _is_free(self, newest: Id) -> bool:
        # A stream whose newest entry is of this writer's own former market has no other feed.
        return newest == BEFORE_FIRST_ID or newest.term == self._term

    def _begin_term(self, term: int) -> None:
        self._outage.end()
        self._term = term
        self._number = 0
        self._mirror = Mirror()
        self._backlog.clear()
        self._backlog_bytes = 0
        self._kept.clear()
        self._board_due_s = self._written_s = self._clock.monotonic()
        self._board = (-1, b"")
        # The claim made this term the newest id, so the first write needs no look before it.
        self._is_sure = True

    async def _write_for_ever(self) -> None:
        while True:
            await self._news.wait()
            # Clear before writing: a batch that is offered during a write sets it again.
            self._news.clear()
            try:
                while self._backlog:
                    await self._write()
            except LOST as error:
                # The failed write may have arrived, in part as well: look before writing again.
                self._outage.begin(error)
                self._is_sure = False
                await asyncio.sleep(RETRY_S)
                self._news.set()

    async def _write(self) -> None:
        """Write the oldest batches of the backlog; the board goes first, when it is due."""
        if not self._is_sure or self._clock.monotonic() - self._written_s > SURE_S:
            await self._look()
        if self._clock.monotonic() >= self._board_due_s:
            await self._write_board()
        # A copy: during the write `offer` may add batches or give up the backlog. So the batches
        # that were written are found again by their ids.
        sent = list(islice(self._backlog, WRITE_BATCHES))
        if sent:
            await self._link.write(sent, keep=self._stream_batches)
            self._forget_up_to(sent[-1].id)
        self._written_s = self._clock.monotonic()
        self._outage.end()

    async def _look(self) -> None:
        """Find out which batches arrived although the write failed, and who owns the stream.

        Raises:
            Deposed: another feed does.
        """
        newest = await self._link.newest()
        if newest.term > self._term:
            raise Deposed(f"the stream is at {newest}, this feed's term was {self._term}")
        # A lower term means that Redis lost this market, so nothing of the backlog has arrived.
        if newest.term == self._term:
            self._forget_up_to(newest)
        self._take_back_after(newest)
        # Redis may have come back empty: a new board lets readers begin without waiting for one.
        self._board_due_s = self._clock.monotonic()
        self._is_sure = True

    async def _write_board(self) -> None:
        mirror = self._mirror
        # Packing a large board takes long; without news the packed one serves again.
        if self._board[0] != mirror.board.sequence:
            self._board = (mirror.board.sequence, pack_board(mirror.board))
        # The mirror has every batch that was offered, also those of the backlog. So the board is as
        # of the last number, and readers skip what the stream adds up to there.
        head = Head(mirror.epoch, Id(self._term, self._number), self._board[1])
        await self._link.write_head(head)
        self._board_due_s = self._clock.monotonic() + BOARD_S

    def _forget_up_to(self, newest: Id) -> None:
        while self._backlog and self._backlog[0].id <= newest:
            entry = self._backlog.popleft()
            self._backlog_bytes -= len(entry.content or b"")
            self._kept.append(entry)

    def _take_back_after(self, newest: Id) -> None:
        """Write again what Redis had taken and lost; readers skip what they have."""
        while self._kept and self._kept[-1].id > newest:
            entry = self._kept.pop()
            self._backlog.appendleft(entry)
            self._backlog_bytes += len(entry.content or b"")

    def _is_full(self, more_bytes: int) -> bool:
        size = self._backlog_bytes + more_bytes
        return len(self._backlog) >= self._backlog_batches or size > BACKLOG_BYTES


async def _run(market: Market) -> None:
    # A task needs a coroutine, and a market may return any awaitable.
    await market()
