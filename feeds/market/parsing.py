"""Times and prices that other systems write: read exactly, or refused.

Pure. Must not know which system wrote them, or what happened at that time.
"""

import re
from calendar import monthrange, timegm
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from feeds.market.instruments import Definition

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_MILLISECONDS: Final = re.compile(r"\d{1,14}", re.ASCII)
"""Up to the year 5138."""
_LAST_HOUR, _LAST_MINUTE, _LAST_SECOND = 23, 59, 60
"""RFC 3339 allows the second 60 for leap seconds. It is read as the first second after it."""

HIGHEST_PRICE: Final = Decimal(10**12)
MOST_TICKS: Final = 10**15
"""A browser keeps numbers as doubles, which are exact up to 2^53, about 9 * 10^15."""


def parse_rfc3339(text: str) -> int:
    """Return UTC ms of a time such as `2026-01-31T14:30:00.25Z` or `…+01:00` (RFC 3339).

    Digits finer than a millisecond are cut off.

    Raises:
        ValueError: the text has another form, or no calendar or clock shows this time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"time was {text[:40]!r}, expected as in 2026-01-31T14:30:00.250Z")
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    is_date = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    is_time = hour <= _LAST_HOUR and minute <= _LAST_MINUTE and second <= _LAST_SECOND
    if not (is_date and is_time):
        raise ValueError(f"time was {text[:40]!r}, which no calendar or clock shows")
    seconds = timegm((year, month, day, hour, minute, second)) - _offset_s(match)
    return seconds * 1000 + int((match[7] or "0").ljust(3, "0")[:3])


def parse_instant(text: str) -> tuple[int, int]:
    """Return UTC ms of a time in RFC 3339, and the nanoseconds that are finer than that.

    Raises:
        ValueError: as of `parse_rfc3339`.
    """
    at_ms, match = parse_rfc3339(text), _RFC3339.fullmatch(text)
    digits = (match[7] or "") if match is not None else ""
    return at_ms, int(digits.ljust(9, "0")[3:])


def parse_timestamp(text: str) -> int:
    """Return UTC ms of a time in RFC 3339, or of a whole number of milliseconds since 1970.

    Raises:
        ValueError: the text is neither.
    """
    return int(text) if _MILLISECONDS.fullmatch(text) else parse_rfc3339(text)


def nearest_ticks(price: Decimal, definition: Definition, rounding: str = ROUND_HALF_EVEN) -> int:
    """Return a price as a whole number of ticks, rounded to the tick size.

    Raises:
        ValueError: the price is not positive and finite, or rounds to less than one tick.
    """
    ticks = int((_price(price) / definition.tick_size).to_integral_value(rounding))
    if not 0 < ticks <= MOST_TICKS:
        raise ValueError(f"price was {price}, which is {ticks} ticks")
    return ticks


def exact_ticks(price: Decimal, definition: Definition) -> int:
    """Return a price as a whole number of ticks, without rounding.

    Raises:
        ValueError: the price is not positive and finite, or not a multiple of the tick size.
    """
    ticks = nearest_ticks(price, definition)
    if ticks * definition.tick_size != price:
        raise ValueError(f"price was {price:f}, expected a multiple of {definition.tick_size:f}")
    return ticks


def _offset_s(match: re.Match[str]) -> int:
    if match[8]:
        return 0
    hours, minutes = int(match[10]), int(match[11])
    if hours > _LAST_HOUR or minutes > _LAST_MINUTE:
        raise ValueError(f"offset was {match[9]}{match[10]}:{match[11]}")
    return (1 if match[9] == "+" else -1) * (hours * 3600 + minutes * 60)


def _price(price: Decimal) -> Decimal:
    if not (price.is_finite() and 0 < price <= HIGHEST_PRICE):
        raise ValueError(f"price was {str(price)[:40]}, expected above 0 to {HIGHEST_PRICE}")
    return price
