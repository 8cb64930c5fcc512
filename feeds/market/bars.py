"""Bars of trades: open, high, low, close, volume and number of trades of an interval.

Pure. Must not know quotes, phases or rows. A trade touches the bar of one second; a coarser bar is
merged from finer ones when these close, and when somebody asks for it. Bars stand in the exchange's
time; an interval without trades has no bar. A day is one of UTC, which holds a whole trading day of
every exchange that calendars knows.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import astuple

from feeds.market.events import NOTHING, Trade

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
INTERVALS: Final = {
    "1s": 1_000,
    "5s": 5_000,
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "1d": DAY_MS,
}
"""Name -> length in ms; each is a whole number of the one before."""
SPANS: Final = tuple(INTERVALS.values())
LEVEL_OF: Final = {name: level for level, name in enumerate(INTERVALS)}
"""Name -> place in SPANS: 0 is the finest."""
MINUTE: Final = LEVEL_OF["1m"]
DAY: Final = LEVEL_OF["1d"]
LATE_MS: Final = 5_000
"""A trade that is late by no more belongs to the live bar; by more, the clock was set back."""
_FINEST: Final = SPANS[0]
_START, _OPEN, _HIGH, _LOW, _CLOSE, _VOLUME, _TRADES = range(7)
Growing = list[int]
"""A bar that is not closed, as it folds fast: the fields of Bar in their order."""


class Bar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was traded from `start_ms` (UTC ms, exchange's time) on: prices in ticks."""

    start_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


Tell = Callable[[str, int, Bar], None]
"""Hears of a closed bar: symbol, level, bar."""


class ClosedBars:
    """The newest closed bars of a level, each after the sequence of the trade that closed it: the
    first one after its end. Numbers side by side, as objects would take five times the memory."""

    __slots__ = ("_kept", "_numbers")
    _WIDTH = 8

    def __init__(self, kept: int, numbers: "array[int] | None" = None) -> None:
        self._kept = kept
        self._numbers = array("q") if numbers is None else numbers[-kept * self._WIDTH :]

    def __len__(self) -> int:
        return len(self._numbers) // self._WIDTH

    @property
    def is_full(self) -> bool:
        """Say whether the next bar pushes one out, or is not kept."""
        return len(self) >= self._kept

    @property
    def oldest(self) -> int | None:
        """Return after which sequence the oldest one closed, None without one."""
        return self._numbers[0] if self._numbers else None

    def append(self, sequence: int, bar: Bar) -> None:
        """Keep a bar."""
        self._numbers.extend((sequence, *astuple(bar)))
        del self._numbers[: -self._kept * self._WIDTH or None]

    def since(self, sequence: int) -> list[Bar]:
        """Return the bars that closed after a sequence, oldest first."""
        numbers, width = self._numbers, self._WIDTH
        return [
            Bar(*numbers[at + 1 : at + width])
            for at in range(0, len(numbers), width)
            if numbers[at] > sequence
        ]

    def kept(self, kept: int) -> "ClosedBars":
        """Return the newest of them, as something that keeps so many."""
        return ClosedBars(kept, self._numbers if kept else array("q"))

    def copy(self) -> "ClosedBars":
        """Return bars that share nothing that changes."""
        return self.kept(self._kept)


class SymbolBars:
    """The bars of one instrument: the live one of every level, and the newest closed ones.

    What grows at a level are the closed finer bars of its interval; `sequence` is that of the last
    trade, and `floors` say after which sequence the closed bars of a level are all there.
    """

    __slots__ = ("closed", "floors", "growing", "sequence")

    def __init__(self, kept: int, floor: int) -> None:
        self.growing: list[Growing | None] = [None] * len(SPANS)
        self.closed = [ClosedBars(kept) for _ in SPANS]
        self.floors = [floor] * len(SPANS)
        self.sequence = floor

    def live(self, level: int) -> Bar | None:
        """Return the bar of a level that is not closed, None before the first trade."""
        parts = [part for part in self.growing[level::-1] if part is not None]
        if not parts:
            return None
        whole = parts[0].copy()
        for part in parts[1:]:
            _add(whole, part)
        whole[_START] -= whole[_START] % SPANS[level]
        return Bar(*whole)

    def newest(self, level: int, count: int) -> list[Bar]:
        """Return the newest closed bars of a level, oldest first."""
        return self.closed[level].since(NOTHING)[-count:] if count else []

    def closed_since(self, level: int, sequence: int) -> list[Bar] | None:
        """Return the bars that closed after a sequence, None when some of them are forgotten."""
        if sequence < self.floors[level]:
            return None
        return self.closed[level].since(sequence)

    def copy(self) -> "SymbolBars":
        """Return bars that share nothing that changes."""
        twin = SymbolBars(0, 0)
        twin.growing = [part and part.copy() for part in self.growing]
        twin.closed = [bars.copy() for bars in self.closed]
        twin.floors = self.floors.copy()
        twin.sequence = self.sequence
        return twin


class Bars:
    """Fold trades, and keep the newest `kept` closed bars of each instrument and level."""

    def __init__(self, kept: int = 0, tell: Tell | None = None) -> None:
        self.symbols: dict[str, SymbolBars] = {}
        self._kept = kept
        self._tell = tell

    def fold(self, sequence: int, trade: Trade) -> None:
        """Take a trade; one of a feed without a clock of its own happened when it happened here."""
        at_ms = trade.exchange_ms or trade.ts_event
        price, size = trade.price_ticks, trade.size
        bars = self.symbols.get(trade.symbol) or self._begin(trade.symbol, 0)
        bars.sequence = sequence
        finest = bars.growing[0]
        if finest is not None:
            passed_ms = at_ms - finest[_START]
            if -LATE_MS <= passed_ms < _FINEST:
                if price > finest[_HIGH]:
                    finest[_HIGH] = price
                elif price < finest[_LOW]:
                    finest[_LOW] = price
                finest[_CLOSE] = price
                finest[_VOLUME] += size
                finest[_TRADES] += 1
                return
            if passed_ms < 0:
                bars = self._begin(trade.symbol, sequence)
            else:
                self._close(trade.symbol, bars, at_ms)
        start_ms = at_ms - at_ms % _FINEST
        bars.growing[0] = [start_ms, price, price, price, price, size, 1]

    def forget(self, symbol: str) -> None:
        """Drop the bars of an instrument that left."""
        self.symbols.pop(symbol, None)

    def keep(self, kept: int, floor: int) -> None:
        """Keep so many closed bars from now on; those before `floor` are not known."""
        self._kept = kept
        for bars in self.symbols.values():
            bars.closed = [closed.kept(kept) for closed in bars.closed]
            bars.floors = [max(floor, known) for known in bars.floors]

    def copy(self) -> "Bars":
        """Return bars that share nothing that changes, and tell nobody."""
        twin = Bars(self._kept)
        twin.symbols = {symbol: bars.copy() for symbol, bars in self.symbols.items()}
        return twin

    def _begin(self, symbol: str, floor: int) -> SymbolBars:
        bars = self.symbols[symbol] = SymbolBars(self._kept, floor)
        bars.sequence = floor
        return bars

    def _close(self, symbol: str, bars: SymbolBars, at_ms: int) -> None:
        """Close the finest bar, and every coarser one that a trade at that time is not in."""
        growing = bars.growing
        for level, span in enumerate(SPANS):
            part = growing[level]
            if part is None or (level and part[_START] // span == at_ms // span):
                return
            growing[level] = None
            bar = Bar(part[_START] - part[_START] % span, *part[1:])
            self._keep(symbol, bars, level, bar)
            if level < DAY:
                coarser = growing[level + 1]
                if coarser is None:
                    growing[level + 1] = part
                else:
                    _add(coarser, part)

    def _keep(self, symbol: str, bars: SymbolBars, level: int, bar: Bar) -> None:
        closed = bars.closed[level]
        if closed.is_full:
            oldest = closed.oldest
            bars.floors[level] = bars.sequence if oldest is None else oldest
        closed.append(bars.sequence, bar)
        if self._tell is not None:
            self._tell(symbol, level, bar)


def merged(bars: Iterable[Bar], span_ms: int) -> Iterator[Bar]:
    """Yield the coarser bars that finer ones, oldest first, make up."""
    whole: Growing | None = None
    for bar in bars:
        part = list(astuple(bar))
        if whole is not None and whole[_START] == bar.start_ms - bar.start_ms % span_ms:
            _add(whole, part)
            continue
        if whole is not None:
            yield Bar(*whole)
        part[_START] -= part[_START] % span_ms
        whole = part
    if whole is not None:
        yield Bar(*whole)


def _add(whole: Growing, part: Growing) -> None:
    """Add a later part to a bar."""
    whole[_HIGH] = max(whole[_HIGH], part[_HIGH])
    whole[_LOW] = min(whole[_LOW], part[_LOW])
    whole[_CLOSE] = part[_CLOSE]
    whole[_VOLUME] += part[_VOLUME]
    whole[_TRADES] += part[_TRADES]
