"""Price bands: how far a price may move from the mean of the last five minutes.

Pure. Must not know phases, or what follows when a price reaches its band. Source: the Limit Up-
Limit Down plan of the US exchanges (LULD, approved by the SEC in 2012). The reference price is the
mean of the trades of five minutes, updated every 30 s. The width depends on the tier and the price.
"""

from collections import deque
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import msgspec

from feeds.market.bars import MINUTE_MS
from feeds.market.instruments import Definition

WINDOW_PARTS: Final = 10
PART_MS: Final = 5 * MINUTE_MS // WINDOW_PARTS
"""Exchange time for which a reference price is in force: 30 s."""
_WIDTH_BY_TIER: Final = {1: Decimal("0.05"), 2: Decimal("0.10")}
"""Share of the price, above $3."""
_WIDTH_MIDDLE: Final = Decimal("0.20")
"""Share of the price from $0.75 to $3, for both tiers."""
_WIDTH_LOW: Final = Decimal("0.75")
_MAX_WIDTH_LOW: Final = Decimal("0.15")
"""Below $0.75 the width is this share of the price, but at most $0.15."""
_LOW_PRICE, _MIDDLE_PRICE = Decimal("0.75"), Decimal(3)
HIGHEST_TICKS: Final = 2**62


class Band(NamedTuple):
    """The lowest and the highest price at which a trade may happen, in ticks."""

    low: int
    high: int

    def holds(self, price_ticks: int) -> bool:
        """Say whether a price in ticks is inside the band, or on its edge."""
        return self.low <= price_ticks <= self.high


NO_BAND: Final = Band(0, HIGHEST_TICKS)


class BandRules(msgspec.Struct, frozen=True):
    """How wide the bands of a feed are, and when they are doubled.

    Bands are twice as wide for a while after the open and before the close (ms of exchange time).
    Both times are fields, because amendments of the LULD plan changed them.
    """

    tier: Literal[1, 2] = 1
    doubled_after_open_ms: int = 15 * MINUTE_MS
    doubled_before_close_ms: int = 25 * MINUTE_MS

    def band(self, definition: Definition, reference_ticks: int, *, is_doubled: bool) -> Band:
        """Return the band around a reference price, at least a tick to each side."""
        width = self.width_ticks(definition, reference_ticks) * (2 if is_doubled else 1)
        return Band(max(1, reference_ticks - width), reference_ticks + width)

    def width_ticks(self, definition: Definition, reference_ticks: int) -> int:
        """Return how far a price may be from the reference price, in ticks."""
        price = reference_ticks * definition.tick_size
        return max(1, int(_width(price, self.tier) / definition.tick_size))


def _width(price: Decimal, tier: int) -> Decimal:
    if price > _MIDDLE_PRICE:
        return price * _WIDTH_BY_TIER[tier]
    if price >= _LOW_PRICE:
        return price * _WIDTH_MIDDLE
    return min(_MAX_WIDTH_LOW, price * _WIDTH_LOW)


class ReferencePrice:
    """The mean price of the trades of the last five minutes, in ticks; None without trades.

    Time is divided into parts of 30 s of exchange time. The trades of a part count when it is over.
    """

    def __init__(self) -> None:
        self.ticks: int | None = None
        self._parts: deque[tuple[int, int, int]] = deque()

    def begin(self, ticks: int | None) -> None:
        """Forget all trades; the price of an auction is in force until there are new trades."""
        self.ticks = ticks
        self._parts.clear()

    def roll(self, part: int, total: int, count: int, *, now: int) -> None:
        """End a part of 30 s: take the sum of its prices (ticks) and the number of its trades.

        `part` and `now` are the numbers of the part that ended and of the present one.
        """
        if count:
            self._parts.append((part, total, count))
        while self._parts and self._parts[0][0] < now - WINDOW_PARTS:
            self._parts.popleft()
        # Without a trade in five minutes the last reference price stays in force.
        trades = sum(count for _, _, count in self._parts)
        if trades:
            paid = sum(total for _, total, _ in self._parts)
            # The mean rounded to the nearest tick in integers, so that every machine agrees.
            self.ticks = (2 * paid + trades) // (2 * trades)
