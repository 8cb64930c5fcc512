"""Sizes: inside the market they are whole numbers of lots, and everybody else sees decimal numbers.

Pure. Must not know instruments. Whole numbers make sums exact: a day of 0.1 and 0.2 is 0.3.
"""

from decimal import ROUND_FLOOR, Context, Decimal
from functools import lru_cache
from typing import Final, NamedTuple

MAX_DECIMALS: Final = 8
SMALLEST_LOT: Final = Decimal("0.00000001")
LARGEST_LOT: Final = Decimal(1_000_000)
MOST_SHARES: Final = 10**12
"""The volume of a day, a sum of sizes, must stay exact in a double as well."""
MOST_LOTS: Final = 2**53 - 1
"""A browser keeps numbers as doubles: up to so many lots it shows every digit."""
_EXACT: Final = Context(prec=60)
"""Enough digits for MOST_SHARES with the decimals of any table."""


class Lot(NamedTuple):
    """A lot size as `steps` units of the last of `places` decimals: 0.25 is (25, 2)."""

    steps: int
    places: int

    def text(self, lots: int) -> str:
        """Return a size as a decimal number without needless zeros: whole ones have no point."""
        units = lots * self.steps
        if not self.places:
            return str(units)
        whole, rest = divmod(abs(units), 10**self.places)
        decimals = f"{rest:0{self.places}d}".rstrip("0")
        sign = "-" if units < 0 else ""
        return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


@lru_cache(maxsize=1024)
def lot_of(size: Decimal) -> Lot:
    """Return a lot size."""
    places = decimals_of(size)
    return Lot(int(size.scaleb(places)), places)


def decimals_of(step: Decimal) -> int:
    """Return the number of decimals of a tick or lot size, 0 for whole numbers."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else MAX_DECIMALS + 1


def exact_lots(size: Decimal, lot_size: Decimal) -> int:
    """Return a size as a whole number of lots, without rounding.

    Raises:
        ValueError: the size is not a multiple of the lot size, from one lot to MOST_SHARES.
    """
    lots = _EXACT.divide(size, lot_size) if _is_possible(size, lot_size) else Decimal(0)
    if not lots or lots != lots.to_integral_value() or _EXACT.multiply(lots, lot_size) != size:
        unit = "a whole number of shares" if lot_size == 1 else f"a multiple of {lot_size:f}"
        raise ValueError(f"size was {str(size)[:40]}, expected {unit}")
    return int(lots)


def lots_within(size: Decimal, lot_size: Decimal, *, least: int = 0) -> int:
    """Return how many whole lots a size has, or `least` if it has fewer; what is left is cut off.

    Raises:
        ValueError: that is less than one lot, or the size is out of range.
    """
    lots = _EXACT.divide(size, lot_size) if _is_possible(size, lot_size) else Decimal(0)
    if not lots or (lots < 1 and not least):
        raise ValueError(f"size was {str(size)[:40]}, expected {lot_size:f} or more")
    return max(least, int(lots.to_integral_value(ROUND_FLOOR)))


def _is_possible(size: Decimal, lot_size: Decimal) -> bool:
    return size.is_finite() and 0 < size <= MOST_SHARES and size <= MOST_LOTS * lot_size
