"""A running feed is written down beside the market, and the file has what the tape had."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import Event as Flag

import pytest
from django.db import OperationalError

from feeds.bus.memory import MemoryBus
from feeds.clock import SystemClock
from feeds.exceptions import InvalidRecording
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedRemoval,
    Listing,
    Phase,
    Side,
    Status,
    Trade,
)
from feeds.models import AuditEntry, Feed, Recording
from feeds.recordings import recorder
from feeds.recordings.reader import RecordingFile
from feeds.recordings.recorder import Groups, Recorder
from feeds.services.recordings import record_live
from tests.support.market_script import NOW, definition, listing
from tests.support.waiting import rest


def trade(symbol: str, price: int = 100) -> Trade:
    return Trade(symbol, price, 1, Side.BUY, NOW, NOW)


OTHER = [Listing("other", definition("ZED"), NOW), Status("ZED", Phase.OPEN, "", NOW)]
NVX = [listing("NVX"), Status("NVX", Phase.HALTED, "news", NOW)]


class Shelf:
    """Keeps what a recorder hands over in a list, where the services write a file."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[Event]]] = []
        self.blocked_until: Flag | None = None
        self.error: Exception | None = None

    def keep(self, feed: str, groups: Groups) -> None:
        if self.error:
            raise self.error
        if self.blocked_until:
            self.blocked_until.wait(10)
        self.kept.append((feed, [event for group in groups for event in group]))


class Market:
    """A bus on which a test publishes events, and a recorder that reads them."""

    def __init__(self, keep) -> None:
        self.bus = MemoryBus()
        self.wanted: set[str] = set()
        self.error: Exception | None = None
        self.failed = 0
        self.sequence = 0
        self.recorder = Recorder(
            bus=self.bus, clock=SystemClock(), read_recorded=self.read, save=keep, look_s=0.005
        )

    async def read(self) -> set[str]:
        if self.error:
            self.failed += 1
            raise self.error
        return self.wanted

    async def happen(self, *events: Event, epoch: str = "e1") -> None:
        await self.bus.publish(Batch(epoch, self.sequence + 1, events))
        self.sequence += len(events)
        await rest(0.005)

    async def until(self, condition) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await self.happen()

    async def want(self, *feeds: str) -> None:
        self.wanted = set(feeds)
        await self.until(lambda: len(self.bus._attachments) == len(feeds))


@asynccontextmanager
async def market(keep) -> AsyncIterator[Market]:
    running = Market(keep)
    task = asyncio.create_task(running.recorder.run())
    yield running
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_recording_begins_with_what_is_and_has_what_comes_of_its_feed() -> None:
    shelf = Shelf()
    async with market(shelf.keep) as running:
        await running.happen(*OTHER, *NVX, trade("NVX"))
        await running.want("demo")
        late = [listing("ORB"), trade("ORB"), Delisting("ORB", NOW), FeedRemoval("demo", NOW)]
        await running.happen(trade("ZED"), trade("NVX", 105), *late, FeedRemoval("other", NOW))
        await running.want()
        await running.until(lambda: shelf.kept)
    [(feed, events)] = shelf.kept
    assert feed == "demo"
    assert [type(event) for event in events[:2]] == [Listing, Status]
    assert (events[1].phase, events[1].reason) == (Phase.HALTED, "news")
    assert events[2:] == [trade("NVX", 105), *late]


async def test_a_stop_of_the_process_keeps_what_was_recorded() -> None:
    shelf = Shelf()
    async with market(shelf.keep) as running:
        await running.happen(*NVX)
        await running.want("demo")
        await running.happen(trade("NVX"))
    assert shelf.kept[0][1][-1] == trade("NVX")


async def test_a_new_market_ends_a_recording_and_begins_another() -> None:
    shelf = Shelf()
    async with market(shelf.keep) as running:
        await running.happen(*NVX)
        await running.want("demo")
        await running.happen(trade("NVX", 1))
        running.sequence = 0
        await running.happen(*NVX, trade("NVX", 2), epoch="e2")
        async with asyncio.timeout(10):
            while not (shelf.kept and running.bus._attachments):
                await running.happen(epoch="e2")
        await running.happen(trade("NVX", 3), epoch="e2")
    prices = [[event.price_ticks for event in events if isinstance(event, Trade)]
              for _, events in shelf.kept]  # fmt: skip
    assert prices == [[1], [3]]


async def test_a_disk_that_is_too_slow_ends_the_recording_and_not_the_market(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "WAITING_BATCHES", 3)
    shelf = Shelf()
    shelf.blocked_until = Flag()
    async with market(shelf.keep) as running:
        await running.happen(*NVX)
        await running.want("demo")
        for _ in range(6):
            await running.happen(trade("NVX"))
        running.wanted = set()
        await running.until(lambda: "reason=too slow" in caplog.text)
        shelf.blocked_until.set()
        await running.until(lambda: shelf.kept)
    assert len(shelf.kept[0][1]) <= 2 + 3


async def test_a_failure_is_reported_and_the_market_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf = Shelf()
    shelf.error = InvalidRecording("the disk is full")
    async with market(shelf.keep) as running:
        await running.happen(*NVX)
        running.wanted = {"demo"}
        await running.until(lambda: "error=the disk is full" in caplog.text)
        running.wanted = set()
        await running.happen(trade("NVX"))


async def test_a_recording_goes_on_while_the_rows_cannot_be_read(caplog) -> None:
    shelf = Shelf()
    async with market(shelf.keep) as running:
        await running.happen(*NVX)
        await running.want("demo")
        running.error = OperationalError("no server")
        await running.until(lambda: running.failed > 1)
        await running.happen(trade("NVX", 1))
        assert not shelf.kept
        running.error, running.wanted = None, set()
        await running.until(lambda: shelf.kept)
    assert trade("NVX", 1) in shelf.kept[0][1]
    assert caplog.text.count("no server") == 1


async def test_a_database_that_takes_no_row_of_a_recording_is_reported(caplog) -> None:
    shelf = Shelf()
    shelf.error = OperationalError("no server")
    async with market(shelf.keep) as running:
        await running.happen(*NVX)
        running.wanted = {"demo"}
        await running.until(lambda: "error=no server" in caplog.text)


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_live_is_a_row_and_a_file(settings, tmp_path) -> None:
    settings.MARKET_RECORDINGS_DIR = tmp_path
    Feed.objects.create(slug="demo", name="Demo Exchange")
    record_live("demo", iter([NVX, [trade("NVX")]]))
    row = Recording.objects.get()
    assert row.name.startswith("Demo Exchange 2")
    assert (row.events, row.ticks, row.origin) == (3, 1, "recorded")
    found = RecordingFile(tmp_path / row.path)
    assert list(found.events()) == [*NVX, trade("NVX")]
    assert found.header.fingerprint == row.fingerprint
    assert AuditEntry.objects.get().action == "add"


@pytest.mark.django_db(transaction=True)
def test_of_a_feed_that_left_nothing_is_kept(settings, tmp_path) -> None:
    settings.MARKET_RECORDINGS_DIR = tmp_path
    assert record_live("gone", iter([NVX])) is None
    assert list(tmp_path.iterdir()) == []
