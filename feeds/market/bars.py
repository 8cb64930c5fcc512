"""Bars of trades: open, high, low, close, volume and number of trades of an interval.

Pure. Must not know quotes, phases or rows. Every trade counts here; feeds.market.mended_bars has
those whose conditions say what they move. A trade changes only the bar of one second. A coarser bar
is merged from finer bars when they close, or when it is read. Bars are in exchange time, and an
interval without trades has no bar. A day is a day in UTC: it contains the whole trading day of
every exchange in feeds.plan.calendars.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Self

import msgspec
from msgspec.structs import astuple

from feeds.market.events import NOTHING, AmendedBar, Trade

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
"""Name -> length in ms; each length is a multiple of the length before it."""
SPANS: Final = tuple(INTERVALS.values())
LEVEL_OF: Final = {name: level for level, name in enumerate(INTERVALS)}
"""Name -> index in SPANS; 0 is the finest."""
MINUTE: Final = LEVEL_OF["1m"]
DAY: Final = LEVEL_OF["1d"]
AMENDED_KEPT: Final = 700
"""Amended bars that are kept for each instrument: those of the last 100 amendments."""
LATE_MS: Final = 5_000
"""A trade up to this late still goes into the live bar. If it is later, the clock was set back."""
_FINEST: Final = SPANS[0]
_START, _OPEN, _HIGH, _LOW, _CLOSE, _VOLUME, _TRADES = range(7)
GrowingBar = list[int]
"""A bar that is not closed: the fields of Bar in order, as a list that trades change."""


class Bar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The trades of an interval from `start_ms` (exchange time, UTC ms); prices in ticks."""

    start_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


ClosedBarListener = Callable[[str, int, Bar], None]
"""Receives each bar that closes: symbol, level, bar."""


class ClosedBars:
    """The newest closed bars of a level, each with the sequence of the trade that closed it.

    That trade is the first trade after the end of the bar, not the last trade in it.
    """

    __slots__ = ("_kept", "_numbers")
    _WIDTH = 8

    # One flat array of integers: objects would take five times the memory.
    def __init__(self, kept: int, numbers: "array[int] | None" = None) -> None:
        self._kept = kept
        self._numbers = array("q") if numbers is None else numbers[-kept * self._WIDTH :]

    @property
    def is_full(self) -> bool:
        """Say whether the next bar displaces the oldest bar, or is not kept at all."""
        return len(self._numbers) >= self._kept * self._WIDTH

    @property
    def oldest(self) -> int | None:
        """Return the sequence at which the oldest bar closed, None without bars."""
        return self._numbers[0] if self._numbers else None

    def append(self, sequence: int, values: Sequence[int]) -> None:
        """Add the newest bar, by its values; the oldest falls out if there are more than `kept`."""
        # Values and no `Bar`: nearly every trade closes a bar of a second, and few are ever read.
        numbers = self._numbers
        numbers.extend((sequence, *values))
        if (surplus := len(numbers) - self._kept * self._WIDTH) > 0:
            del numbers[:surplus]

    def since(self, sequence: int) -> list[Bar]:
        """Return the bars that closed after a sequence, oldest first."""
        numbers, width = self._numbers, self._WIDTH
        return [
            Bar(*numbers[at + 1 : at + width])
            for at in range(0, len(numbers), width)
            if numbers[at] > sequence
        ]

    def has(self, start_ms: int) -> bool:
        """Say whether a bar with this start is kept."""
        return start_ms in self._numbers[1 :: self._WIDTH]

    def amend(self, sequence: int, amended: AmendedBar) -> None:
        """Replace the bar of this start, or put it where it belongs in time; `open` 0 removes it.

        A bar that was not there yet closes at `sequence`, one that was closed when it did before.
        """
        numbers, width = self._numbers, self._WIDTH
        starts = numbers[1::width]
        place = bisect_left(starts, amended.start_ms)
        is_known = place < len(starts) and starts[place] == amended.start_ms
        if place == 0 and not is_known and self.is_full:
            return  # before everything that is kept
        at, bar = place * width, bar_of(amended)
        # The sequences stay in order: `since` and the floors rely on that.
        closed_at = numbers[at] if is_known else sequence
        if not is_known and numbers:
            closed_at = min(sequence, numbers[max(0, at - width)])
        values = array("q", (closed_at, *astuple(bar)) if bar.trades else ())
        numbers[at : at + width * is_known] = values

    def kept(self, kept: int) -> "ClosedBars":
        """Return the newest bars, with another limit on how many are kept."""
        return ClosedBars(kept, self._numbers if kept else array("q"))

    def copy(self) -> "ClosedBars":
        """Return an independent copy."""
        return self.kept(self._kept)


def live_bar(
    growing: Sequence[Sequence[int] | None], level: int, *, is_reported: bool
) -> Bar | None:
    """Return the bar of a level that is not closed, None before the first trade.

    `growing` and `is_reported` are those of SymbolBars.
    """
    if is_reported:
        part = growing[level]
        return Bar(*part) if part is not None and part[_OPEN] and part[_VOLUME] else None
    # A trade is only in the finest bar until that closes, so the live bar of a level is the
    # sum of what grows at this level and at all finer levels, oldest part first.
    parts = [part for part in growing[level::-1] if part is not None]
    if not parts:
        return None
    whole = list(parts[0])
    for part in parts[1:]:
        _add(whole, part)
    whole[_START] -= whole[_START] % SPANS[level]
    return Bar(*whole)


class SymbolBars:
    """The bars of one instrument: the live bar of every level, and the newest closed bars.

    `growing` holds, for each level, what the closed bars of the next finer level add up to so far.
    `sequence` is that of the last trade. `floors` gives for each level the sequence after which all
    closed bars are still kept.

    Of reported trades (feeds.market.mended_bars) each part of `growing` is the whole live bar, with
    prices of 0 before there are any. `amended` are the newest closed bars that were amended, and
    live bars of which an amendment left nothing, each with the sequence of the amendment. All after
    `amended_floor` are still there.
    """

    __slots__ = (
        "amended", "amended_floor", "closed", "floors", "growing", "is_reported", "sequence",
    )  # fmt: skip

    def __init__(self, kept: int, floor: int) -> None:
        self.growing: list[GrowingBar | None] = [None] * len(SPANS)
        self.closed = [ClosedBars(kept) for _ in SPANS]
        self.floors = [floor] * len(SPANS)
        self.sequence = floor
        self.is_reported = False
        self.amended: list[tuple[int, AmendedBar]] = []
        self.amended_floor = floor

    def live(self, level: int) -> Bar | None:
        """Return the bar of a level that is not closed, None before the first trade."""
        return live_bar(self.growing, level, is_reported=self.is_reported)

    def newest(self, level: int, count: int) -> list[Bar]:
        """Return the newest closed bars of a level, oldest first."""
        return self.closed[level].since(NOTHING)[-count:] if count else []

    def closed_since(self, level: int, sequence: int) -> list[Bar] | None:
        """Return the bars that closed after a sequence, None if some are no longer kept."""
        if sequence < self.floors[level]:
            return None
        return self.closed[level].since(sequence)

    def amend_closed(self, sequence: int, amended: AmendedBar) -> None:
        """Put an amended bar among the closed ones of its level, and note it for readers."""
        self.closed[amended.level].amend(sequence, amended)
        self.note_amended(sequence, amended)

    def note_amended(self, sequence: int, amended: AmendedBar) -> None:
        """Note for readers what an amendment made of a bar that they have seen."""
        self.amended.append((sequence, amended))
        if len(self.amended) > AMENDED_KEPT:
            self.amended_floor, _ = self.amended.pop(0)

    def amended_since(self, level: int, sequence: int) -> list[AmendedBar] | None:
        """Return the bars of a level that were amended after a sequence, each as it is now.

        They are closed bars, and live bars that are gone. None if some are no longer kept.
        """
        if sequence < self.amended_floor:
            return None
        last = {
            amended.start_ms: amended
            for noted, amended in self.amended
            if noted > sequence and amended.level == level
        }
        return [amended for amended in last.values() if not self._is_back(amended)]

    def _is_back(self, amended: AmendedBar) -> bool:
        """Say whether trades came since an amendment left none in a live bar."""
        if bar_of(amended).trades:
            return False
        live = self.live(amended.level)
        if live is not None and live.start_ms == amended.start_ms:
            return True
        return self.closed[amended.level].has(amended.start_ms)

    def copy(self) -> "SymbolBars":
        """Return an independent copy."""
        twin = SymbolBars(0, 0)  # Its parts are all replaced by copies below.
        twin.growing = [part and part.copy() for part in self.growing]
        twin.closed = [bars.copy() for bars in self.closed]
        twin.floors = self.floors.copy()
        twin.sequence = self.sequence
        twin.is_reported = self.is_reported
        twin.amended, twin.amended_floor = self.amended.copy(), self.amended_floor
        return twin


class Bars:
    """Fold trades into bars; keep the newest `kept` closed bars of each instrument and level.

    The listener hears of the closed bars of `heard_from` and all coarser levels.
    """

    def __init__(
        self, kept: int = 0, on_closed: ClosedBarListener | None = None, *, heard_from: int = 0
    ) -> None:
        self.symbols: dict[str, SymbolBars] = {}
        self._kept = kept
        self._on_closed = on_closed
        self._heard_from = heard_from

    def fold(self, sequence: int, trade: Trade) -> None:
        """Add a trade; without an exchange time its wall time counts."""
        at_ms = trade.exchange_ms or trade.ts_event
        price, size = trade.price_ticks, trade.size
        bars = self.symbols.get(trade.symbol) or self._begin(trade.symbol, 0)
        bars.sequence = sequence
        finest = bars.growing[0]
        # The hot path: most trades fall into the second of the trade before, and cost no call.
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
            if bars.is_reported:
                bars = self._begin(trade.symbol, sequence)  # another source has taken over
            elif passed_ms < 0:
                # The clock was set back: the old bars lie in the future, so all bars begin again.
                bars = self._begin(trade.symbol, sequence)
            else:
                self._close(trade.symbol, bars, at_ms)
        start_ms = at_ms - at_ms % _FINEST
        bars.growing[0] = [start_ms, price, price, price, price, size, 1]

    def carry_over(
        self, sequence: int, symbol: str, growing: Iterable[Sequence[int] | None]
    ) -> None:
        """Begin the bars of an instrument with the growing bars of an earlier life, finest first.

        Bars that closed by this sequence are not known.
        """
        bars = self._begin(symbol, sequence)
        parts = list(growing)
        bars.is_reported = len(parts) > len(SPANS)
        # More or fewer levels than now can only come from elsewhere; those that fit are taken.
        for level, part in zip(range(len(SPANS)), parts, strict=False):
            bars.growing[level] = None if part is None else list(part)

    def forget(self, symbol: str) -> None:
        """Drop the bars of a delisted instrument."""
        self.symbols.pop(symbol, None)

    def keep(self, kept: int, floor: int) -> None:
        """Keep `kept` closed bars per level from now on; bars closed by `floor` are not known."""
        self._kept = kept
        for bars in self.symbols.values():
            bars.closed = [closed.kept(kept) for closed in bars.closed]
            bars.floors = [max(floor, known) for known in bars.floors]
            bars.amended_floor = max(floor, bars.amended_floor)

    def copy(self) -> Self:
        """Return an independent copy that calls no listener."""
        twin = type(self)(self._kept)
        twin.symbols = {symbol: bars.copy() for symbol, bars in self.symbols.items()}
        return twin

    def _begin(self, symbol: str, floor: int) -> SymbolBars:
        bars = self.symbols[symbol] = SymbolBars(self._kept, floor)
        bars.sequence = floor
        return bars

    def _close(self, symbol: str, bars: SymbolBars, at_ms: int) -> None:
        """Close the finest bar, and every coarser bar that a trade at this time is not in."""
        growing = bars.growing
        # The finest bar always closes here: `fold` has found that the trade is in another second.
        for level, span in enumerate(SPANS):
            part = growing[level]
            # If the trade is still in this bar, it is in all coarser bars as well.
            if part is None or (level and part[_START] // span == at_ms // span):
                return
            growing[level] = None
            self._keep(symbol, bars, level, part)
            if level < DAY:
                coarser = growing[level + 1]
                if coarser is None:
                    growing[level + 1] = part
                else:
                    _add(coarser, part)

    def _keep(self, symbol: str, bars: SymbolBars, level: int, part: GrowingBar) -> None:
        """Close what grew into a bar: keep it and report it, where that is wanted."""
        is_heard = self._on_closed is not None and level >= self._heard_from
        if not (self._kept or is_heard):
            bars.floors[level] = bars.sequence
            return
        values = part.copy()
        values[_START] -= values[_START] % SPANS[level]
        closed = bars.closed[level]
        if closed.is_full:
            oldest = closed.oldest
            bars.floors[level] = bars.sequence if oldest is None else oldest
        closed.append(bars.sequence, values)
        if self._on_closed is not None and is_heard:
            self._on_closed(symbol, level, Bar(*values))


def left_of(bars: SymbolBars) -> list[GrowingBar | None]:
    """Return the growing bars for a later life.

    For reported trades a None is added at the end; `carry_over` recognises them by it.
    """
    return [*bars.growing, None] if bars.is_reported else bars.growing


def bar_of(amended: AmendedBar) -> Bar:
    """Return the bar that an amendment leaves; all of it is 0 but the start if none is left."""
    values = astuple(amended)[2:]
    has_bar = amended.open and amended.volume
    return Bar(*values) if has_bar else Bar(amended.start_ms, 0, 0, 0, 0, 0, 0)


def merged(bars: Iterable[Bar], span_ms: int) -> Iterator[Bar]:
    """Yield the bars of a longer interval, merged from finer bars in time order."""
    whole: GrowingBar | None = None
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


def _add(whole: GrowingBar, part: Sequence[int]) -> None:
    """Add a later part to a bar; its open and its start stay."""
    # Compared here: `max` and `min` would be two calls for nearly every trade.
    if part[_HIGH] > whole[_HIGH]:
        whole[_HIGH] = part[_HIGH]
    if part[_LOW] < whole[_LOW]:
        whole[_LOW] = part[_LOW]
    whole[_CLOSE] = part[_CLOSE]
    whole[_VOLUME] += part[_VOLUME]
    whole[_TRADES] += part[_TRADES]
