"""The lowest and highest price of the last minutes; pure.

Must not know rules or instruments. Trades of another exchange may be corrected or cancelled later,
so a window remembers their prices by second and can be made anew from these.
"""

from collections import deque
from operator import ge, le
from typing import Final

import msgspec

SECOND_MS: Final = 1000
Prices = tuple[int, int]
"""The lowest and the highest price of a second, in ticks."""


class WindowState(msgspec.Struct, frozen=True, array_like=True):
    """A window as a value."""

    span_ms: int
    lows: tuple[tuple[int, int], ...]
    highs: tuple[tuple[int, int], ...]


class Window:
    """The lowest and the highest price of the last `span_ms` of exchange time.

    Each side keeps only prices that may still become the extreme, so its prices run strictly one
    way, and there are never more of them than ticks between the extremes.
    """

    __slots__ = ("_highs", "_lows", "_seconds", "span_ms")

    def __init__(self, span_ms: int) -> None:
        self.span_ms = span_ms
        self._lows: deque[tuple[int, int]] = deque()
        self._highs: deque[tuple[int, int]] = deque()
        self._seconds: dict[int, Prices] = {}

    def add(self, at_ms: int, price: int) -> None:
        """Add a trade that is not older than the newest."""
        oldest_ms = at_ms - self.span_ms
        for kept, displaces in ((self._lows, le), (self._highs, ge)):
            while kept and displaces(price, kept[-1][1]):
                kept.pop()
            kept.append((at_ms, price))
            while kept[0][0] < oldest_ms:
                kept.popleft()

    def add_mendable(self, at_ms: int, price: int) -> None:
        """Add a trade that is not older than the newest, and that may be corrected later."""
        self.add(at_ms, price)
        second_ms = at_ms - at_ms % SECOND_MS
        low, high = self._seconds.get(second_ms, (price, price))
        self._seconds[second_ms] = min(low, price), max(high, price)
        oldest_ms = at_ms - self.span_ms
        while (first_ms := next(iter(self._seconds))) + SECOND_MS <= oldest_ms:
            del self._seconds[first_ms]

    def mend(self, second_ms: int, prices: Prices | None, newest_ms: int) -> None:
        """Take the prices of a second as they are now, None without any; `newest_ms` is the time.

        A window that was mended is exact to a second: it keeps when a second began, not each trade.
        """
        if second_ms < newest_ms - self.span_ms or second_ms > newest_ms:
            return
        before = self._before(min(self._seconds, default=newest_ms + 1), second_ms)
        self._seconds.pop(second_ms, None)
        if prices is not None:
            self._seconds[second_ms] = prices
        self._seconds = dict(sorted(self._seconds.items()))
        self._clear_prices()
        inside = [(at, price) for at, pair in self._seconds.items() for price in pair]
        for at_ms, price in sorted([*before, *inside]):
            self.add(at_ms, price)

    def _before(self, first_ms: int, mended_ms: int) -> set[tuple[int, int]]:
        """Return what is left of the time of which no seconds are known, as after a restart."""
        kept = {*self._lows, *self._highs}
        end_ms = mended_ms + SECOND_MS
        return {(at, price) for at, price in kept if at < first_ms and not mended_ms <= at < end_ms}

    @property
    def is_empty(self) -> bool:
        """Say whether there is no price."""
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
        self._clear_prices()
        self._seconds.clear()

    def _clear_prices(self) -> None:
        """Forget the extremes, but not the seconds that they can be made of."""
        self._lows.clear()
        self._highs.clear()

    def state(self) -> WindowState:
        """Return what is needed to go on."""
        return WindowState(self.span_ms, tuple(self._lows), tuple(self._highs))

    @classmethod
    def of(cls, state: WindowState) -> "Window":
        """Return a window that goes on from a state."""
        window = cls(state.span_ms)
        window._lows.extend(state.lows)
        window._highs.extend(state.highs)
        return window
