"""The closed bars of a running market that wait for the database.

Must not know frames, readers or the database. It observes the runner. The queue is bounded, so an
outage of the database costs the oldest bars in the end, and never the feed.
"""

from collections import deque
from itertools import islice
from typing import Final

from feeds.market.bars import DAY, MINUTE, Bar, bar_of
from feeds.market.delayed_keys import MARK
from feeds.market.events import (
    Amendment,
    Batch,
    Carryover,
    Delisting,
    Quote,
    ReportedTrade,
    Trade,
)
from feeds.market.mended_bars import MendedBars
from feeds.services.bars import ClosedBar

QUEUE_BARS: Final = 100_000
"""Most bars that wait while the database is away: 50 minutes of 2,000 instruments. The oldest of
more than that are dropped, and `lost` counts them."""


class BarQueue:
    """Folds the trades of instruments into bars, and keeps closed minutes and days until stored.

    Delayed copies of instruments have no bars of their own. The minute in which the feed was
    started holds only what was traded since. A stored bar that is amended is stored again.
    """

    def __init__(self, *, capacity: int = QUEUE_BARS) -> None:
        self._capacity = capacity
        self._bars = MendedBars(on_closed=self._hear, heard_from=MINUTE)
        self._now_ms = 0
        self._queue: deque[ClosedBar] = deque()
        self.lost = 0

    def __len__(self) -> int:
        return len(self._queue)

    def observe(self, batch: Batch) -> None:
        """Fold the trades of a batch; never waits."""
        fold, fold_reported = self._bars.fold, self._bars.fold_reported
        for sequence, event in enumerate(batch.events, batch.first):
            # Most events are quotes, which move no bar.
            if event.__class__ is Quote:
                continue
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

    def oldest(self, count: int) -> list[ClosedBar]:
        """Return the bars that wait longest; they stay until they are dropped."""
        return list(islice(self._queue, count))

    def drop(self, count: int, *, lost_before: int) -> None:
        """Drop the oldest bars, which are stored; `lost_before` was `lost` when they were read."""
        # While they were written, a full queue may have dropped some of these very bars.
        for _ in range(count - (self.lost - lost_before)):
            self._queue.popleft()

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
            self.lost += 1
