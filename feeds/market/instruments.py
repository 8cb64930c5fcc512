"""What is traded: the static facts of an instrument, and its tick size.

Pure. Must not know feeds, phases or last values.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from feeds.exceptions import InvalidDefinition
from feeds.market.delayed_keys import is_key
from feeds.market.lots import LARGEST_LOT, MAX_DECIMALS, decimals_of
from feeds.market.symbols import SYMBOL_RULE

Units = tuple[Decimal, Decimal]
"""The tick size and the lot size of an instrument."""
ONE: Final = Decimal(1)


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one instrument.

    Prices are integer ticks: price = ticks * tick_size. With 8 decimals every price below 90
    million is exact in a double. Sizes are integer lots: size = lots * lot_size. Volatility is the
    standard deviation of daily log returns (0.02 = 2 %). Activity weighs the instrument's share of
    the feed's ticks. `lot` is unset where it is 1: then tapes and headers are those of before.

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
    lot: Decimal | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not is_key(self.symbol):
            raise InvalidDefinition(f"symbol was {self.symbol[:40]!r}. {SYMBOL_RULE}")
        if not self.tick_size > 0 or decimals_of(self.tick_size) > MAX_DECIMALS:
            raise InvalidDefinition(f"tick size was {self.tick_size}, expected 0.00000001 or more")
        if not 0 < self.lot_size <= LARGEST_LOT or decimals_of(self.lot_size) > MAX_DECIMALS:
            raise InvalidDefinition(f"lot size was {self.lot}, expected 0.00000001 to a million")
        if self.lot == ONE:
            msgspec.structs.force_setattr(self, "lot", UNSET)
        if self.reference_ticks < 1:
            raise InvalidDefinition(f"reference was {self.reference_ticks} ticks, expected 1 up")
        if not 0 < self.volatility <= 1:
            raise InvalidDefinition(f"volatility was {self.volatility}, expected above 0 to 1")
        if not 0 < self.activity <= 1000:
            raise InvalidDefinition(f"activity was {self.activity}, expected above 0 to 1000")

    @property
    def lot_size(self) -> Decimal:
        """Return the smallest step of sizes."""
        return ONE if self.lot is UNSET else self.lot

    @property
    def units(self) -> Units:
        """Return tick size and lot size; with other units it would be another instrument."""
        return self.tick_size, self.lot_size

    @property
    def decimals(self) -> int:
        """Return the number of decimals with which a price is shown."""
        return decimals_of(self.tick_size)

    def price_text(self, ticks: int) -> str:
        """Return a price as people read it, such as `1,234.50`."""
        return f"{ticks * self.tick_size:,.{self.decimals}f}"
