"""Brings closed bars to the database without delaying the feed.

Must not know frames or readers. It observes the runner. Bars wait in a bounded queue, and a thread
of its own writes them every few seconds: if the database is locked, only that thread waits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final

from django import db

from feeds.database import with_connection
from feeds.market.bars import DAY, MINUTE, Bar, bar_of
from feeds.market.delayed_keys import MARK
from feeds.market.events import Amendment, Batch, Carryover, Delisting, ReportedTrade, Trade
from feeds.market.mended_bars import MendedBars
from feeds.services.bars import ClosedBar, close_thread, store_bars

FLUSH_S: Final = 3.0
"""Bars are written this often."""
WRITE_BARS: Final = 2_000
"""Bars of one transaction: some 50 ms of SQLite."""
QUEUE_BARS: Final = 100_000
"""Most bars that wait while the database is away: 50 minutes of 2,000 instruments. The oldest of
more than that are dropped, and the log says how many."""
log = logging.getLogger(__name__)


class BarWriter:
    """Folds the trades of instruments into bars, and stores minutes and days as they close.

    Delayed copies of instruments have no bars of their own. The minute in which the feed was
    started holds only what was traded since. A stored bar that is amended is stored again.
    """

    def __init__(
        self,
        *,
        store: Callable[[list[ClosedBar]], None] = store_bars,
        flush_s: float = FLUSH_S,
        capacity: int = QUEUE_BARS,
    ) -> None:
        self._store = store
        self._flush_s = flush_s
        self._capacity = capacity
        self._bars = MendedBars(on_closed=self._hear)
        self._now_ms = 0
        self._queue: deque[ClosedBar] = deque()
        self._lost = 0
        self._trouble = ""
        self._thread: ThreadPoolExecutor | None = None

    def observe(self, batch: Batch) -> None:
        """Fold the trades of a batch; never waits."""
        fold, fold_reported = self._bars.fold, self._bars.fold_reported
        for sequence, event in enumerate(batch.events, batch.first):
            if isinstance(event, Trade):
                if MARK not in event.symbol:
                    self._now_ms = event.ts_event
                    if event.__class__ is ReportedTrade:
                        fold_reported(sequence, event)
                    else:
                        fold(sequence, event)
            elif isinstance(event, Amendment):
                if MARK not in event.symbol:
                    self._amend(sequence, event)
            elif isinstance(event, Delisting):
                self._bars.forget(event.symbol)
            elif isinstance(event, Carryover) and MARK not in event.symbol:
                self._bars.carry_over(sequence, event.symbol, event.growing)

    @property
    def waiting(self) -> int:
        """Return how many bars wait to be written."""
        return len(self._queue)

    async def run(self) -> None:
        """Write every few seconds until cancelled, then a last time."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bars")
        try:
            while True:
                await asyncio.sleep(self._flush_s)
                await self.flush()
        finally:
            with suppress(db.Error):
                await self.flush()
            await self._in_thread(close_thread)
            self._thread.shutdown(wait=False)

    async def flush(self) -> None:
        """Write all that waits; what cannot be written now stays in the queue."""
        while self._queue:
            chunk = list(islice(self._queue, WRITE_BARS))
            lost = self._lost
            try:
                await self._in_thread(partial(self._store, chunk))
            except db.Error as error:
                self._complain(error)
                return
            # While the thread wrote, a full queue may have dropped bars of this very chunk.
            gone = self._lost - lost
            for _ in range(len(chunk) - gone):
                self._queue.popleft()
            self._recover()

    def _hear(self, symbol: str, level: int, bar: Bar) -> None:
        if level in (MINUTE, DAY):
            whole = level == DAY and self._bars.symbols[symbol].is_reported
            closed = ClosedBar(symbol, level == DAY, bar, self._now_ms)
            self._add(closed._replace(is_whole=True) if whole else closed)

    def _amend(self, sequence: int, amendment: Amendment) -> None:
        self._now_ms = amendment.ts_event
        for amended in self._bars.amend(sequence, amendment):
            if amended.level in (MINUTE, DAY):
                is_day, bar = amended.level == DAY, bar_of(amended)
                self._add(ClosedBar(amendment.symbol, is_day, bar, self._now_ms, amended.revision))

    def _add(self, closed: ClosedBar) -> None:
        self._queue.append(closed)
        if len(self._queue) > self._capacity:
            self._queue.popleft()
            self._lost += 1

    def _complain(self, error: db.Error) -> None:
        if self._trouble != (trouble := str(error)):
            log.error("bars wait waiting=%d error=%s", len(self._queue), trouble)
            self._trouble = trouble

    def _recover(self) -> None:
        if self._trouble:
            log.info("bars are stored again lost=%d", self._lost)
            self._trouble = ""

    async def _in_thread(self, work: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, with_connection(work))
