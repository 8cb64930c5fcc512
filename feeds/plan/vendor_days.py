"""The days by which the vendor of an upstream counts: those of New York.

Pure. Source: docs.alpaca.markets, "Market Data FAQ", section "How are bars aggregated?": bars of
days hold the trades of a date in New York. The clocks are computed by the rules that hold since
2007, not looked up: this is asked for every trade.
"""

from calendar import timegm, weekday
from functools import lru_cache
from typing import Final

from feeds.market.bars import DAY_MS

HOUR_MS: Final = 3_600_000
_STANDARD_MS: Final = -5 * HOUR_MS
_SUMMER_MS: Final = -4 * HOUR_MS
_SUNDAY: Final = 6
_YEAR_DAYS: Final = 365.2425


def vendor_day(utc_ms: int) -> int:
    """Return the number of the vendor's day at a time, counted from 1970."""
    return (utc_ms + _shift_ms(utc_ms)) // DAY_MS


def vendor_midnight_ms(day: int) -> int:
    """Return when one of the vendor's days begins (UTC ms)."""
    # Clocks are set at 2:00, so midnight has the shift of the evening before.
    return day * DAY_MS - _shift_ms(day * DAY_MS)


def _shift_ms(utc_ms: int) -> int:
    """Return what to add to UTC."""
    # Around New Year this may be the wrong year, when both have standard time.
    first_ms, last_ms = _summer(1970 + int(utc_ms // DAY_MS / _YEAR_DAYS))
    return _SUMMER_MS if first_ms <= utc_ms < last_ms else _STANDARD_MS


@lru_cache(maxsize=16)
def _summer(year: int) -> tuple[int, int]:
    """Return when summer time begins and ends: the second Sunday of March, the first of November.

    Both at 2:00 of the time that is in force before.
    """
    begins = timegm((year, 3, 8 + _until_sunday(year, 3, 8), 2, 0, 0)) * 1000
    ends = timegm((year, 11, 1 + _until_sunday(year, 11, 1), 2, 0, 0)) * 1000
    return begins - _STANDARD_MS, ends - _SUMMER_MS


def _until_sunday(year: int, month: int, day: int) -> int:
    return _SUNDAY - weekday(year, month, day)
