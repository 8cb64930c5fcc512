"""What is traded: the static facts of an instrument, and its tick size.

Pure. Must not know feeds, phases or last values.
"""

import re
from decimal import Decimal
from typing import Final

import msgspec

from feeds.exceptions import InvalidDefinition

SYMBOL_PATTERN: Final = r"[A-Z][A-Z0-9]{0,11}"
"""One to twelve capital letters and digits, first a letter: safe in URLs, CSS and file names."""
_KEY = re.compile(rf"{SYMBOL_PATTERN}(~[1-9][0-9]{{0,3}})?")
"""A symbol, with or without a delay (feeds.market.delayed_keys)."""
MAX_DECIMALS: Final = 8
"""With 8 decimals every price below 90 million is exact in a double."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one instrument.

    Prices are integer ticks: price = ticks * tick_size. Volatility is the standard deviation of
    daily log returns (0.02 = 2 %). Activity weighs the instrument's share of the feed's ticks.

    Raises:
        InvalidDefinition: a field is out of its range.
    """

    symbol: str
    name: str
    sector: str
    tick_size: Decimal
    reference_ticks: int
    volatility: float = 0.02
    activity: float = 1.0

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.symbol):
            raise InvalidDefinition(f"symbol was {self.symbol!r}, expected {SYMBOL_PATTERN}")
        if not self.tick_size > 0 or decimals_of(self.tick_size) > MAX_DECIMALS:
            raise InvalidDefinition(f"tick size was {self.tick_size}, expected 0.00000001 or more")
        if self.reference_ticks < 1:
            raise InvalidDefinition(f"reference was {self.reference_ticks} ticks, expected 1 up")
        if not 0 < self.volatility <= 1:
            raise InvalidDefinition(f"volatility was {self.volatility}, expected above 0 to 1")
        if not 0 < self.activity <= 1000:
            raise InvalidDefinition(f"activity was {self.activity}, expected above 0 to 1000")

    @property
    def decimals(self) -> int:
        """Return the number of decimals with which a price is shown."""
        return decimals_of(self.tick_size)

    def price_text(self, ticks: int) -> str:
        """Return a price as people read it, such as `1,234.50`."""
        return f"{ticks * self.tick_size:,.{self.decimals}f}"


def decimals_of(tick_size: Decimal) -> int:
    """Return the number of decimals of a tick size, 0 for whole numbers."""
    exponent = tick_size.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else MAX_DECIMALS + 1
