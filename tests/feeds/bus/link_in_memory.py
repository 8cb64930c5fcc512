"""What Redis does with the commands of our bus, without Redis; a test says when it fails."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest
from redis.exceptions import ConnectionError as RedisLost
from redis.exceptions import ResponseError

from feeds.bus.redis_link import BEFORE_FIRST_ID, Entry, Head, Id
from feeds.clock import Clock
from feeds.market.events import Batch
from feeds.market.packing import unpack_batch

LOST = RedisLost("redis is away")


class StandingClock(Clock):
    """A clock that a test moves."""

    def __init__(self, now_ms: int = 1_000) -> None:
        self.ms, self.s = now_ms, 0.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.s


def noted_rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the rests of a second and more from now on, in seconds; each ends at once."""
    found: list[float] = []
    original = asyncio.sleep

    async def note(delay: float) -> None:
        if delay >= 1:
            found.append(delay)
            delay = 0
        await original(delay)

    monkeypatch.setattr(asyncio, "sleep", note)
    return found


class LinkInMemory:
    """The stream and the board.

    `fails` says how many of the next commands of a name fail before Redis has them, `late` how many
    after it: only the answer is lost. `asked` has the names of all commands.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.last = BEFORE_FIRST_ID
        self.board: Head | None = None
        self.boards: list[Head] = []
        self.keeps: list[int] = []
        self.asked: list[str] = []
        self.fails: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.silence = asyncio.Semaphore(0)  # how many reads find nothing
        self._news = asyncio.Event()

    @property
    def batches(self) -> list[Batch]:
        """The batches in the stream."""
        return [unpack_batch(entry.content or b"") for entry in self.entries]

    def add(self, *entries: Entry) -> None:
        """Append entries, as somebody else would."""
        self.entries += entries
        self.last = max(self.last, entries[-1].id)
        self._news.set()

    def lose(self, count: int) -> None:
        """Come back without the newest entries, as after a crash."""
        self.entries = self.entries[: len(self.entries) - count]
        self.last = self.entries[-1].id if self.entries else BEFORE_FIRST_ID

    async def newest(self) -> Id:
        self._ask("newest")
        return self.last

    async def claim(self, term: int) -> bool:
        self._ask("claim")
        if Id(term, 0) <= self.last:
            return False
        self.last = Id(term, 0)
        return True

    async def read(self, after: Id) -> list[Entry]:
        while True:
            self._ask("read")
            if found := self._after(after):
                return found
            self._news.clear()
            silence = asyncio.ensure_future(self.silence.acquire())
            news = asyncio.ensure_future(self._news.wait())
            try:
                await asyncio.wait([silence, news], return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
                is_silent = silence.done() or not silence.cancel()
            if is_silent:
                return []

    async def next_after(self, after: Id) -> list[Entry]:
        self._ask("next_after")
        return self._after(after)[:1]

    async def last_until(self, last: Id | str, *, count: int) -> list[Entry]:
        self._ask("last_until")
        found = self.entries[::-1]
        if (text := str(last)) != "+":
            bound = Id.parse(text.removeprefix("(").encode())
            left_out = bound if text.startswith("(") else None
            found = [entry for entry in found if entry.id <= bound and entry.id != left_out]
        return found[:count]

    async def write(self, entries: Iterable[Entry], *, keep: int) -> None:
        self._ask("write")
        self.keeps.append(keep)
        for entry in entries:
            if entry.id <= self.last:
                raise ResponseError("The ID specified is equal or smaller")
            self.entries.append(entry)
            self.last = entry.id
        self._news.set()
        self._answer("write")

    async def head(self) -> Head | None:
        self._ask("head")
        return self.board

    async def write_head(self, head: Head) -> None:
        self._ask("write_head")
        self.board = head
        self.boards.append(head)
        self._answer("write_head")

    async def close(self) -> None:
        self._ask("close")

    def _after(self, after: Id) -> list[Entry]:
        return [entry for entry in self.entries if entry.id > after]

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.fails[name]:
            self.fails[name] -= 1
            raise LOST

    def _answer(self, name: str) -> None:
        if self.late[name]:
            self.late[name] -= 1
            raise LOST
