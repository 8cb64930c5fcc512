"""Prices and sizes that strangers tell, as whole ticks and whole shares.

Pure. Must not know who tells them.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from feeds.market.instruments import Definition

HIGHEST_PRICE: Final = Decimal(10**12)
MOST_TICKS: Final = 10**15
"""Prices of more ticks are not exact in a double, which is what a browser has."""
MOST_SHARES: Final = 10**12
"""A day's volume stays exact in a double, too."""


def nearest_ticks(price: Decimal, definition: Definition, rounding: str = ROUND_HALF_EVEN) -> int:
    """Return a price in ticks, put on the grid.

    Raises:
        ValueError: it is no price, or less than half a tick.
    """
    ticks = int((_price(price) / definition.tick_size).to_integral_value(rounding))
    if not 0 < ticks <= MOST_TICKS:
        raise ValueError(f"price was {price}, which is {ticks} ticks")
    return ticks


def exact_ticks(price: Decimal, definition: Definition) -> int:
    """Return a price in ticks.

    Raises:
        ValueError: it is no price, or not on the grid.
    """
    ticks = nearest_ticks(price, definition)
    if ticks * definition.tick_size != price:
        raise ValueError(f"price was {price:f}, expected a multiple of {definition.tick_size:f}")
    return ticks


def whole_shares(size: Decimal) -> int:
    """Return a size.

    Raises:
        ValueError: it is no whole number of shares, or none at all.
    """
    if not (size.is_finite() and 0 < size <= MOST_SHARES and size == size.to_integral_value()):
        raise ValueError(f"size was {str(size)[:40]}, expected a whole number of shares")
    return int(size)


def _price(price: Decimal) -> Decimal:
    if not (price.is_finite() and 0 < price <= HIGHEST_PRICE):
        raise ValueError(f"price was {str(price)[:40]}, expected above 0 to {HIGHEST_PRICE}")
    return price
