"""Records feeds while they run, as a reader of the bus: the market never waits for a disk.

Must not know the engine. Runs in the process of the feed. The rows say which feeds are recorded. A
recording ends when they say so, when a new market begins, and when the process stops.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Full, Queue
from typing import Final

from django import db

from feeds.bus.interface import Attachment, Bus, Overrun
from feeds.clock import Clock
from feeds.exceptions import BusDown, FeedError
from feeds.market.events import Event
from feeds.recordings.selection import FeedSelection

log = logging.getLogger(__name__)
WAITING_BATCHES: Final = 2000
"""Batches that may wait for the disk (100 s at 50 ms); with more the recording ends."""

Groups = Iterator[list[Event]]
SaveRecording = Callable[[str, Groups], object]
"""Write the groups of events of a feed to a file, and its row; called in a thread, may block."""


class _WriterThread:
    """The thread that writes the recording of one feed, and the queue of events before it."""

    def __init__(self, feed: str, save: SaveRecording) -> None:
        self.feed = feed
        # One place more than `add` fills, so that `end` always has room for its None.
        self._queue: Queue[list[Event] | None] = Queue(WAITING_BATCHES + 1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._saving = self._thread.submit(save, feed, iter(self._queue.get, None))

    def add(self, events: list[Event]) -> None:
        """Hand events to the thread.

        Raises:
            Full: the thread is too far behind, or has failed.
        """
        if self._queue.qsize() >= WAITING_BATCHES or self._saving.done():
            raise Full
        self._queue.put_nowait(events)

    async def end(self) -> None:
        """Wait until the file and the row are written, or log why they are not."""
        self._queue.put_nowait(None)
        self._thread.shutdown(wait=False)
        try:
            await asyncio.wrap_future(self._saving)
        except (db.Error, FeedError) as error:
            log.error("recording failed feed=%s error=%s", self.feed, error)
        else:
            log.info("recording saved feed=%s", self.feed)


class Recorder:
    """Record the feeds that the rows name, each in a file of its own; looks every `look_s`."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        read_recorded: Callable[[], Awaitable[set[str]]],
        save: SaveRecording,
        look_s: float,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._read_recorded = read_recorded
        self._save = save
        self._look_s = look_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._trouble = ""

    async def run(self) -> None:
        """Follow the rows until cancelled; open recordings are finished and saved then."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(self._look_s)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look(self) -> None:
        """Record what the rows say; open recordings go on while the rows cannot be read."""
        trouble, self._trouble = self._trouble, ""
        try:
            self._follow(await self._read_recorded())
        except db.Error as error:
            self._trouble = str(error)
            if self._trouble != trouble:
                log.warning("recorder cannot read rows error=%s", self._trouble)

    def _follow(self, wanted: set[str]) -> None:
        self._tasks = {feed: task for feed, task in self._tasks.items() if not task.done()}
        for feed in self._tasks.keys() - wanted:
            self._tasks[feed].cancel()
        for feed in wanted - self._tasks.keys():
            self._tasks[feed] = asyncio.create_task(self._record(feed))

    async def _record(self, feed: str) -> None:
        try:
            attachment = await self._bus.attach()
        except BusDown:
            return
        writer = _WriterThread(feed, self._save)
        try:
            await self._copy(attachment, writer)
        except (Overrun, Full):
            log.error("recording ends early feed=%s reason=too slow", feed)
        finally:
            self._bus.detach(attachment)
            # The task is cancelled to end a recording, and the file must still be finished.
            await asyncio.shield(writer.end())

    async def _copy(self, attachment: Attachment, writer: _WriterThread) -> None:
        """Hand on the events of the feed until a new market begins."""
        selection, epoch = FeedSelection(writer.feed), attachment.epoch
        writer.add(selection.initial_events(attachment.board, self._clock.now_ms()))
        async for batch in attachment.batches():
            # A reader that attached before the market began has no epoch yet.
            if epoch not in ("", batch.epoch):
                return
            epoch = batch.epoch
            if events := selection.select(batch.events):
                writer.add(events)
