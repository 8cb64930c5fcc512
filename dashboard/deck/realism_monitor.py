"""Watches the tape that this process shows, feed by feed, and says how real its market looks.

Must not know pages. The event loop brings batches; pages ask from threads of their own. Only
continuous trading counts: the single trade of an auction stands for many orders.
"""

from threading import Lock
from typing import Final, NamedTuple

import numpy as np

from feeds.market.board import Board
from feeds.market.delayed_keys import delay_of
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    Listing,
    Phase,
    ReportedTrade,
    Status,
    Trade,
)
from feeds.realism.collector import TradeCollector
from feeds.realism.statistics import Finding

_TRADES: Final = frozenset({Trade, ReportedTrade})
DAYS_KEPT: Final = 20
SYMBOLS_KEPT: Final = 32
"""The first symbols of each feed. With the days above they take at most some 13 MB."""
DAYS_NEEDED: Final = 2
DAYS_MEANT: Final = 10
"""The bands fit this many days or more; with fewer a finding may be missed by chance."""


class Certificate(NamedTuple):
    """What was found on a number of whole days and symbols; nothing before DAYS_NEEDED days.

    `memory` is the autocorrelation of absolute returns by lag in minutes.
    """

    days: int
    symbols: int
    findings: tuple[Finding, ...]
    memory: tuple[float, ...]

    @property
    def is_met(self) -> bool:
        """Say whether all findings are as on real markets."""
        return all(finding.is_met for finding in self.findings)


class RealismMonitor:
    """Keep a watch for each feed; a new tape means new watches."""

    def __init__(self) -> None:
        self._watches: dict[str, TradeCollector] = {}
        self._watch_of: dict[str, TradeCollector] = {}
        self._open: dict[str, TradeCollector] = {}
        self._known: dict[str, tuple[tuple[int, ...], Certificate]] = {}
        self._lock = Lock()

    def begin(self, board: Board) -> None:
        """Forget the tape so far and watch another, whose board is given."""
        self._watches, self._watch_of, self._open, self._known = {}, {}, {}, {}
        for symbol, row in board.rows.items():
            self._enlist(row.feed, symbol, row.definition.sector)
            self._move(symbol, row.phase)

    def take(self, batch: Batch) -> None:
        """Watch the next batch."""
        find = self._open.get
        # The hub's hot path: nearly all events are quotes and trades, which cost two comparisons.
        for event in batch.events:
            if event.__class__ not in _TRADES:
                if event.__class__ in _OTHERS:
                    self._follow(event)
            elif (watch := find(event.symbol)) is not None:
                watch.observe((event,))

    def certificate(self, feed: str) -> Certificate:
        """Return what the newest whole days of a feed say; computed once for the same days.

        Computing takes about a second of the thread that asks; other threads wait meanwhile.
        """
        watch = self._watches.get(feed)
        if watch is None:
            return Certificate(0, 0, (), ())
        with self._lock:
            days = tuple(watch.whole_days())
            if len(days) < DAYS_NEEDED:
                return Certificate(len(days), watch.symbols, (), ())
            known = self._known.get(feed)
            if known is None or known[0] != days:
                known = self._known[feed] = days, _examined(watch, len(days))
            return known[1]

    def _follow(self, event: Event) -> None:
        match event:
            case Listing(feed=feed, definition=definition):
                self._enlist(feed, definition.symbol, definition.sector)
            case Delisting(symbol=symbol):
                self._watch_of.pop(symbol, None)
                self._open.pop(symbol, None)
            case Status(symbol=symbol, phase=phase):
                self._move(symbol, phase)

    def _enlist(self, feed: str, symbol: str, sector: str) -> None:
        """Watch a symbol, unless it is the delayed copy of another or there is no room."""
        if delay_of(symbol):
            return
        watch = self._watches.setdefault(feed, TradeCollector({}, days=DAYS_KEPT))
        if watch.symbols < SYMBOLS_KEPT or watch.has(symbol):
            watch.add_symbol(symbol, sector)
            self._watch_of[symbol] = watch

    def _move(self, symbol: str, phase: str) -> None:
        if phase == Phase.OPEN and symbol in self._watch_of:
            self._open[symbol] = self._watch_of[symbol]
        else:
            self._open.pop(symbol, None)


_OTHERS: Final = {Listing, Delisting, Status}


def _examined(watch: TradeCollector, days: int) -> Certificate:
    with np.errstate(invalid="ignore", divide="ignore"):  # a market that stands still divides by 0
        market = watch.sample()
        memory = tuple(map(float, market.memory()))
        return Certificate(days, len(market.sectors), tuple(market.certificate()), memory)
