"""Times of tables in the spellings of many systems, checked against one window.

Pure. A number that is read in a wrong unit, or a date in a wrong order, gives another year, and
nobody would notice. So every time must lie between 1990 and a day from now. If one does not, the
error names the likely unit.
"""

import re
from calendar import monthrange, timegm
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.recordings.faults import Fault

EARLIEST_MS: Final = 631_152_000_000
"""1990-01-01: electronic markets are hardly older, and wrong units mostly give times before it."""


SHEET_DAYS: Final = 25_569
"""1970-01-01 in the days of spreadsheets."""


class Unit(StrEnum):
    """What a whole number in a time column counts since 1970; calendar: its digits are a date."""

    CALENDAR = "calendar"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


_PER_SECOND: Final = {
    Unit.SECONDS: 1,
    Unit.MILLISECONDS: 1000,
    Unit.MICROSECONDS: 1_000_000,
    Unit.NANOSECONDS: 1_000_000_000,
}
UNIT_NAMES: Final = {
    Unit.CALENDAR: "dates, such as 20261001",
    Unit.SECONDS: "seconds since 1970",
    Unit.MILLISECONDS: "milliseconds since 1970",
    Unit.MICROSECONDS: "microseconds since 1970",
    Unit.NANOSECONDS: "nanoseconds since 1970",
}
_NUMBER: Final = re.compile(r"(\d{1,20})(?:\.(\d{1,9}))?", re.ASCII)
_CLOCK: Final = (
    r"(?P<h>\d{1,2}):?(?P<mi>\d\d)(?::?(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<ap>[AaPp][Mm])?"
)
_OFFSET: Final = r"\s*(?P<o>Z|z|UTC|(?:GMT|UTC)?[+-]\d\d:?(?:\d\d)?|GMT)?"
_DATES: Final = (
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
    r"(?P<a>\d{1,2})(?P<p>[/.-])(?P<b>\d{1,2})[/.-](?P<y>\d{4})",
)
_SPELLINGS: Final = tuple(
    re.compile(rf"{day}(?:(?:[Tt]|,?\s+)?{_CLOCK}{_OFFSET})?", re.ASCII) for day in _DATES
)
_MONTH_NAMES: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_NAMED: Final = (
    re.compile(
        r"(?:[A-Za-z]{3,9},?\s+)?(?P<d>\d{1,2})[-\s](?P<m>[A-Za-z]{3,9})\.?[-\s](?P<y>\d{4})(?P<rest>.*)",
        re.ASCII,
    ),
    re.compile(r"(?P<m>[A-Za-z]{3,9})\.?\s(?P<d>\d{1,2}),?\s(?P<y>\d{4})(?P<rest>.*)", re.ASCII),
)
"""Dates with an English month: `Thu, 01 Oct 2026 14:30:00 GMT`, `01-Oct-2026`, `Oct 1, 2026`."""
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}", re.ASCII)
_LONG_NAMES: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NOON: Final = 12
_MONTHS: Final = 12
_LEAP: Final = 60
_LAST_YEAR: Final = 9999
_FIRST_DAY: Final = timegm((1, 1, 1, 0, 0, 0)) // 86_400
_LAST_DAY: Final = timegm((_LAST_YEAR, 12, 31, 0, 0, 0)) // 86_400
UtcOf = Callable[[int], int]
_LAST_HOUR, _LAST_MINUTE = 23, 59


class TimeReader:
    """Read times in UTC ms.

    `utc_of` is for times without an offset: it turns what a clock showed (ms, as if it showed UTC)
    into UTC. If there is none, such times are refused. With `whole_days`, midnight of any zone is
    midnight of the same date in UTC: bars of a day carry their date that way.
    """

    def __init__(
        self,
        unit: Unit,
        *,
        now_ms: int,
        utc_of: UtcOf | None = None,
        day_first: bool = False,
        whole_days: bool = False,
        name: str = "time",
    ) -> None:
        self._unit = unit
        self._utc_of = utc_of
        self._day_first = day_first
        self._whole_days = whole_days
        self._latest_ms = now_ms + DAY_MS
        self._name = name

    def read(self, text: str) -> int:
        """Return a time in UTC ms.

        Raises:
            Fault: the text is no time, or one outside the window.
        """
        at_ms = self._time_of(text)
        if not EARLIEST_MS <= at_ms <= self._latest_ms:
            raise Fault(f"{self._name} window {self._seen_as(text)}", self._outside(text, at_ms))
        return at_ms

    def is_in_window(self, text: str) -> bool:
        """Say whether the text is a time inside the window."""
        try:
            return EARLIEST_MS <= self._time_of(text) <= self._latest_ms
        except Fault:
            return False

    def _time_of(self, text: str) -> int:
        number = _NUMBER.fullmatch(text)
        if number and self._unit is not Unit.CALENDAR:
            digits = (number[2] or "").ljust(9, "0")
            # In integers: a double cannot hold the nanoseconds since 1970.
            return (int(number[1]) * 10**9 + int(digits)) * 1000 // _PER_SECOND[self._unit] // 10**9
        return self._calendar_time(text)

    def _calendar_time(self, text: str) -> int:
        match = _match(text)
        if match is None:
            cause = "; a spreadsheet may have shortened it" if _SHORTENED.fullmatch(text) else ""
            message = f"{self._name} was {text[:40]!r}, expected as in 2026-01-31T14:30:00.250Z"
            raise Fault(f"{self._name} form{cause}", message + cause, text)
        try:
            return self._in_utc(text, match.groupdict())
        except Fault:
            raise
        except (ValueError, OverflowError):
            message = f"{self._name} was {text[:40]!r}, which no calendar or clock shows"
            raise Fault(f"{self._name} calendar", message, text) from None

    def _in_utc(self, text: str, found: dict[str, str | None]) -> int:
        day_ms = self._day_ms(found)
        if found["h"] is None:
            return day_ms
        clock_ms = _clock_ms(found)
        if self._whole_days and not clock_ms:
            return day_ms
        return self._shifted(text, found["o"], day_ms + clock_ms)

    def _day_ms(self, found: dict[str, str | None]) -> int:
        if found.get("a"):
            first, second = int(found["a"] or 0), int(found["b"] or 0)
            # Where dates are written with points the day comes first.
            is_day_first = self._day_first or found["p"] == "."
            day, month = (first, second) if is_day_first else (second, first)
        else:
            day, month = int(found["d"] or 0), int(found["m"] or 0)
        year = int(found["y"] or 0)
        if not (year and 1 <= month <= _MONTHS and 1 <= day <= monthrange(year, month)[1]):
            raise ValueError(found)
        return timegm((year, month, day, 0, 0, 0)) * 1000

    def _shifted(self, text: str, offset: str | None, ms: int) -> int:
        """Return a time in UTC, from what the clock showed as if it were UTC."""
        if offset is None:
            if self._utc_of is None:
                message = f"{self._name} was {text[:40]!r}, which names no time zone"
                raise Fault(f"{self._name} zone", f"{message}, expected as in …14:30:00Z", text)
            return self._utc_of(ms)
        digits = offset.upper().removeprefix("GMT").removeprefix("UTC").replace(":", "")
        if digits in {"", "Z"}:
            return ms
        hours, minutes = int(digits[1:3]), int(digits[3:5] or 0)
        if hours > _LAST_HOUR or minutes > _LAST_MINUTE:
            raise ValueError(offset)
        return ms - (-1 if digits[0] == "-" else 1) * (hours * 60 + minutes) * MINUTE_MS

    def _seen_as(self, text: str) -> str:
        return next((unit.value for unit in self._other_units() if self._fits(text, unit)), "")

    def _other_units(self) -> list[Unit]:
        return [unit for unit in Unit if unit is not self._unit]

    def _fits(self, text: str, unit: Unit) -> bool:
        if not _NUMBER.fullmatch(text):
            return False
        other = TimeReader(unit, now_ms=self._latest_ms - DAY_MS, utc_of=as_utc)
        return other.is_in_window(text)

    def _day_of_a_sheet(self, text: str) -> str:
        at_ms = _sheet_ms(text)
        is_one = EARLIEST_MS <= at_ms <= self._latest_ms
        return f"a date as a spreadsheet counts days ({_shown(at_ms)[:10]})" if is_one else ""

    def _outside(self, text: str, at_ms: int) -> str:
        side = "before 1990" if at_ms < EARLIEST_MS else "later than a day from now"
        as_unit = f" in {UNIT_NAMES[self._unit]}" if _NUMBER.fullmatch(text) else ""
        said = f"{self._name} {text[:40]} would be {_shown(at_ms)}{as_unit}, {side}"
        seen = self._seen_as(text)
        if not seen:
            return f"{said}; it looks like {self._day_of_a_sheet(text) or 'no time of a market'}"
        unit = Unit(seen)
        at = TimeReader(unit, now_ms=self._latest_ms - DAY_MS, utc_of=as_utc).read(text)
        return f"{said}; it looks like {UNIT_NAMES[unit]} ({_shown(at)})"


def _sheet_ms(text: str) -> int:
    """Return the time of a spreadsheet's number: days since 30 December 1899; 0 for others."""
    number = _NUMBER.fullmatch(text)
    if number is None or not EARLIEST_MS // DAY_MS <= int(number[1]) - SHEET_DAYS <= _LAST_DAY:
        return 0
    return (int(number[1]) - SHEET_DAYS) * DAY_MS


def unit_of(text: str, *, now_ms: int) -> Unit | None:
    """Return the unit with which a text is a time inside the window; None without any."""
    order = (*_PER_SECOND, Unit.CALENDAR)
    readers = {unit: TimeReader(unit, now_ms=now_ms, utc_of=as_utc) for unit in order}
    return next((unit for unit, reader in readers.items() if reader.is_in_window(text)), None)


def is_naive(text: str) -> bool:
    """Say whether a text has a time of day and no offset."""
    found = _match(text)
    return found is not None and found["h"] is not None and found["o"] is None


def date_and_clock(date: str, clock: str) -> str:
    """Return the time of two columns; a spreadsheet may have written a date with midnight."""
    return f"{date.removesuffix(' 00:00:00')} {clock}"


def is_number(text: str) -> bool:
    """Say whether a text is a count since 1970 and no spelling of a date; 20261001 may be both."""
    return _NUMBER.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Say whether a text is a calendar date without a time of day."""
    found = _match(text)
    return found is not None and found["h"] is None


def has_two_readings(text: str) -> bool:
    """Say whether nobody can tell from a date alone which part is the month: 01/10/2026."""
    found = _SPELLINGS[2].fullmatch(text)
    return found is not None and found["p"] != "." and found["a"] != found["b"]


def day_order(text: str) -> str:
    """Return which comes first in a date such as 13/01/2026: "day", "month", "" if unclear."""
    found = _SPELLINGS[2].fullmatch(text)
    if found is None:
        return ""
    if int(found["a"]) > _MONTHS:
        return "day"
    return "month" if int(found["b"]) > _MONTHS else ""


def _match(text: str) -> re.Match[str] | None:
    """Return how a text spells a time, None if it spells none."""
    plain = _in_digits(text)
    return next((found for spelling in _SPELLINGS if (found := spelling.fullmatch(plain))), None)


def _in_digits(text: str) -> str:
    """Return a date with the name of its month in digits, any other text as it is."""
    for named in _NAMED:
        found = named.fullmatch(text)
        if found is None:
            continue
        short, name = found["m"][:3].lower(), found["m"].lower()
        if short in _MONTH_NAMES and name in (short, "sept", _LONG_NAMES[_month(short) - 1]):
            return f"{found['y']}-{_month(short):02}-{found['d']}{found['rest']}"
    return text


def _month(short: str) -> int:
    return _MONTH_NAMES.index(short) + 1


def as_utc(ms: int) -> int:
    """Return the time as it is: `utc_of` for a clock that shows UTC."""
    return ms


def _clock_ms(found: dict[str, str | None]) -> int:
    """Return the time of day; RFC 3339 has the second 60, which is the first one after it."""
    hour, minute, second = _hour(found), int(found["mi"] or 0), int(found["s"] or 0)
    if hour > _LAST_HOUR or minute > _LAST_MINUTE or second > _LEAP:
        raise ValueError(found)
    return (hour * 3600 + minute * 60 + second) * 1000 + int((found["f"] or "0").ljust(3, "0")[:3])


def _hour(found: dict[str, str | None]) -> int:
    hour, half = int(found["h"] or 0), (found["ap"] or "").upper()
    if not half:
        return hour
    if not 1 <= hour <= _NOON:
        raise ValueError(half)
    return hour % _NOON + (_NOON if half == "PM" else 0)


def _shown(at_ms: int) -> str:
    """Return a time as `2026-01-31 14:30`."""
    days, minutes = at_ms // DAY_MS, at_ms % DAY_MS // MINUTE_MS
    if days > _LAST_DAY:
        return "after the year 9999"
    # An offset may shift the first day of all to before it.
    if days < _FIRST_DAY:
        return "before the year 1"
    # Never too late a year: with 366 days each after 1970, with 365 before.
    year = max(1, 1970 + min(days // 365, days // 366))
    while year < _LAST_YEAR and timegm((year + 1, 1, 1, 0, 0, 0)) // 86_400 <= days:
        year += 1
    rest = days - timegm((year, 1, 1, 0, 0, 0)) // 86_400
    month = 1
    while rest >= (length := monthrange(year, month)[1]):
        month, rest = month + 1, rest - length
    return f"{year:04}-{month:02}-{rest + 1:02} {minutes // 60:02}:{minutes % 60:02}"
