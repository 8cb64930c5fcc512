"""A reader over Redis misses nothing, or begins again; no outage lasts longer than its cause."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest

from dashboard.delivery.hub import Hub
from dashboard.delivery.replica import BatchLost, Replica
from dashboard.process.cpu_meter import CostMeter
from feeds.bus.mirror import Mirror
from feeds.bus.redis_bus import RECENT_BATCHES, RedisBus, nothing_to_rehearse
from feeds.bus.redis_link import ANSWER_S, BLOCK_MS, BOARD, STREAM, Entry, Id
from feeds.clock import SystemClock
from feeds.exceptions import BusDown
from feeds.market.events import Batch, Event, Position, Quote
from feeds.market.packing import pack_batch, pack_board, unpack_batch
from tests.support.exchange import Rows
from tests.support.market_script import NOW, listing
from tests.support.redis_server import RedisServer
from tests.support.waiting import PATIENCE_S, rest, until

pytestmark = pytest.mark.slow

TURN_S = 0.3
HEAL_S = 5.0
"""This long after Redis is back every board is the engine's."""


class BackwardClock(SystemClock):
    """A wall clock that somebody set back by an hour."""

    def now_ms(self) -> int:
        return super().now_ms() - 3_600_000


class Feed:
    """A market whose ticks a test makes; like the runner it says something all the time."""

    def __init__(self, redis: RedisServer, epoch: str = "e1", **options: Any) -> None:
        options = {"clock": SystemClock(), "turn_s": TURN_S} | options
        self.bus = RedisBus(redis.url, **options)
        self.mirror = Mirror()
        self.epoch = epoch
        self.terms = 0
        self.is_running = asyncio.Event()
        self._task = asyncio.ensure_future(self.bus.carry(self._run))

    async def happen(self, *events: Event) -> None:
        batch = Batch(f"{self.epoch}x{self.terms}", self.mirror.board.sequence + 1, events)
        self.mirror.receive(batch)
        await self.bus.publish(batch)

    async def tick(self, times: int, *, pause_s: float = 0.0) -> None:
        for _ in range(times):
            bid = random.randrange(1, 10_000)
            await self.happen(Quote("NVX", bid, bid + 1, 1, 1, NOW))
            await rest(pause_s)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.bus.close()

    async def _run(self) -> None:
        self.terms += 1
        self.mirror = Mirror()
        await self.happen(listing("NVX"), listing("ORB"))
        self.is_running.set()
        while True:
            await rest(0.1)
            await self.happen()


class Web:
    """The real hub of a web process, without readers."""

    def __init__(self, redis: RedisServer) -> None:
        self.bus = RedisBus(redis.url, clock=SystemClock())
        rows = Rows()
        self.hub = Hub(
            bus=self.bus,
            clock=SystemClock(),
            costs=CostMeter(),
            find_revoked=rows.find_revoked,
            read_personal=rows.read_personal,
            capacity=10_000,
            max_connections=10,
            connections_per_user=10,
            heartbeat_ms=60_000,
            sweep_s=60,
            deadline_s=60,
        )
        self._task = asyncio.ensure_future(self.hub.run())

    def agrees(self, feed: Feed) -> bool:
        """Say whether the replica is the feed's board, to the last version of a field."""
        replica, mirror = self.hub.replica, feed.mirror
        if (replica.epoch, replica.sequence) != (mirror.epoch, mirror.board.sequence):
            return False
        assert pack_board(replica.board) == pack_board(mirror.board)
        return True

    async def end(self) -> None:
        assert not self._task.done(), self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.bus.close()


@asynccontextmanager
async def market(redis: RedisServer, **options: Any) -> AsyncIterator[tuple[Feed, Web]]:
    """Yield a feed that runs and a web process that has read everything."""
    feed, web = Feed(redis, **options), Web(redis)
    try:
        await feed.is_running.wait()
        await until(lambda: web.agrees(feed))
        yield feed, web
    finally:
        await web.end()
        await feed.end()


async def follow(bus: RedisBus, replica_of: list[Replica]) -> None:
    """Follow like the hub, keeping every replica that was begun."""
    while True:
        try:
            attachment = await bus.attach()
        except BusDown:
            await asyncio.sleep(0)
            continue
        replica = Replica(attachment.epoch, attachment.board, capacity=1000, ts=0)
        replica_of.append(replica)
        with suppress(BatchLost):
            async for batch in attachment.batches():
                replica.receive(batch, ts=0)


async def test_a_web_process_has_what_the_feed_has(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        await feed.tick(300)
        await until(lambda: web.agrees(feed))


async def test_nothing_is_read_before_a_feed_ran(redis: RedisServer) -> None:
    bus = RedisBus(redis.url, clock=SystemClock())
    with pytest.raises(BusDown, match="runfeed"):
        await bus.attach()
    await bus.close()


async def test_readers_that_come_at_any_time_miss_nothing(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        replicas: list[list[Replica]] = [[] for _ in range(24)]
        readers = []
        for mine in replicas:
            readers.append(asyncio.ensure_future(follow(web.bus, mine)))
            await feed.tick(random.randrange(40), pause_s=random.choice([0, 0, 0.001]))
        await until(
            lambda: all(m and m[-1].sequence == feed.mirror.board.sequence for m in replicas)
        )
        for mine in replicas:
            assert len(mine) == 1, "it was told to begin again"
            assert pack_board(mine[0].board) == pack_board(feed.mirror.board)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def test_a_reader_gets_the_batches_that_lead_to_its_board(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        await feed.tick(RECENT_BATCHES + 20)
        await until(lambda: web.agrees(feed))
        redis.client().delete(BOARD)
        await until(lambda: redis.client().exists(BOARD))
        attachment = await web.bus.attach()
        recent = attachment.recent
        assert len(recent) == RECENT_BATCHES
        assert recent[-1].last == attachment.board.sequence
        for former, latter in pairwise(recent):
            assert latter.first == former.last + 1


async def test_the_batches_before_a_hole_are_left_out(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        await feed.tick(30)
        await until(lambda: web.agrees(feed))
        newest = redis.client().xrevrange(STREAM, count=30)
        batches = [(place, unpack_batch(fields[b"b"])) for place, fields in newest]
        # A sign of life has no events, and leaves no hole.
        place, lost = [(place, batch) for place, batch in batches if batch.events][9]
        redis.client().xdel(STREAM, place)
        redis.client().delete(BOARD)
        await until(lambda: redis.client().exists(BOARD))
        recent = (await web.bus.attach()).recent
        assert recent[0].first == lost.last + 1
        for former, latter in pairwise(recent):
            assert latter.first == former.last + 1


async def test_a_reader_of_a_trimmed_stream_is_not_led_on(redis: RedisServer) -> None:
    async with market(redis, stream_batches=100) as (feed, web):
        attachment = await web.bus.attach()
        replica = Replica(attachment.epoch, attachment.board, capacity=1000, ts=0)
        await feed.tick(900)
        await until(lambda: web.agrees(feed))
        with pytest.raises(BatchLost):
            async for batch in attachment.batches():
                replica.receive(batch, ts=0)


async def test_a_new_market_begins_at_once_everywhere(redis: RedisServer) -> None:
    async with market(redis) as (former, web):
        await former.end()
        feed = Feed(redis, "e2")
        await feed.is_running.wait()
        await until(lambda: web.agrees(feed), HEAL_S)
        await feed.end()


async def test_a_killed_redis_comes_back_empty_and_nothing_was_missed(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        replica = web.hub.replica
        redis.kill()
        await feed.tick(100, pause_s=0.01)
        redis.start()
        await until(lambda: web.agrees(feed), HEAL_S)
        assert web.hub.replica is replica, "the distinct events of the outage were lost"
        await feed.tick(10)
        await until(lambda: web.agrees(feed))


async def test_after_an_outage_beyond_the_backlog_everybody_begins_from_a_board(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with market(redis, backlog_batches=20) as (feed, web):
        redis.kill()
        await feed.tick(130)
        assert len(feed.bus._writer._backlog) <= 20
        redis.start()
        await until(lambda: web.agrees(feed), HEAL_S)
    assert "backlog given up" in caplog.text


async def test_flushed_away_is_only_delayed(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        await feed.tick(50)
        redis.client().flushall()
        await feed.tick(50)
        late = Web(redis)
        await until(lambda: web.agrees(feed) and late.agrees(feed), HEAL_S)
        await late.end()


async def test_emptied_with_a_new_feed_whose_clock_is_behind(redis: RedisServer) -> None:
    async with market(redis) as (former, web):
        await former.end()
        redis.client().flushall()
        feed = Feed(redis, "e2", clock=BackwardClock())
        await feed.is_running.wait()
        await until(lambda: web.agrees(feed), HEAL_S)
        await feed.end()


async def test_a_hanging_redis_stops_no_market_and_doubles_no_batch(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The market goes on until the answer is given up, and far beyond."""
    async with market(redis) as (feed, web):
        replica = web.hub.replica
        await feed.tick(20)
        redis.freeze()
        ticks = 0
        async with asyncio.timeout(PATIENCE_S):
            while "redis of the feed lost" not in caplog.text:
                await feed.tick(1, pause_s=0.01)
                ticks += 1
        assert ticks > 10, "the market waited for Redis"
        redis.thaw()
        await until(lambda: web.agrees(feed), HEAL_S)
        assert web.hub.replica is replica


async def test_a_quiet_reader_keeps_its_connection(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with market(redis) as (feed, _):
        await feed.end()
        client = redis.client()

        def blocking_reads() -> int:
            return int(client.info("commandstats")["cmdstat_xread"]["calls"])

        before = client.info("stats")["total_connections_received"]
        reads = blocking_reads()
        await until(lambda: blocking_reads() > reads + 2 * ANSWER_S * 1000 // BLOCK_MS, 30)
        assert client.info("stats")["total_connections_received"] == before
    assert "lost" not in caplog.text


@pytest.mark.parametrize(
    "fields", [{"b": b"\xc1junk"}, {"other": b"x"}, {"b": pack_batch(Batch("evil", 1, ()))}]
)
async def test_what_others_write_into_the_stream_is_refused(
    redis: RedisServer, fields: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with market(redis) as (feed, web):
        for _ in range(3):
            redis.client().xadd(STREAM, fields)
        await until(lambda: feed.terms == 2)
        await until(lambda: web.agrees(feed), HEAL_S)
    assert caplog.text.count("entry refused") <= 1


async def test_a_board_that_others_wrote_is_refused_until_the_next(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        for fields in ({"board": "junk"}, {"id": "junk"}, {"epoch": "other"}):
            redis.client().hset(BOARD, mapping=fields)
            late = Web(redis)
            await until(lambda late=late: late.agrees(feed), HEAL_S)
            await late.end()
        assert web.agrees(feed)


async def test_a_second_feed_waits_and_takes_over(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with market(redis) as (former, web):
        feed = Feed(redis, "e2")
        await until(lambda: "another feed runs" in caplog.text)
        assert not feed.is_running.is_set()
        await former.end()
        await feed.is_running.wait()
        await until(lambda: web.agrees(feed), HEAL_S)
        await feed.end()


async def test_a_feed_that_was_replaced_writes_nothing_any_more(redis: RedisServer) -> None:
    async with market(redis) as (former, web):
        link, thawed = former.bus._link, asyncio.Event()
        write, write_head = link.write, link.write_head

        async def write_late(*args: Any, **options: Any) -> None:
            await thawed.wait()
            await write(*args, **options)

        async def write_head_late(*args: Any) -> None:
            await thawed.wait()
            await write_head(*args)

        link.write, link.write_head = write_late, write_head_late
        feed = Feed(redis, "e2")
        await feed.is_running.wait()
        thawed.set()
        epochs = set()
        for _ in range(50):
            await feed.tick(1, pause_s=0.02)
            epochs.add(web.hub.replica.epoch)
        await until(lambda: web.agrees(feed), HEAL_S)
        assert former.terms == 1, "it did not wait for the end of the other"
        assert epochs <= {former.mirror.epoch, feed.mirror.epoch}
        written = [unpack_batch(fields[b"b"]).epoch for _, fields in redis.client().xrange(STREAM)]
        assert written == sorted(written), "two markets are mixed"
        await feed.end()


class StandingClock(SystemClock):
    """A wall clock that shows one millisecond for ever."""

    def now_ms(self) -> int:
        return NOW


async def test_feeds_that_begin_in_one_millisecond_have_terms_of_their_own(
    redis: RedisServer,
) -> None:
    """Both find the stream empty. With one term each takes the other's batches for its own."""
    buses = [RedisBus(redis.url, clock=StandingClock(), turn_s=0.1) for _ in range(2)]
    await asyncio.gather(*(bus._writer._wait_for_turn(nothing_to_rehearse) for bus in buses))
    former, latter = sorted(bus._writer._term for bus in buses)
    assert former < latter
    for bus in buses:
        await bus.close()


async def test_what_redis_lost_before_a_reader_had_it_is_written_again(
    redis: RedisServer,
) -> None:
    async with market(redis) as (feed, web):
        link, replica = web.bus._link, web.hub.replica
        read, waits, goes_on = link.read, asyncio.Event(), asyncio.Event()

        async def read_late(after: Id) -> list[Entry]:
            waits.set()
            await goes_on.wait()
            return await read(after)

        link.read = read_late
        await waits.wait()
        await feed.tick(5)
        await until(lambda: not feed.bus._writer._backlog)
        redis.kill()
        redis.start()
        goes_on.set()
        await feed.tick(5)
        await until(lambda: web.agrees(feed), HEAL_S)
        assert web.hub.replica is replica, "it began again from a board, without the ticks before"


class Standby:
    """A second feed, and what it has done so far."""

    def __init__(self, redis: RedisServer) -> None:
        self.done: list[str] = []
        self.bus = RedisBus(redis.url, clock=SystemClock(), turn_s=TURN_S)
        self._task = asyncio.ensure_future(self.bus.carry(self._run, self._rehearse))

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.bus.close()

    async def _rehearse(self) -> None:
        self.done.append("rehearsal")

    async def _run(self) -> None:
        self.done.append("market")
        await asyncio.Event().wait()


async def test_a_waiting_feed_rehearses_once_before_its_turn(redis: RedisServer) -> None:
    async with market(redis) as (feed, web):
        standby = Standby(redis)
        await until(lambda: standby.done)
        end = web.hub.replica.sequence + 20
        await feed.tick(20, pause_s=0.02)  # longer than a turn
        await until(lambda: web.hub.replica.sequence >= end)
        assert standby.done == ["rehearsal"]
        await feed.end()
        await until(lambda: len(standby.done) > 1)
        assert standby.done == ["rehearsal", "market"]
        await standby.end()


async def test_a_feed_that_finds_an_empty_stream_begins_at_once(redis: RedisServer) -> None:
    standby = Standby(redis)
    await until(lambda: standby.done)
    assert standby.done == ["market"]
    await standby.end()


async def test_silence_of_redis_is_no_silence_of_a_feed(redis: RedisServer) -> None:
    """While Redis stood still the other feed could not write either, so its turn is not over."""
    async with market(redis) as (feed, web):
        standby = Standby(redis)
        await until(lambda: standby.done)
        for _ in range(3):
            redis.freeze()
            thaw_s = time.monotonic() + 2 * TURN_S
            await until(lambda: time.monotonic() > thaw_s)  # noqa: B023
            redis.thaw()
            await feed.tick(1)
            await until(lambda: web.agrees(feed), HEAL_S)
        assert standby.done == ["rehearsal"]
        await standby.end()


async def test_the_stream_tells_what_a_feed_published_last(redis: RedisServer) -> None:
    """Over more than one answer of Redis, and without the markets before and after it."""
    bus = RedisBus(redis.url, clock=SystemClock())
    many = 2 * RECENT_BATCHES + 7
    epochs = [("e0", 3), ("e1", many), ("e2", 2)]
    entries = [
        Entry(Id(term, number), pack_batch(Batch(epoch, number, (Quote("NVX", 1, 2, 1, 1, NOW),))))
        for term, (epoch, count) in enumerate(epochs, 1)
        for number in range(1, count + 1)
    ]
    await bus._link.write(entries, keep=10_000)

    async def firsts(epoch: str, sequence: int) -> list[int]:
        found = await bus.published_after(Position(epoch, sequence))
        assert {batch.epoch for batch in found} <= {epoch}
        return [batch.first for batch in found]

    assert await firsts("e1", many - 2) == [many - 1, many]
    assert await firsts("e1", 0) == list(range(1, many + 1))
    assert await firsts("e1", many) == []
    assert await firsts("e0", 1) == [2, 3]
    assert await firsts("e9", 0) == []
    await bus.close()


async def test_a_feed_waits_for_redis_before_it_asks_what_was_published(
    redis: RedisServer,
) -> None:
    bus = RedisBus(redis.url, clock=SystemClock())
    await bus._link.write([Entry(Id(1, 1), pack_batch(Batch("e1", 1, ())))], keep=10)
    redis.freeze()
    asked = asyncio.ensure_future(bus.published_after(Position("e1", 0)))
    await rest(0.2)
    assert not asked.done()
    redis.thaw()
    assert len(await asked) == 1
    await bus.close()
