"""What an intervention wants of a simulated market: a shock or a regime of volatility.

Pure. Must not know rows, or how prices are drawn.
"""

from enum import StrEnum
from typing import Final

import msgspec

from feeds.exceptions import InvalidPlan
from feeds.market.instruments import Definition

CHANGES: Final = (-0.9, 1.0)
"""A shock moves prices by so much: a part of what they were."""
MULTIPLES: Final = (0.1, 10.0)
"""A regime makes volatility so many times the usual."""
LONGEST_S: Final = 86_400


class EffectKind(StrEnum):
    """Whether prices are moved, or how wildly they move."""

    SHOCK = "shock"
    REGIME = "regime"


SIZES: Final = {EffectKind.SHOCK: CHANGES, EffectKind.REGIME: MULTIPLES}


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Between two moments of our clock (UTC, ms) prices change by `size`, a part of what they were,
    evenly in the logarithm; or volatility is `size` times the usual.

    It touches one symbol, else a sector, else the whole feed. What falls into a pause of the feed,
    or before it was heard of, does not happen.

    Raises:
        InvalidPlan: the size is out of range, or the end is not after the start.
    """

    kind: EffectKind
    size: float
    start_ms: int
    end_ms: int
    sector: str = ""
    symbol: str = ""

    def __post_init__(self) -> None:
        low, high = SIZES[self.kind]
        if not low <= self.size <= high:
            raise InvalidPlan(f"{self.kind} was {self.size}, expected {low:g} to {high:g}")
        if not 0 < self.end_ms - self.start_ms <= LONGEST_S * 1000:
            raise InvalidPlan(f"an effect of {self.end_ms - self.start_ms} ms cannot be")

    def touches(self, one: Definition) -> bool:
        """Say whether it does anything to an instrument."""
        return one.symbol == self.symbol if self.symbol else self.sector in ("", one.sector)
