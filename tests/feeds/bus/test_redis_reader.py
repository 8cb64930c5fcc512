"""What a reader of the Redis bus gets and when it begins again, over a stream in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import SimpleNamespace

import pytest
import pytest_asyncio

from feeds.bus import redis_bus, redis_link
from feeds.bus.interface import Overrun
from feeds.bus.redis_bus import PATIENCE_READS, RedisBus
from feeds.bus.redis_link import BEFORE_FIRST_ID, Entry, Head, Id
from feeds.exceptions import BusDown
from feeds.market.board import Board
from feeds.market.events import Batch, Event, Position, Quote
from feeds.market.packing import pack_batch, pack_board
from tests.feeds.bus.link_in_memory import LinkInMemory, StandingClock, noted_rests
from tests.support.log_lines import lines_of
from tests.support.market_script import NOW, listing
from tests.support.waiting import PATIENCE_S, until

QUOTE = Quote("NVX", 1, 2, 1, 1, NOW)


class Reading:
    """A bus over a stream in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(redis_bus, "RETRY_S", 0)
        self.link = LinkInMemory()
        self.bus = RedisBus("redis://nowhere", clock=StandingClock())
        self.bus._link = self.link


@pytest_asyncio.fixture
async def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(monkeypatch)


def entry(term: int, number: int, *, size: int = 1, epoch: str = "") -> Entry:
    """Return a batch whose events end at its number; `size` 0 makes a sign of life."""
    events: tuple[Event, ...] = (QUOTE,) * size
    first = number - size + 1
    batch = Batch(epoch or f"e{term}", first, events)
    return Entry(Id(term, number), pack_batch(batch))


def foreign(term: int, number: int) -> Entry:
    return Entry(Id(term, number), None)


def head(term: int, number: int, *, epoch: str = "e1") -> Head:
    board = Board()
    board.apply(number, listing("NVX"))
    return Head(epoch, Id(term, number), pack_board(board))


# --- what was published ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("position", "firsts"),
    [
        (Position("e2", 0), [1, 2, 3, 4, 5]),
        (Position("e2", 1), [2, 3, 4, 5]),
        (Position("e2", 4), [5]),
        (Position("e2", 5), []),
        (Position("e1", 1), [2]),
        (Position("e3", 0), [1, 2, 3]),
        (Position("e4", 0), []),
    ],
)
@pytest.mark.parametrize("answers", [1, 2, 3, 5, 250])
async def test_the_stream_tells_what_a_market_published_after_a_position(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, position: Position, firsts: list[int],
    answers: int,
) -> None:  # fmt: skip
    """Over any number of answers, and without the markets before and after it."""
    monkeypatch.setattr(redis_bus, "RECENT_BATCHES", answers)
    for term, count in ((1, 2), (2, 5), (3, 3)):
        reading.link.add(*(entry(term, number) for number in range(1, count + 1)))
    found = await reading.bus.published_after(position)
    assert [(batch.epoch, batch.first) for batch in found] == [
        (position.epoch, first) for first in firsts
    ]


async def test_older_markets_are_not_read(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "RECENT_BATCHES", 2)
    reading.link.add(*(entry(1, number) for number in range(1, 9)), entry(2, 1))
    assert len(await reading.bus.published_after(Position("e2", 0))) == 1
    assert reading.link.asked == ["last_until"]


async def test_a_market_waits_for_redis_before_it_asks_what_was_published(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    reading.link.add(entry(1, 1))
    reading.link.fails["last_until"] = 3
    assert [batch.first for batch in await reading.bus.published_after(Position("e1", 0))] == [1]
    assert lines_of(caplog, redis_link) == ["redis of the hub lost error=redis is away"]


def test_a_bus_writes_as_it_is_set_and_shows_what_its_writer_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[dict[str, object]] = []
    offered: list[Batch] = []
    writer, clock = SimpleNamespace(board=Board(), offer=offered.append), StandingClock()
    monkeypatch.setattr(
        redis_bus, "RedisWriter", lambda link, **options: made.append(options) or writer
    )
    bus = RedisBus("redis://nowhere", clock=clock, turn_s=7, stream_batches=8, backlog_batches=9)
    assert made == [{"clock": clock, "turn_s": 7, "stream_batches": 8, "backlog_batches": 9}]
    assert bus.board is writer.board
    batch = Batch("e1", 1, ())
    asyncio.run(bus.publish(batch))
    assert offered == [batch]


async def test_a_stream_has_no_parts(reading: Reading) -> None:
    """It trims itself, so a market that forgets parts of a journal asks nothing of Redis."""
    reading.bus.prepare_part()
    assert reading.bus.begin_part() == 0
    reading.bus.forget_before(0)
    assert reading.link.asked == []


async def test_it_rests_before_it_asks_again(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an outage would cost the process all its time."""
    rests = noted_rests(monkeypatch)
    monkeypatch.setattr(redis_bus, "RETRY_S", 77.0)
    reading.link.add(entry(1, 1))
    reading.link.fails["last_until"] = 3
    await reading.bus.published_after(Position("e1", 0))
    assert rests == [77.0] * 3
    reading.link.board = head(1, 1)
    reading.link.fails["read"] = 2
    async with aclosing((await reading.bus.attach()).batches()) as batches:
        reading.link.add(entry(1, 2))
        assert (await anext(batches)).last == 2
    assert rests == [77.0] * 5


# --- where a reader begins ------------------------------------------------------------------
async def test_a_reader_begins_with_the_board_and_the_batches_that_lead_to_it(
    reading: Reading,
) -> None:
    reading.link.add(entry(1, 1), entry(1, 3, size=2), entry(1, 4), entry(1, 5))
    reading.link.board = head(1, 4)
    attachment = await reading.bus.attach()
    assert (attachment.epoch, attachment.board.sequence) == ("e1", 4)
    assert [batch.first for batch in attachment.recent] == [1, 2, 4]


@pytest.mark.parametrize(
    "before",
    [
        [entry(1, 1), entry(1, 3)],
        [entry(1, 1), entry(1, 2, epoch="e0"), entry(1, 3)],
        [entry(1, 1), foreign(1, 2), entry(1, 3)],
    ],
    ids=["a hole", "another market", "no batch"],
)
async def test_batches_before_a_break_do_not_lead_to_the_board(
    reading: Reading, before: list[Entry]
) -> None:
    reading.link.add(*before, entry(1, 4))
    reading.link.board = head(1, 4)
    assert [batch.first for batch in (await reading.bus.attach()).recent] == [3, 4]


@pytest.mark.parametrize("after", [entry(1, 4), entry(1, 6, size=3), foreign(1, 9)])
async def test_a_board_that_the_stream_continues_is_taken(reading: Reading, after: Entry) -> None:
    reading.link.add(entry(1, 3), after)
    reading.link.board = head(1, 3)
    assert (await reading.bus.attach()).board.sequence == 3


@pytest.mark.parametrize(
    "after",
    [entry(1, 5), entry(1, 4, size=2), entry(1, 4, epoch="e0")],
    ids=["a hole", "an overlap", "another market"],
)
async def test_a_board_that_the_stream_does_not_continue_is_refused(
    reading: Reading, after: Entry
) -> None:
    reading.link.add(entry(1, 3), after)
    reading.link.board = head(1, 3)
    with pytest.raises(BusDown, match="does not continue"):
        await reading.bus.attach()


@pytest.mark.parametrize("command", ["head", "next_after", "last_until"])
async def test_no_reader_begins_while_redis_is_away(reading: Reading, command: str) -> None:
    reading.link.board = head(1, 3)
    reading.link.fails[command] = 1
    with pytest.raises(BusDown, match="redis is away"):
        await reading.bus.attach()
    assert await reading.bus.attach()


async def test_without_a_board_that_can_be_read_no_reader_begins(reading: Reading) -> None:
    with pytest.raises(BusDown, match="runfeed"):
        await reading.bus.attach()
    reading.link.board = Head("e1", Id(1, 1), b"junk")
    with pytest.raises(BusDown, match="the board cannot be read"):
        await reading.bus.attach()


# --- following ------------------------------------------------------------------------------
class Follower:
    """A reader that follows the stream from a board at 1-3."""

    def __init__(self, reading: Reading, batches: AsyncIterator[Batch]) -> None:
        self.link = reading.link
        self.found: list[int] = []
        self._batches = batches
        self.task = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        async for batch in self._batches:
            self.found.append(batch.last)

    async def reads(self, count: int) -> None:
        """Wait until it reads so often."""
        await until(lambda: self.link.asked.count("read") >= count)

    async def find_nothing(self, times: int) -> None:
        """Let so many reads find nothing."""
        for _ in range(times):
            count = self.link.asked.count("read")
            self.link.silence.release()
            await until(lambda count=count: self._has_read(count))

    def _has_read(self, reads: int) -> bool:
        return self.task.done() or self.link.asked.count("read") > reads


@pytest_asyncio.fixture
async def follower(reading: Reading) -> AsyncIterator[Follower]:
    reading.link.add(entry(1, 3))
    reading.link.board = head(1, 3)
    attachment = await reading.bus.attach()
    async with aclosing(attachment.batches()) as batches:
        follower = Follower(reading, batches)
        await follower.reads(1)
        yield follower
        follower.task.cancel()
        await asyncio.gather(follower.task, return_exceptions=True)


async def begins_again(follower: Follower) -> bool:
    """Say whether the reader is sent back to a board."""
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(Overrun):
            await follower.task
    return True


async def test_a_reader_gets_every_batch_after_its_board_once(follower: Follower) -> None:
    follower.link.add(entry(1, 4), entry(1, 5))
    await until(lambda: follower.found == [4, 5])
    follower.link.add(entry(1, 6))
    await until(lambda: follower.found == [4, 5, 6])
    await follower.find_nothing(10)
    assert not follower.task.done(), "nobody wrote, so nothing is lost"


async def test_what_others_wrote_is_passed_over_and_logged_once(
    follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    follower.link.add(foreign(1, 4), Entry(Id(1, 5), b"junk"), entry(1, 6))
    await until(lambda: follower.found == [6])
    follower.link.add(foreign(1, 7))
    await follower.find_nothing(1)
    assert follower.found == [6]
    (line,) = lines_of(caplog, redis_bus)
    assert line.startswith("entry refused id=1-4 error=")


async def test_a_reader_outlives_an_outage(
    follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    follower.link.fails["read"] = 4
    follower.link.add(entry(1, 4))
    await until(lambda: follower.found == [4])
    follower.link.add(entry(1, 5))
    await until(lambda: follower.found == [4, 5])
    assert lines_of(caplog, redis_link) == [
        "redis of the hub lost error=redis is away",
        "redis of the hub is back",
    ]


def begin_behind(follower: Follower) -> None:
    """Let Redis come back empty."""
    follower.link.lose(1)
    follower.link.board = None


async def test_a_stream_that_stays_behind_a_reader_sends_it_back_to_a_board(
    follower: Follower,
) -> None:
    begin_behind(follower)
    await follower.find_nothing(PATIENCE_READS - 1)
    assert not follower.task.done()
    await follower.find_nothing(1)
    assert await begins_again(follower)


async def test_a_stream_that_is_written_again_in_time_is_followed_on(follower: Follower) -> None:
    begin_behind(follower)
    await follower.find_nothing(PATIENCE_READS - 1)
    follower.link.add(entry(1, 3), entry(1, 4))
    await until(lambda: follower.found == [4])
    begin_behind(follower)
    follower.link.lose(1)
    await follower.find_nothing(PATIENCE_READS - 1)
    assert not follower.task.done(), "it has its whole patience again"
    await follower.find_nothing(1)
    assert await begins_again(follower)


@pytest.mark.parametrize(
    ("board", "newest", "is_behind"),
    [
        (head(1, 2), BEFORE_FIRST_ID, True),
        (head(1, 3), BEFORE_FIRST_ID, False),
        (None, Id(1, 2), True),
        (None, Id(1, 3), False),
        (head(1, 2), Id(1, 3), False),
        (head(0, 9), Id(0, 8), True),
    ],
)
async def test_a_reader_is_ahead_only_if_stream_and_board_are_behind(
    follower: Follower, board: Head | None, newest: Id, is_behind: bool
) -> None:
    """A feed that finds an emptied stream first writes its board."""
    follower.link.lose(1)
    follower.link.board, follower.link.last = board, newest
    await follower.find_nothing(PATIENCE_READS)
    if is_behind:
        assert await begins_again(follower)
    await follower.find_nothing(1)
    assert follower.task.done() == is_behind
