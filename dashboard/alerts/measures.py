"""What the judge knows of one instrument: prices, windows, volume, phase; folded from raw ticks.

Pure. Must not know rules. High, low and volume are those of the trading day, as on the board.
"""

from collections import deque
from decimal import Decimal
from operator import ge, le
from typing import Final

import msgspec

from feeds.market.bars import LATE_MS, MINUTE_MS
from feeds.market.events import Carryover, Phase, Status, Trade

MINUTES_KEPT: Final = 20
"""The usual volume is the mean of this many minutes with trades."""
MINUTES_NEEDED: Final = 5
"""With fewer minutes nobody can say what is usual."""
TRADED: Final = frozenset({Phase.OPEN, Phase.LIMIT})
"""Phases in which ticks are expected, so that their absence is a fault."""


class Window:
    """The lowest and the highest price of the last `span_ms` of exchange time.

    Each side keeps only prices that may still become the extreme, so its prices run strictly one
    way, and there are never more of them than ticks between the extremes.
    """

    __slots__ = ("_highs", "_lows", "span_ms")

    def __init__(self, span_ms: int) -> None:
        self.span_ms = span_ms
        self._lows: deque[tuple[int, int]] = deque()
        self._highs: deque[tuple[int, int]] = deque()

    def add(self, at_ms: int, price: int) -> None:
        """Add a trade that is not older than the newest."""
        oldest_ms = at_ms - self.span_ms
        for kept, displaces in ((self._lows, le), (self._highs, ge)):
            while kept and displaces(price, kept[-1][1]):
                kept.pop()
            kept.append((at_ms, price))
            while kept[0][0] < oldest_ms:
                kept.popleft()

    @property
    def is_empty(self) -> bool:
        """Say whether no trade was added."""
        return not self._lows

    @property
    def low(self) -> int:
        """Return the lowest price; the window must not be empty."""
        return self._lows[0][1]

    @property
    def high(self) -> int:
        """Return the highest price; the window must not be empty."""
        return self._highs[0][1]

    def clear(self) -> None:
        """Forget all prices."""
        self._lows.clear()
        self._highs.clear()

    def state(self) -> "WindowState":
        """Return what is needed to go on."""
        return WindowState(self.span_ms, tuple(self._lows), tuple(self._highs))

    @classmethod
    def of(cls, state: "WindowState") -> "Window":
        """Return a window that goes on from a state."""
        window = cls(state.span_ms)
        window._lows.extend(state.lows)
        window._highs.extend(state.highs)
        return window


class WindowState(msgspec.Struct, frozen=True, array_like=True):
    """A window as a value."""

    span_ms: int
    lows: tuple[tuple[int, int], ...]
    highs: tuple[tuple[int, int], ...]


class MeasuresState(msgspec.Struct, frozen=True, array_like=True):
    """What a restart needs of an instrument that no Carryover brings."""

    day: int | None
    turnover: int
    counted: int
    at_ms: int
    minute: int
    minute_volume: int
    minutes: tuple[int, ...]
    windows: tuple[WindowState, ...]


class Measures:
    """The figures of one instrument; None where there is none yet. Prices are in ticks.

    `turnover` and `counted` are of the trades that the VWAP is made of. `at_ms` is the exchange
    time of the last trade, `tick_ms` the wall time of the last tick (UTC ms). `age_ms` says how
    long no tick had come at the last look, although ticks are expected.
    """

    __slots__ = (
        "age_ms", "at_ms", "counted", "day", "high", "last", "low", "minute", "minute_volume",
        "minutes", "phase", "tick_ms", "tick_size", "turnover", "windows",
    )  # fmt: skip

    def __init__(self, tick_size: Decimal) -> None:
        self.tick_size = tick_size
        self.last: int | None = None
        self.high: int | None = None
        self.low: int | None = None
        self.day: int | None = None
        self.phase = Phase.CLOSED
        self.turnover = self.counted = 0
        self.at_ms = self.tick_ms = self.age_ms = 0
        self.minute = -1
        self.minute_volume = 0
        self.minutes: deque[int] = deque(maxlen=MINUTES_KEPT)
        self.windows: dict[int, Window] = {}

    def trade(self, trade: Trade) -> None:
        """Fold a trade."""
        price, size = trade.price_ticks, trade.size
        self.last, self.tick_ms = price, trade.ts_event
        # One of the two is None only when both are: before the first trade of the day.
        if self.high is None or price > self.high:
            self.high = price
        if self.low is None or price < self.low:
            self.low = price
        self.turnover += price * size
        self.counted += size
        self._pass(trade.exchange_ms or trade.ts_event)
        self.minute_volume += size
        for window in self.windows.values():
            window.add(self.at_ms, price)

    def _pass(self, at_ms: int) -> None:
        """Move exchange time on; a trade that is a little late counts as of now."""
        if at_ms < self.at_ms - LATE_MS:  # the clock was set back
            self.minutes.clear()
            self.minute = -1
            for window in self.windows.values():
                window.clear()
        elif at_ms < self.at_ms:
            return
        self.at_ms = at_ms
        minute = at_ms // MINUTE_MS
        if minute != self.minute:
            if self.minute >= 0:
                self.minutes.append(self.minute_volume)
            self.minute, self.minute_volume = minute, 0

    def status(self, status: Status) -> None:
        """Take a phase; a new trading day begins when the board begins one."""
        is_opened = self.phase is Phase.CLOSED and status.phase is not Phase.CLOSED
        if is_opened or self.day not in (None, status.day):
            self.high = self.low = None
            self.turnover = self.counted = 0
        if self.phase not in TRADED:  # nobody expected ticks before
            self.tick_ms = max(self.tick_ms, status.ts_event)
        self.day, self.phase = status.day, status.phase

    def carry_over(self, left: Carryover, state: MeasuresState | None) -> None:
        """Go on from what an earlier life of the market left, and from what was saved beside it."""
        self.last, self.high, self.low = left.last, left.high, left.low
        self.day, self.phase = left.day, left.phase
        self.tick_ms = left.ts_event
        if state is None:
            return
        if state.day == left.day:
            self.turnover, self.counted = state.turnover, state.counted
        self.at_ms, self.minute = state.at_ms, state.minute
        self.minute_volume = state.minute_volume
        self.minutes.extend(state.minutes)
        self.windows = {window.span_ms: Window.of(window) for window in state.windows}

    def state(self) -> MeasuresState:
        """Return what a restart needs."""
        return MeasuresState(
            self.day, self.turnover, self.counted, self.at_ms, self.minute, self.minute_volume,
            tuple(self.minutes), tuple(window.state() for window in self.windows.values()),
        )  # fmt: skip

    def usual_volume(self) -> float | None:
        """Return the mean volume of the minutes before this one, None with too few of them."""
        if len(self.minutes) < MINUTES_NEEDED:
            return None
        return sum(self.minutes) / len(self.minutes)

    @property
    def is_halted(self) -> bool:
        """Say whether trading is halted or paused."""
        return self.phase is Phase.HALTED

    def look(self, now_ms: int) -> None:
        """Note how old the last tick is (wall time, UTC ms)."""
        self.age_ms = max(0, now_ms - self.tick_ms) if self.phase in TRADED else 0
