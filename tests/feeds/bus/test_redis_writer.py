"""The feed writes every batch once and in order, whatever Redis loses; only one feed writes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from feeds.bus import redis_link, redis_writer
from feeds.bus.redis_link import Entry, Id
from feeds.bus.redis_writer import LOOKS, RedisWriter
from feeds.market.events import Batch, Quote
from feeds.market.packing import pack_batch, unpack_board
from tests.feeds.bus.link_in_memory import LinkInMemory, StandingClock, noted_rests
from tests.support.log_lines import lines_of
from tests.support.market_script import NOW, listing
from tests.support.waiting import until

FOREIGN = Entry(Id(5_000, 7), pack_batch(Batch("other", 1, ())))


class Feed:
    """A market whose batches a test makes, and what it did."""

    def __init__(self, link: LinkInMemory, *, turn_s: float = 0, **options: int) -> None:
        self.link, self.clock = link, StandingClock()
        self.writer = RedisWriter(link, clock=self.clock, turn_s=turn_s, **options)
        self.done: list[str] = []
        self.sequence = 0
        self._task = asyncio.ensure_future(self.writer.carry(self._run, self._rehearse))

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            first = self.sequence + 1
            bid = Quote("NVX", first, first + 1, 1, 1, NOW)
            self.writer.offer(Batch("e1", first, (listing("NVX") if first == 1 else bid,)))
            self.sequence = first

    async def tell(self, times: int = 1) -> None:
        """Publish batches, and wait until Redis has the last."""
        self.tick(times)
        await self.settle()

    async def settle(self) -> None:
        await until(lambda: self.link.entries and self.link.batches[-1].last == self.sequence)
        await until(lambda: not self.writer._news.is_set())

    async def begin(self) -> None:
        await until(lambda: "market" in self.done)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _rehearse(self) -> None:
        self.done.append("rehearsal")

    async def _run(self) -> None:
        self.done.append("market")
        self.sequence = 0
        try:
            await asyncio.Event().wait()
        finally:
            self.done.append("end")


@pytest_asyncio.fixture
async def feed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feed]:
    monkeypatch.setattr(redis_writer, "RETRY_S", 0)
    feed = Feed(LinkInMemory())
    await feed.begin()
    feed.link.asked.clear()
    yield feed
    await feed.end()


def sequences(feed: Feed) -> list[int]:
    """Return the sequences of the batches in the stream."""
    return [batch.first for batch in feed.link.batches]


# --- writing --------------------------------------------------------------------------------
async def test_batches_have_growing_ids_of_the_term_and_the_board_goes_first(feed: Feed) -> None:
    await feed.tell(3)
    assert [entry.id for entry in feed.link.entries] == [Id(1_000, n) for n in (1, 2, 3)]
    assert sequences(feed) == [1, 2, 3]
    assert feed.link.asked == ["write_head", "write"]
    (head,) = feed.link.boards
    assert (head.epoch, head.id, unpack_board(head.board).sequence) == ("e1", Id(1_000, 3), 3)


async def test_many_batches_are_written_in_several_turns(feed: Feed) -> None:
    await feed.tell(250)
    assert sequences(feed) == list(range(1, 251))
    assert feed.link.asked.count("write") == 3
    assert set(feed.link.keeps) == {redis_writer.STREAM_BATCHES}


async def test_the_board_is_written_every_second_and_packed_once(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []
    pack = redis_writer.pack_board
    monkeypatch.setattr(
        redis_writer, "pack_board", lambda board: packed.append(board.sequence) or pack(board)
    )
    await feed.tell()
    for second in (0.9, 1.0, 1.9, 2.0):
        feed.clock.s = second
        await feed.tell()
    assert packed == [1, 3, 5]
    feed.clock.s = 3.0
    feed.writer.offer(Batch("e1", 6, ()))  # a sign of life: nothing on the board is new
    await until(lambda: len(feed.link.boards) == 4)
    assert packed == [1, 3, 5]
    assert feed.link.boards[-1].id == Id(1_000, 6)
    assert feed.link.boards[-1].board == feed.link.boards[-2].board


@pytest.mark.parametrize(("silence_s", "looks"), [(2.0, 0), (2.1, 1)])
async def test_after_a_long_silence_it_looks_before_it_writes(
    feed: Feed, silence_s: float, looks: int
) -> None:
    await feed.tell()
    feed.clock.s = silence_s
    await feed.tell()
    assert feed.link.asked.count("newest") == looks
    await feed.tell()
    assert feed.link.asked.count("newest") == looks


# --- outages --------------------------------------------------------------------------------
@pytest.mark.parametrize("is_late", [False, True], ids=["the batches", "the answer"])
async def test_a_write_that_fails_is_made_again_unless_it_arrived(
    feed: Feed, caplog: pytest.LogCaptureFixture, is_late: bool
) -> None:
    await feed.tell()
    (feed.link.late if is_late else feed.link.fails)["write"] = 1
    await feed.tell(4)
    await until(lambda: len(lines_of(caplog, redis_link)) == 2)
    assert sequences(feed) == [1, 2, 3, 4, 5]
    asked = feed.link.asked[:]
    again = ["newest", "write_head"] if is_late else ["newest", "write_head", "write"]
    assert asked == ["write_head", "write", "write", *again]
    assert lines_of(caplog, redis_link) == [
        "redis of the feed lost error=redis is away",
        "redis of the feed is back",
    ]
    await feed.tell()
    assert feed.link.asked == [*asked, "write"], "it does not look again"


@pytest.mark.parametrize("name", ["write", "newest", "write_head"])
async def test_an_outage_of_any_length_loses_nothing(feed: Feed, name: str) -> None:
    await feed.tell()
    feed.link.fails["write"] = 1
    feed.link.fails[name] = 5
    await feed.tell(3)
    assert sequences(feed) == [1, 2, 3, 4]


@pytest.mark.parametrize("lost", [1, 2, 5])
async def test_what_redis_lost_is_written_again_with_the_ids_it_had(feed: Feed, lost: int) -> None:
    await feed.tell(5)
    feed.link.lose(lost)
    feed.link.fails["write"] = 1
    await feed.tell(2)
    assert sequences(feed) == [1, 2, 3, 4, 5, 6, 7]
    assert [entry.id for entry in feed.link.entries] == [Id(1_000, n) for n in range(1, 8)]
    # What was written again is kept again.
    feed.link.lose(7)
    feed.link.fails["write"] = 1
    await feed.tell()
    assert sequences(feed) == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_only_the_newest_batches_are_kept_for_that(feed: Feed) -> None:
    await feed.tell(105)
    feed.link.lose(105)
    feed.link.fails["write"] = 1
    await feed.tell()
    assert sequences(feed) == list(range(6, 107))


async def test_a_full_backlog_is_given_up_and_a_board_has_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_writer, "RETRY_S", 0)
    feed = Feed(LinkInMemory(), backlog_batches=3)
    await feed.begin()
    feed.tick(3)
    assert lines_of(caplog, redis_writer) == []
    feed.tick()
    assert lines_of(caplog, redis_writer) == ["backlog given up batches=3"]
    await feed.settle()
    assert sequences(feed) == [4]
    assert unpack_board(feed.link.boards[-1].board).sequence == 4
    await feed.end()


SIZE = len(pack_batch(Batch("e1", 2, (Quote("NVX", 2, 3, 1, 1, NOW),))))


async def test_the_bytes_of_a_backlog_have_a_bound(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await feed.tell()
    monkeypatch.setattr(redis_writer, "BACKLOG_BYTES", 3 * SIZE)
    for _ in range(3):  # what was written counts no more
        feed.tick(3)
        await feed.settle()
    feed.link.lose(2)
    feed.link.fails["write"] = 1
    await feed.tell()
    assert lines_of(caplog, redis_writer) == []
    feed.tick(4)
    assert lines_of(caplog, redis_writer) == ["backlog given up batches=3"]
    feed.tick(2)
    assert len(lines_of(caplog, redis_writer)) == 1
    await feed.settle()
    assert sequences(feed) == [*range(1, 12), 15, 16, 17]


async def test_what_is_written_again_counts_in_the_backlog(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await feed.tell(4)
    feed.link.lose(2)
    monkeypatch.setattr(redis_writer, "BACKLOG_BYTES", 3 * SIZE)
    feed.link.fails["write"] = 1_000_000
    feed.link.asked.clear()
    feed.tick()
    await until(lambda: feed.link.asked.count("write") > 1)
    feed.tick()
    feed.link.fails["write"] = 0
    assert lines_of(caplog, redis_writer) == ["backlog given up batches=3"]
    await feed.settle()
    assert sequences(feed) == [1, 2, 6]


# --- turns ----------------------------------------------------------------------------------
async def test_a_feed_that_was_replaced_ends_and_waits_for_its_turn(
    feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    await feed.tell(2)
    feed.link.add(FOREIGN)
    feed.tick()
    await until(lambda: feed.done.count("market") == 2)
    assert feed.done == ["market", "end", "rehearsal", "market"]
    assert lines_of(caplog, redis_writer) == [
        "market ends reason=the stream is at 5000-7, this feed's term was 1000",
        "another feed runs, this one waits for its end",
    ]
    assert [entry.id for entry in feed.link.entries] == [Id(1_000, 1), Id(1_000, 2), FOREIGN.id]
    await feed.tell()
    assert feed.link.entries[-1].id == Id(5_001, 1), "the term is above that of the other feed"
    assert (len(feed.writer.board.rows), feed.link.boards[-1].id) == (1, Id(5_001, 1))


async def test_nothing_of_an_earlier_turn_is_written_in_the_next(feed: Feed) -> None:
    await feed.tell(3)
    feed.link.add(FOREIGN)
    feed.link.fails["write"] = 1
    feed.tick(2)
    await until(lambda: feed.done.count("market") == 2)
    feed.link.lose(4)
    feed.link.fails["write"] = 1
    await feed.tell(2)
    assert [entry.id for entry in feed.link.entries] == [Id(5_001, 1), Id(5_001, 2)]


@pytest.mark.parametrize(
    ("newest", "term"),
    [(Id(0, 0), 1_000), (Id(999, 9), 1_000), (Id(1_000, 0), 1_001), (Id(4_000, 3), 4_001)],
    ids=["an empty stream", "an earlier feed", "a feed of now", "a clock that was set back"],
)
async def test_a_term_is_the_time_and_above_all_former_ones(newest: Id, term: int) -> None:
    link = LinkInMemory()
    link.last = newest
    feed = Feed(link)
    await feed.begin()
    await feed.tell()
    assert link.entries[0].id == Id(term, 1)
    await feed.end()


async def looks_before_the_turn(link: LinkInMemory, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often a feed looks before it takes the stream."""
    monkeypatch.setattr(redis_writer, "RETRY_S", 0)
    feed = Feed(link)
    await feed.begin()
    await feed.end()
    assert feed.done[:-2] == (["rehearsal"] if link.asked.count("newest") > 1 else [])
    return link.asked.count("newest")


class Moving(LinkInMemory):
    """A stream in which another feed writes before some looks."""

    def __init__(self, *looks: int) -> None:
        super().__init__()
        self.last = Id(5, 1)
        self._looks = looks

    async def newest(self) -> Id:
        if self.asked.count("newest") + 1 in self._looks:
            self.last = Id(5, self.last.number + 1)
        return await super().newest()


async def test_another_feed_is_over_when_so_many_looks_find_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first look says nothing, as there is none before it."""
    assert await looks_before_the_turn(LinkInMemory(), monkeypatch) == 1
    assert await looks_before_the_turn(Moving(), monkeypatch) == 1 + LOOKS
    assert await looks_before_the_turn(Moving(5), monkeypatch) == 5 + LOOKS
    assert await looks_before_the_turn(Moving(LOOKS, LOOKS + 1), monkeypatch) == 1 + 2 * LOOKS


async def test_what_was_seen_before_an_outage_counts_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(Moving):
        async def newest(self) -> Id:
            self.fails["newest"] += self.asked.count("newest") in (8, 9)
            return await super().newest()

    assert await looks_before_the_turn(Away(), monkeypatch) == 10 + LOOKS
    assert lines_of(caplog, redis_link) == [
        "redis of the feed lost error=redis is away",
        "redis of the feed is back",
    ]


async def test_a_term_that_another_feed_took_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(LinkInMemory):
        async def claim(self, term: int) -> bool:
            if len(self.asked) == 1:
                self.last = Id(term, 1)
            return await super().claim(term)

    assert await looks_before_the_turn(link := Late(), monkeypatch) == 2 + LOOKS
    assert link.last == Id(1_001, 0)


async def test_it_rests_after_each_look_and_each_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = noted_rests(monkeypatch)
    monkeypatch.setattr(redis_writer, "RETRY_S", 77.0)
    link = Moving()
    link.fails["newest"] = 1
    feed = Feed(link, turn_s=24.0)
    await feed.begin()
    assert rests == [77.0, *[2.0] * LOOKS]
    await feed.tell()
    link.fails["write"] = 2
    await feed.tell()
    assert rests == [77.0, *[2.0] * LOOKS, 77.0, 77.0]
    await feed.end()
