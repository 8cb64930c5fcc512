"""Prices and sizes of tables, read exactly; what is wrong is named with its likely cause.

Pure. Must not know rows or columns.
"""

import re
from decimal import Decimal
from typing import Final

from feeds.market.instruments import Definition
from feeds.market.lots import exact_lots
from feeds.market.parsing import exact_ticks, nearest_ticks
from feeds.recordings.faults import Fault

_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,18})?|\d(\.\d{1,16})?[eE]-\d{1,2}", re.ASCII)
"""Programs write small numbers as 1e-08, which is exact."""
_MISSING: Final = frozenset({"", "nan", "null", "none", "n/a", "na", "-"})
_CAUSES: Final = (
    (
        re.compile(r"\d{1,3},\d{3}", re.ASCII),
        "it has a separator of thousands, or it looks like a decimal comma",
    ),
    (
        re.compile(r"\d{1,3}\.\d{3}", re.ASCII),
        "it has a separator of thousands, or it looks like a decimal point",
    ),
    (re.compile(r"\d+,\d+", re.ASCII), "it looks like a decimal comma"),
    (
        re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII),
        "it has separators of thousands",
    ),
    (re.compile(r"\d{1,3}(['\u2019\s]\d{3})+([.,]\d+)?"), "it has separators of thousands"),
    (re.compile(r"\d+([.,]\d+)?\s*[KMBkmb]", re.ASCII), "a letter stands for zeros"),
    (re.compile(r"\d+\.\d+", re.ASCII), "it looks like a decimal point"),
    (re.compile(r"\d(\.\d+)?[eE][+-]?\d+", re.ASCII), "a spreadsheet may have shortened it"),
    (re.compile(r"[$€£]\s*\d.*"), "it has the sign of a currency"),
)


def is_missing(text: str) -> bool:
    """Say whether a cell has no value."""
    return text.lower() in _MISSING


def number(text: str, name: str, *, decimal: str = ".", zero: bool = False) -> Decimal:
    """Return a number; `name` is that of its column.

    Raises:
        Fault: the text is no such number.
    """
    # With decimal commas a point is wrong; a NUL in its place matches nothing.
    plain = text if decimal == "." else text.replace(".", "\0").replace(decimal, ".")
    if not _NUMBER.fullmatch(plain):
        least = "a number" if zero else "a number above 0"
        hint = next((f"; {why}" for form, why in _CAUSES if form.fullmatch(text)), "")
        message = f"{name} was {text[:40]!r}, expected {least}, such as 101{decimal}25{hint}"
        raise Fault(f"{name} number{hint}", message, text)
    return Decimal(plain)


def ticks_of(price: Decimal, name: str, definition: Definition, *, rounds: bool) -> int:
    """Return a price in ticks.

    Raises:
        Fault: it is out of range, or off the tick size and not to be rounded.
    """
    try:
        return nearest_ticks(price, definition) if rounds else exact_ticks(price, definition)
    except ValueError as error:
        is_off = "multiple" in str(error)
        message = str(error).replace("price was", f"{name} was", 1)
        raise Fault(f"{name} {'tick size' if is_off else 'range'}", message) from None


def lots_in(size: Decimal, definition: Definition, name: str) -> int:
    """Return a size as a number of the instrument's lots.

    Raises:
        Fault: it is no whole number of lots, or out of range.
    """
    try:
        return exact_lots(size, definition.lot_size)
    except ValueError as error:
        message = str(error).replace("size was", f"{name} was", 1)
        if size:
            message += f": the lot size of {definition.symbol} is {definition.lot_size:f}"
        raise Fault(f"{name} lot size", message) from None
