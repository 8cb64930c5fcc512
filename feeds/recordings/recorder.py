"""Feeds written down while they run: a reader of the bus, so the market never waits for a disk.

Must not know the engine. Run by runtime beside the runner, in the one process that has the feed.
Which feeds are recorded the rows say; a recording ends when they say so, when the market begins
anew, and when the process stops.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Full, Queue
from typing import Final

from feeds.bus.memory import Attachment, Bus, Overrun
from feeds.clock import Clock
from feeds.exceptions import BusDown, FeedError
from feeds.market.events import Event
from feeds.recordings.selection import Excerpt

log = logging.getLogger(__name__)
WAITING_BATCHES: Final = 2000
"""Batches that wait for the disk: 80 s at 40 ms; then the recording ends."""

Groups = Iterator[list[Event]]
Keep = Callable[[str, Groups], object]
"""Write the groups of events of a feed and its row; it works in a thread, and may wait there."""


class _Recording:
    """One feed while it is recorded."""

    def __init__(self, feed: str, keep: Keep) -> None:
        self.feed = feed
        self._queue: Queue[list[Event] | None] = Queue(WAITING_BATCHES + 1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._kept = self._thread.submit(keep, feed, iter(self._queue.get, None))

    def add(self, events: list[Event]) -> None:
        """Hand events to the thread.

        Raises:
            Full: it is too far behind.
        """
        if self._queue.qsize() >= WAITING_BATCHES or self._kept.done():
            raise Full
        self._queue.put_nowait(events)

    async def end(self) -> None:
        """Wait until the file and the row are there, or tell why they are not."""
        self._queue.put_nowait(None)
        self._thread.shutdown(wait=False)
        try:
            await asyncio.wrap_future(self._kept)
        except FeedError as error:
            log.error("recording failed feed=%s error=%s", self.feed, error)
        else:
            log.info("recording kept feed=%s", self.feed)


class Recorder:
    """Record the feeds that are to be recorded, each in a file of its own."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        read_recorded: Callable[[], Awaitable[set[str]]],
        keep: Keep,
        look_s: float,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._read_recorded = read_recorded
        self._keep = keep
        self._look_s = look_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Follow the rows until cancelled; what is being recorded then is kept."""
        try:
            while True:
                self._follow(await self._read_recorded())
                await asyncio.sleep(self._look_s)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

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
        recording = _Recording(feed, self._keep)
        try:
            await self._copy(attachment, recording)
        except (Overrun, Full):
            log.error("recording ends early feed=%s reason=too slow", feed)
        finally:
            self._bus.detach(attachment)
            await asyncio.shield(recording.end())

    async def _copy(self, attachment: Attachment, recording: _Recording) -> None:
        """Hand on what happens, until the market begins anew."""
        excerpt, epoch = Excerpt(recording.feed), attachment.epoch
        recording.add(excerpt.beginning(attachment.board, self._clock.now_ms()))
        async for batch in attachment.batches():
            if epoch not in ("", batch.epoch):
                return
            epoch = batch.epoch
            if events := excerpt.of(batch.events):
                recording.add(events)
