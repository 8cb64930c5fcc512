"""Price bands: how far a price may go from what it was during the last five minutes.

Pure. Must not know phases or what follows from a hit. After the limit-up-limit-down plan of the
exchanges of the United States: the reference is the mean of the trades of five minutes, looked at
every half a minute; widths are by tier and price.
"""

from collections import deque
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import msgspec

from feeds.market.bars import MINUTE_MS
from feeds.market.instruments import Definition

WINDOW_PARTS: Final = 10
PART_MS: Final = 5 * MINUTE_MS // WINDOW_PARTS
"""Exchange time: a reference price stands for this long."""
_TIERS: Final = {1: Decimal("0.05"), 2: Decimal("0.10")}
_MIDDLE: Final = Decimal("0.20")
_CHEAP: Final = Decimal("0.75")
_DEAREST_OF_CHEAP: Final = Decimal("0.15")
_ANY_TIER: Final = (Decimal("0.75"), Decimal(3))
"""Prices from the first to the second have one width for both tiers; below, the least there is."""
WIDEST: Final = 2**62


class Band(NamedTuple):
    """The lowest and the highest price, in ticks, at which a trade may happen."""

    low: int
    high: int

    def holds(self, price_ticks: int) -> bool:
        """Say whether a trade may happen at this price."""
        return self.low <= price_ticks <= self.high


NO_BAND: Final = Band(0, WIDEST)


class BandRules(msgspec.Struct, frozen=True):
    """How wide the bands of a feed are, and where in its day twice as wide (exchange ms)."""

    tier: Literal[1, 2] = 1
    doubled_after_open_ms: int = 15 * MINUTE_MS
    doubled_before_close_ms: int = 25 * MINUTE_MS

    def band(self, definition: Definition, reference_ticks: int, *, is_doubled: bool) -> Band:
        """Return the band around a reference price; it is never narrower than a tick."""
        width = self.width_ticks(definition, reference_ticks) * (2 if is_doubled else 1)
        return Band(max(1, reference_ticks - width), reference_ticks + width)

    def width_ticks(self, definition: Definition, reference_ticks: int) -> int:
        """Return how far from the reference a price may go."""
        price = reference_ticks * definition.tick_size
        return max(1, int(_width(price, self.tier) / definition.tick_size))


def _width(price: Decimal, tier: int) -> Decimal:
    cheap, dear = _ANY_TIER
    if price > dear:
        return price * _TIERS[tier]
    if price >= cheap:
        return price * _MIDDLE
    return min(_DEAREST_OF_CHEAP, price * _CHEAP)


class Reference:
    """The mean price, in ticks, of the trades of the last five minutes; None before the first.

    Time is cut into parts of `part_ms`; trades of a part count once it is over.
    """

    def __init__(self) -> None:
        self.ticks: int | None = None
        self._parts: deque[tuple[int, int, int]] = deque()

    def begin(self, ticks: int | None) -> None:
        """Forget the trades; an auction's price stands until there are new ones."""
        self.ticks = ticks
        self._parts.clear()

    def roll(self, part: int, total: int, count: int, *, now: int) -> None:
        """Take the sum and the number of a part's trades; `now` is the part that begins."""
        if count:
            self._parts.append((part, total, count))
        while self._parts and self._parts[0][0] < now - WINDOW_PARTS:
            self._parts.popleft()
        trades = sum(count for _, _, count in self._parts)
        if trades:
            paid = sum(total for _, total, _ in self._parts)
            self.ticks = (2 * paid + trades) // (2 * trades)
