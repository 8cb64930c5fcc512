"""The connection to Redis: our keys, the few commands on them, and how an outage is logged.

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
from redis.exceptions import RedisError, ResponseError

STREAM: Final = "market:batches"
BOARD: Final = "market:board"
LOST: Final = (RedisError, OSError)
"""What a command raises when Redis is away, full or read-only, or a key has another type."""
CONNECT_S: Final = 2.0
ANSWER_S: Final = 3.0
"""Timeout of a command: longer than a blocking read, or silence would look like an outage."""
BLOCK_MS: Final = 1000
"""A read waits this long for news; a running feed writes at least every second."""
READ_ENTRIES: Final = 100
"""Entries of one answer; a reader that is behind reads again at once."""
RETRY_S: Final = 0.5
"""Pause before a new attempt after a failure."""

log = logging.getLogger(__name__)


class Id(NamedTuple):
    """An id in the stream: `term` grows with every market that begins, `number` with every batch.

    This is the fencing token of the writers. XADD refuses an id that is not above the newest one,
    so a market that was replaced while it slept cannot write any more, without any lock.
    """

    term: int
    number: int

    @classmethod
    def parse(cls, text: bytes) -> "Id":
        """Read an id as Redis writes it.

        Raises:
            ValueError: the text is no id.
        """
        term, _, number = text.partition(b"-")
        return cls(int(term), int(number))

    def __str__(self) -> str:
        return f"{self.term}-{self.number}"


BEFORE_FIRST_ID: Final = Id(0, 0)
"""Before the first id."""


class Entry(NamedTuple):
    """One entry of the stream; content is None in an entry that somebody else wrote."""

    id: Id
    content: bytes | None


class Head(NamedTuple):
    """What a new reader begins from: a packed board, and the id of the last batch in it."""

    epoch: str
    id: Id
    board: bytes


class RedisLink:
    """The commands of the bus; none is repeated, as only the caller knows what a failure means.

    A repeated write may have arrived the first time, and a repeated read may be out of date.
    """

    def __init__(self, url: str) -> None:
        self._redis: Any = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=ANSWER_S,
            # redis-py tries ten times by itself unless it is told not to.
            retry=Retry(NoBackoff(), 0),
        )

    async def newest(self) -> Id:
        """Return the newest id that was written or claimed.

        It is BEFORE_FIRST_ID when the stream is gone.
        """
        try:
            found = await _answer(self._redis.xinfo_stream(STREAM))
        except ResponseError as error:
            if "no such key" in str(error):
                return BEFORE_FIRST_ID
            raise
        # Not the id of the last entry: a claim deletes its entry, and only this id still shows it.
        return Id.parse(found["last-generated-id"])

    async def claim(self, term: int) -> bool:
        """Take a term; say no when another feed took it, or a higher one."""
        # Two feeds may have found the same newest id. Redis takes an id only once, and keeps it as
        # the last one after its entry is gone; readers see nothing of it.
        claimed = str(Id(term, 0))
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(STREAM, {"claimed": b""}, id=claimed)
            pipe.xdel(STREAM, claimed)
            added, _ = await _answer(pipe.execute(raise_on_error=False))
        if isinstance(added, ResponseError) and "equal or smaller" in str(added):
            return False
        if isinstance(added, RedisError):
            raise added
        return True

    async def read(self, after: Id) -> list[Entry]:
        """Return the next entries; none when nothing came for BLOCK_MS."""
        answer = await _answer(
            self._redis.xread({STREAM: str(after)}, count=READ_ENTRIES, block=BLOCK_MS)
        )
        return [_entry(*found) for _, entries in answer for found in entries]

    async def next_after(self, after: Id) -> list[Entry]:
        """Return the next entry, if there is one already, in a list."""
        found = await _answer(self._redis.xrange(STREAM, f"({after}", count=1))
        return [_entry(*entry) for entry in found]

    async def last_until(self, last: Id | str, *, count: int) -> list[Entry]:
        """Return the last entries up to an id, newest first.

        "+" stands for the newest, and "(" before an id leaves that one out.
        """
        found = await _answer(self._redis.xrevrange(STREAM, max=str(last), count=count))
        return [_entry(*entry) for entry in found]

    async def write(self, entries: Iterable[Entry], *, keep: int) -> None:
        """Append entries in one round trip; Redis keeps `keep` of them, and up to 100 more."""
        # Without a transaction a failure may leave the first entries written. That is no harm: the
        # writer looks for the newest id before it writes again.
        async with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                fields, text = {"b": entry.content}, str(entry.id)
                # Approximate: Redis then drops whole nodes, which is cheaper than an exact limit.
                pipe.xadd(STREAM, fields, id=text, maxlen=keep, approximate=True)
            answers = await _answer(pipe.execute(raise_on_error=False))
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer

    async def head(self) -> Head | None:
        """Return the board in Redis; None when there is none, or its fields are unreadable."""
        epoch, text, board = await _answer(self._redis.hmget(BOARD, ["epoch", "id", "board"]))
        if epoch is None or text is None or board is None:
            return None
        with suppress(ValueError):
            return Head(epoch.decode(), Id.parse(text), board)
        return None

    async def write_head(self, head: Head) -> None:
        """Replace the board in Redis."""
        # A single command writes all three fields, so no reader finds a board with another id.
        fields = {"epoch": head.epoch, "id": str(head.id), "board": head.board}
        await _answer(self._redis.hset(BOARD, mapping=fields))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


class Outage:
    """Log that something is lost, and that it is back, once each."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_on = False

    def begin(self, error: Exception) -> None:
        """Note a failure; only the first of an outage is logged."""
        if not self._is_on:
            log.warning("%s lost error=%s", self._what, error_text(error))
        self._is_on = True

    def end(self) -> None:
        """Note a success."""
        if self._is_on:
            log.warning("%s is back", self._what)
        self._is_on = False


def error_text(error: Exception) -> str:
    """Return the text of an error, or its name when it has none."""
    return str(error) or type(error).__name__


async def _answer(command: Awaitable[Any]) -> Any:
    """Await an answer, and do not lose a cancellation meanwhile.

    redis-py sends under `asyncio.wait_for`. Before Python 3.12 that swallows a cancellation that
    comes just when the bytes have left, and the reader would go on for ever.
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
