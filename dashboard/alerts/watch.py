"""Brings the judge to the running market: rules from the rows, firings into the rows.

Must not know how rules are judged or rows are written. It observes the runner. What a batch made
fire is stored before the batch is published: nobody sees a tick whose firing a crash could lose.
A database that is locked holds the market up for SETTLE_S once, and then not until it is back.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from math import inf
from typing import Final, TypeVar

from asgiref.sync import sync_to_async
from django import db

from dashboard.alerts.judge import BEGINNING, Judge
from dashboard.alerts.reading import Reading, RuleReader
from dashboard.alerts.services import (
    Judgement,
    expire_alerts,
    stop_alerts,
    store_judgements,
    take_over_alerts,
)
from feeds.clock import Clock
from feeds.database import with_connection
from feeds.market.events import Batch, Position
from feeds.services.bars import close_thread

T = TypeVar("T")
SETTLE_S: Final = 2.0
"""How long a batch waits for its firings to be stored.

On a busy machine that takes most of a second. A crash can lose the firings of a batch only if the
batch was published before they were stored.
"""
LOOK_S: Final = 0.5
"""The rows are looked at this often: a right that ended ends its alerts within a second."""
RETRY_S: Final = 0.5
"""What could not be stored is tried again this often."""
SAVE_S: Final = 2.0
"""What was measured is saved this often."""
QUEUE: Final = 10_000
"""Most batches with firings that wait while the database is away; older ones are dropped."""
log = logging.getLogger(__name__)


class AlertWatch:
    """Judges the alerts of everybody on each raw event of one life of the market."""

    def __init__(self, *, epoch: str, clock: Clock) -> None:
        self._epoch = epoch
        self._clock = clock
        self._reader = RuleReader(clock)
        self._judge = Judge()
        self._queue: deque[Judgement] = deque(maxlen=QUEUE)
        self._work = asyncio.Event()
        self._stored = asyncio.Event()
        self._trouble = ""
        self._saved_s = -inf
        self._sequence = 0

    async def begin(self, published: Position = BEGINNING) -> None:
        """Read what an earlier life left, and the rules; before the first batch.

        The market goes on from the place `published` on the tape of that life.
        """
        take_over = sync_to_async(with_connection(partial(take_over_alerts, self._epoch)))
        self._judge = Judge(await take_over(), published)
        self._replace(await sync_to_async(with_connection(self._read))())

    def observe(self, batch: Batch) -> None:
        """Judge a batch; never waits."""
        firings = self._judge.take(batch, self._clock.now_ms())
        changes = self._judge.changes()
        self._sequence = batch.last
        if firings or changes:
            self._queue.append(Judgement(batch.last, firings, changes))

    async def settle(self) -> None:
        """Return when all that was judged is stored, or when that takes too long."""
        if not self._queue or self._trouble:
            return
        self._stored.clear()
        self._work.set()
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._stored.wait()
        except TimeoutError:
            self._complain("the database takes too long")

    async def run(self) -> None:
        """Store what was judged and follow the rows until cancelled; then store a last time."""
        # Rows are read in another thread than firings are written: ten thousand rules take a while.
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._store_for_ever())
            tasks.create_task(self._look_for_ever())

    async def _store_for_ever(self) -> None:
        thread = ThreadPoolExecutor(1, thread_name_prefix="alerts")
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S):
                        await self._work.wait()
                self._work.clear()
                await self._store(thread)
        finally:
            await self._store(thread)
            await _in(thread, close_thread)
            thread.shutdown(wait=False)

    async def _look_for_ever(self) -> None:
        read = sync_to_async(with_connection(self._read))
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self._replace(await read())
            except db.Error as error:
                self._complain(str(error))

    async def _store(self, thread: ThreadPoolExecutor) -> None:
        now_s = self._clock.monotonic()
        is_saving = self._judge.has_rules and now_s - self._saved_s >= SAVE_S
        if not self._queue and not is_saving:
            return
        # Taken between two batches: `observe` runs in this loop, and never while this does.
        # The empty judgement brings the position up to now, even if nothing fired.
        chunk = [*self._queue, Judgement(self._sequence, [], {})]
        self._queue.clear()
        measures = self._judge.state() if is_saving else None
        try:
            is_ours = await _in(thread, partial(store_judgements, self._epoch, chunk, measures))
        except (db.Error, asyncio.CancelledError) as error:
            # A cancelled task does not know how it ended; what is stored twice counts once.
            self._queue.extendleft(reversed(chunk))
            if isinstance(error, asyncio.CancelledError):
                raise
            self._complain(str(error))
            return
        self._saved_s = now_s if is_saving else self._saved_s
        self._complain("" if is_ours else "another market took over")
        if not self._queue:
            self._stored.set()

    def _replace(self, reading: Reading | None) -> None:
        if reading is not None:
            self._judge.replace(reading.rules)

    def _read(self) -> Reading | None:
        reading = self._reader.read()
        if reading is not None and reading.empty:
            stop_alerts(reading.empty)
        if reading is not None and reading.expired:
            expire_alerts(reading.expired)
        return reading

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.error("alerts wait waiting=%d error=%s", len(self._queue), trouble)
        elif self._trouble and not trouble:
            log.info("alerts are stored again")
        self._trouble = trouble


async def _in(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, with_connection(work))
