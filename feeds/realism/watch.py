"""Watches the tape of a running market, feed by feed, and keeps its trades for the certificate.

Pure. Must not know statistics or rows. Only continuous trading counts: the single trade of an
auction stands for many orders. A day is whole only if its open and its close were seen, so the
watch follows the clock of each feed.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.delayed_keys import delay_of
from feeds.market.events import (
    Batch,
    Carryover,
    Delisting,
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    ReportedTrade,
    Status,
    Trade,
)
from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayState

DAYS_KEPT: Final = 20
SYMBOLS_KEPT: Final = 32
"""The first symbols of each feed. With the days above they take at most some 13 MB."""


LATE_MS: Final = MINUTE_MS
"""Exchange time by which a clock may be off without having jumped."""


class WatchedDay(NamedTuple):
    """What was seen of a feed on a day (days since 1970 in exchange time)."""

    feed: str
    day: int
    state: DayState


class RealismWatch:
    """A collector for each feed; `left` is what an earlier life of the market saw, by day."""

    def __init__(self, left: Mapping[str, Mapping[int, DayState]] | None = None) -> None:
        self._watches: dict[str, TradeCollector] = {}
        self._watch_of: dict[str, TradeCollector] = {}
        self._open: dict[str, TradeCollector] = {}
        self._feeds: dict[str, _FeedClock] = {}
        self._feed_of: dict[str, _FeedClock] = {}
        for feed, days in (left or {}).items():
            self._watch(feed).restore(days)

    def observe(self, batch: Batch) -> None:
        """Watch the next batch."""
        find = self._open.get
        # A hot path: nearly all events are quotes and trades, which cost two comparisons.
        for event in batch.events:
            if event.__class__ not in _TRADES:
                if event.__class__ in _OTHERS:
                    self._follow(event)
            elif (watch := find(event.symbol)) is not None:
                watch.observe((event,))

    def changed(self) -> list[WatchedDay]:
        """Return the days that are new or have changed since this was asked last."""
        return [
            WatchedDay(feed, day, state)
            for feed, watch in self._watches.items()
            for day, state in watch.changed().items()
        ]

    def _follow(self, event: Event) -> None:
        match event:
            case FeedStatus(feed=feed) if not delay_of(feed):
                self._clock(feed).follow(event)
            case Listing(feed=feed, definition=definition):
                self._enlist(feed, definition.symbol, definition.sector)
            case Delisting(symbol=symbol):
                self._watch_of.pop(symbol, None)
                self._open.pop(symbol, None)
            case Status(symbol=symbol, phase=phase) | Carryover(symbol=symbol, phase=phase):
                self._move(symbol, phase, event.ts_event)

    def _watch(self, feed: str) -> TradeCollector:
        return self._watches.setdefault(feed, TradeCollector({}, days=DAYS_KEPT))

    def _clock(self, feed: str) -> "_FeedClock":
        clock = self._feeds.get(feed)
        if clock is None:
            clock = self._feeds[feed] = _FeedClock(self._watch(feed))
        return clock

    def _enlist(self, feed: str, symbol: str, sector: str) -> None:
        """Watch a symbol, unless it is the delayed copy of another or there is no room."""
        if delay_of(symbol):
            return
        watch = self._watch(feed)
        if watch.symbols < SYMBOLS_KEPT or watch.has(symbol):
            watch.add_symbol(symbol, sector)
            self._watch_of[symbol] = watch
            self._feed_of[symbol] = self._clock(feed)

    def _move(self, symbol: str, phase: str, at_ms: int) -> None:
        if symbol not in self._watch_of:
            return
        if phase == Phase.OPEN:
            self._open[symbol] = self._watch_of[symbol]
        else:
            self._open.pop(symbol, None)
        self._feed_of[symbol].move(symbol, at_ms, is_halted=phase in _RESTING)


class _FeedClock:
    """Follows the day of a feed: when it opens and closes, at what rate, and who is halted."""

    def __init__(self, watch: TradeCollector) -> None:
        self._watch = watch
        self._status: FeedStatus | None = None
        self._halted_ms: dict[str, int] = {}

    def follow(self, status: FeedStatus) -> None:
        """Take the next status of the feed."""
        before, self._status = self._status, status
        at_ms = status.exchange_at(status.ts_event)
        was_open, is_open = (
            state is not None and state.phase == Phase.OPEN for state in (before, status)
        )
        # If the watch began in the middle of a day, or the clock jumped, it did not see the open.
        runs_on = before is not None and _runs_on(before, status, at_ms)
        is_midnight = not status.exchange and at_ms % DAY_MS < LATE_MS
        ends_day = is_midnight and before is not None and before.day != status.day
        if runs_on and was_open and (not is_open or ends_day):
            # A turn of the day that comes a little late still ends the day before.
            self._end(at_ms - at_ms % DAY_MS if ends_day else at_ms)
        if runs_on and is_open and (not was_open or ends_day):
            self._watch.note_open(at_ms)
            self._halted_ms = dict.fromkeys(self._halted_ms, at_ms)
        if is_open and status.state is not FeedState.CLOSED:
            self._watch.note_rate(at_ms, status.rate, has_hours=bool(status.exchange))

    def _end(self, at_ms: int) -> None:
        for symbol, since_ms in self._halted_ms.items():
            self._note_halt(symbol, since_ms, at_ms - 1)
        self._watch.note_close(at_ms)

    def move(self, symbol: str, at_ms: int, *, is_halted: bool) -> None:
        """Take the next phase of a symbol, at a wall time (UTC ms)."""
        if self._status is None:
            return
        exchange_ms = self._status.exchange_at(at_ms)
        if is_halted:
            self._halted_ms.setdefault(symbol, exchange_ms)
            return
        since_ms = self._halted_ms.pop(symbol, exchange_ms)
        if self._status.phase == Phase.OPEN:
            self._note_halt(symbol, since_ms, exchange_ms)

    def _note_halt(self, symbol: str, since_ms: int, until_ms: int) -> None:
        if since_ms < until_ms and since_ms // DAY_MS == until_ms // DAY_MS:
            self._watch.note_halt(symbol, since_ms, until_ms)


def _runs_on(before: FeedStatus, status: FeedStatus, at_ms: int) -> bool:
    """Say whether the clock of a feed that was running went on without a jump."""
    is_closed = FeedState.CLOSED in (before.state, status.state)
    return not is_closed and abs(before.exchange_at(status.ts_event) - at_ms) < LATE_MS


_TRADES: Final = frozenset({Trade, ReportedTrade})
_OTHERS: Final = {FeedStatus, Listing, Delisting, Status, Carryover}
_RESTING: Final = frozenset({Phase.HALTED, Phase.AUCTION})
