"""Watches the tape of a running market, feed by feed, and keeps its trades for the certificate.

Pure. Must not know statistics or rows. Only continuous trading counts: the single trade of an
auction stands for many orders.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from feeds.market.delayed_keys import delay_of
from feeds.market.events import (
    Batch,
    Carryover,
    Delisting,
    Event,
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
            case Listing(feed=feed, definition=definition):
                self._enlist(feed, definition.symbol, definition.sector)
            case Delisting(symbol=symbol):
                self._watch_of.pop(symbol, None)
                self._open.pop(symbol, None)
            case Status(symbol=symbol, phase=phase) | Carryover(symbol=symbol, phase=phase):
                self._move(symbol, phase)

    def _watch(self, feed: str) -> TradeCollector:
        return self._watches.setdefault(feed, TradeCollector({}, days=DAYS_KEPT))

    def _enlist(self, feed: str, symbol: str, sector: str) -> None:
        """Watch a symbol, unless it is the delayed copy of another or there is no room."""
        if delay_of(symbol):
            return
        watch = self._watch(feed)
        if watch.symbols < SYMBOLS_KEPT or watch.has(symbol):
            watch.add_symbol(symbol, sector)
            self._watch_of[symbol] = watch

    def _move(self, symbol: str, phase: str) -> None:
        if phase == Phase.OPEN and symbol in self._watch_of:
            self._open[symbol] = self._watch_of[symbol]
        else:
            self._open.pop(symbol, None)


_TRADES: Final = frozenset({Trade, ReportedTrade})
_OTHERS: Final = {Listing, Delisting, Status, Carryover}
