"""The effect of an intervention on a simulated market: a price shock or a volatility regime.

Pure. Must not know database rows, or how prices are drawn.
"""

from enum import StrEnum
from typing import Final

import msgspec

from feeds.exceptions import InvalidPlan
from feeds.market.instruments import Definition

CHANGES: Final = (-0.9, 1.0)
"""Least and greatest relative change of prices by a shock: -0.9 is a fall by 90 %."""
MULTIPLES: Final = (0.1, 10.0)
"""Least and greatest multiple of the usual volatility in a regime."""
LONGEST_S: Final = 86_400


class EffectKind(StrEnum):
    """A shock moves prices; a regime changes their volatility."""

    SHOCK = "shock"
    REGIME = "regime"


SIZES: Final = {EffectKind.SHOCK: CHANGES, EffectKind.REGIME: MULTIPLES}


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A shock or a regime between two times (wall time, UTC ms).

    In a shock prices change by the factor 1 + `size`, in equal steps of the log price. In a regime
    volatility is `size` times the usual. An effect is on a symbol if it has one, else on a sector
    if it has one, else on the whole feed. The part of an effect that falls into a pause of the
    feed, or before the engine knew the effect, is lost.

    Raises:
        InvalidPlan: the size is out of range, the end is not after the start, or the effect is
            longer than a day.
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
            raise InvalidPlan(
                f"effect lasted {self.end_ms - self.start_ms} ms, expected 1 to {LONGEST_S * 1000}"
            )

    def touches(self, definition: Definition) -> bool:
        """Say whether it changes the prices of an instrument."""
        if self.symbol:
            return definition.symbol == self.symbol
        return self.sector in ("", definition.sector)
