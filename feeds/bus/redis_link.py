"""The connection to Redis: our keys there, the few commands on them, how an outage is told.

Must not know events.
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

STREAM: Final = "market:batches"
BOARD: Final = "market:board"
LOST: Final = (RedisError, OSError)
"""What a command raises when Redis is away, full, read-only or holds something else there."""
CONNECT_S: Final = 2.0
ANSWER_S: Final = 3.0
"""Longer than a blocking read, or a quiet market would look like a dead server."""
BLOCK_MS: Final = 1000
"""A read waits this long for news; a feed says something every second."""
READ_ENTRIES: Final = 100
"""Entries of one answer; who is behind reads again at once."""
RETRY_S: Final = 0.5
"""What failed is tried again after this."""

log = logging.getLogger(__name__)


class Id(NamedTuple):
    """An id in the stream: `term` grows with every market that begins, `number` with every batch.

    Redis refuses an id that does not grow, so a market that was replaced cannot write any more.
    """

    term: int
    number: int

    @classmethod
    def parse(cls, text: bytes) -> "Id":
        """Read an id as Redis writes it.

        Raises:
            ValueError: it is none.
        """
        term, _, number = text.partition(b"-")
        return cls(int(term), int(number))

    def __str__(self) -> str:
        return f"{self.term}-{self.number}"


NOWHERE: Final = Id(0, 0)
"""Before the first id."""


class Entry(NamedTuple):
    """One entry of the stream; no content is an entry that is not ours."""

    id: Id
    content: bytes | None


class Head(NamedTuple):
    """What a new reader begins from: a board, packed, and the id of the last batch in it."""

    epoch: str
    id: Id
    board: bytes


class RedisLink:
    """The commands of the bus; they give up at once, for who asks knows what an outage means."""

    def __init__(self, url: str) -> None:
        self._redis: Any = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
        )

    async def newest(self) -> Id:
        """Return the id of the newest entry, NOWHERE when there is none."""
        found = await _answer(self._redis.xrevrange(STREAM, count=1))
        return Id.parse(found[0][0]) if found else NOWHERE

    async def read(self, after: Id) -> list[Entry]:
        """Return the next entries; none when nothing came for a while."""
        answer = await _answer(
            self._redis.xread({STREAM: str(after)}, count=READ_ENTRIES, block=BLOCK_MS)
        )
        return [_entry(*one) for _, entries in answer for one in entries]

    async def next_after(self, after: Id) -> list[Entry]:
        """Return the next entry if there is one now."""
        found = await _answer(self._redis.xrange(STREAM, f"({after}", count=1))
        return [_entry(*one) for one in found]

    async def write(self, entries: Iterable[Entry], *, keep: int) -> None:
        """Append entries in one round trip; Redis keeps that many, and some more."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in entries:
                pipe.xadd(STREAM, {"b": one.content}, id=str(one.id), maxlen=keep, approximate=True)
            answers = await _answer(pipe.execute(raise_on_error=False))
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer

    async def head(self) -> Head | None:
        """Return the board in Redis, None when there is none that can be read."""
        epoch, text, board = await _answer(self._redis.hmget(BOARD, ["epoch", "id", "board"]))
        if epoch is None or text is None or board is None:
            return None
        with suppress(ValueError):
            return Head(epoch.decode(), Id.parse(text), board)
        return None

    async def write_head(self, head: Head) -> None:
        """Replace the board in Redis."""
        fields = {"epoch": head.epoch, "id": str(head.id), "board": head.board}
        await _answer(self._redis.hset(BOARD, mapping=fields))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


class Outage:
    """Tell the log that something is lost and that it is back, once each."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_on = False

    def begin(self, error: Exception) -> None:
        """Note a failure; those after the first are not told."""
        if not self._is_on:
            log.warning("%s lost error=%s", self._what, told(error))
        self._is_on = True

    def end(self) -> None:
        """Note a success."""
        if self._is_on:
            log.warning("%s is back", self._what)
        self._is_on = False


def told(error: Exception) -> str:
    """Return what an error says, its name when it says nothing."""
    return str(error) or type(error).__name__


async def _answer(command: Awaitable[Any]) -> Any:
    """Await an answer, and be cancelled when asked to.

    redis-py sends under `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that
    comes when the bytes have just left: the reader would go on for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await command
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


def _entry(text: bytes, fields: dict[bytes, bytes] | None) -> Entry:
    return Entry(Id.parse(text), (fields or {}).get(b"b"))
