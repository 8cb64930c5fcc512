"""Which days an exchange trades, and when each part of such a day begins.

Must not know the clock: days and dates come in, UTC milliseconds go out. The holidays are those of
the `holidays` package. It has the early closes of New York and London; Xetra has none.
"""

from bisect import bisect_left
from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import holidays
from holidays.constants import HALF_DAY

from feeds.clock import ms_of
from feeds.plan.schedules import Segment, TradingDay

LAST: Final = 2100
"""The last year whose holidays the `holidays` package knows."""
LONGEST: Final = 262
"""No year has more weekdays."""


@dataclass(frozen=True)
class Exchange:
    """An exchange: its code (ISO 10383), name and zone, and the local times of its trading day.

    `starts` are the starts of the parts of the day, in the order of schedules.Segment; `end` is the
    end of the last part. `early_close` is when a half day closes.
    """

    code: str
    name: str
    zone: str
    starts: tuple[time, time, time, time, time]
    end: time
    early_close: time | None = None


EXCHANGES: Final = {
    exchange.code: exchange
    for exchange in (
        Exchange(
            "XNYS",
            "NYSE",
            "America/New_York",
            (time(9, 15), time(9, 28), time(9, 30), time(15, 55), time(16, 0)),
            time(16, 5),
            early_close=time(13, 0),
        ),
        Exchange(
            "XLON",
            "London",
            "Europe/London",
            (time(7, 45), time(7, 50), time(8, 0), time(16, 30), time(16, 35)),
            time(16, 40),
            early_close=time(12, 35),
        ),
        Exchange(
            "XETR",
            "Xetra",
            "Europe/Berlin",
            (time(8, 45), time(8, 50), time(9, 0), time(17, 30), time(17, 35)),
            time(17, 40),
        ),
    )
}


class YearStart(NamedTuple):
    """How many trading days, and how many that close early, lie before a year; negative before the
    first day of a calendar."""

    days: int
    early: int


@dataclass(frozen=True)
class Calendar:
    """The trading days of an exchange from a date on, numbered from 0.

    Two calendars are equal if their exchange and first date are equal. Whole years are counted, not
    days, so a day far from the first is found as soon as a near one.
    """

    exchange: Exchange
    first: date
    _years: dict[int, YearStart] = field(default_factory=dict, compare=False, repr=False)

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number, 0 or more."""
        return _day_of(self.exchange, self._date(number))

    def early_closes(self, number: int) -> int:
        """Return how many of the days before a day close early."""
        day = self._date(number)
        early = early_dates(self.exchange, day.year)
        return self._start(day.year).early + bisect_left(early, day)

    def number_at(self, utc_ms: int) -> int:
        """Return the number of the last day whose pre-open began by then, 0 before the first."""
        local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(ZoneInfo(self.exchange.zone))
        today = local.date()
        if today < self.first:
            return 0
        dates = trading_dates(self.exchange.code, today.year)
        place = bisect_left(dates, today)
        number = self._start(today.year).days + place
        # In the exchange's early morning the local date is already that of the next trading day.
        has_begun = (
            place < len(dates)
            and dates[place] == today
            and _day_of(self.exchange, today).starts_ms[0] <= utc_ms
        )
        return max(0, number if has_begun else number - 1)

    def before(self, number: int, count: int) -> tuple[TradingDay, ...]:
        """Return the `count` trading days before a day, oldest first, also days before day 0."""
        day = self._date(number)
        found: list[date] = []
        year = day.year
        while len(found) < count:
            dates = trading_dates(self.exchange.code, year)
            found[:0] = dates[: bisect_left(dates, day)]
            year -= 1
        return tuple(_day_of(self.exchange, each) for each in found[len(found) - count :])

    def _date(self, number: int) -> date:
        """Return the date of a day by its number."""
        # The last year that begins at or before it: no year has more trading days than LONGEST.
        year = self.first.year + max(0, number) // LONGEST
        while self._start(year + 1).days <= number:
            year += max(1, (number - self._start(year + 1).days) // LONGEST)
        dates = trading_dates(self.exchange.code, year)
        return dates[number - self._start(year).days]

    def _start(self, year: int) -> YearStart:
        """Return what lies before a year, not before that of the first day."""
        # Several threads may count at once: each comes to the same result.
        known = self._years
        if (found := known.get(year)) is not None:
            return found
        if not known:
            of_first = trading_dates(self.exchange.code, self.first.year)
            early = early_dates(self.exchange, self.first.year)
            first = YearStart(-bisect_left(of_first, self.first), -bisect_left(early, self.first))
            known[self.first.year] = first
        last = min(year, self.first.year + len(known) - 1)
        for passed in range(last, year):
            start, counts = known[passed], year_counts(self.exchange, passed)
            known[passed + 1] = YearStart(start.days + counts.days, start.early + counts.early)
        return known[year]


def date_at(exchange: Exchange, utc_ms: int) -> date:
    """Return the local date of an exchange at a time in UTC ms."""
    return datetime.fromtimestamp(utc_ms / 1000, ZoneInfo(exchange.zone)).date()


@cache
def trading_dates(code: str, year: int) -> tuple[date, ...]:
    """Return the dates of a year on which an exchange trades, in order."""
    known = _known_year(year)
    closed = closed_days(code, known, known)
    first = date(known, 1, 1)
    days = (first + timedelta(days=passed) for passed in range(366 if isleap(known) else 365))
    return tuple(day.replace(year=year) for day in days if day.weekday() < 5 and day not in closed)


@cache
def closed_days(code: str, first_year: int, last_year: int) -> frozenset[date]:
    """Return the holidays of an exchange in these years; some may lie on a weekend."""
    years = range(first_year, last_year + 1)
    return frozenset(holidays.financial_holidays(code, years=years))


@cache
def early_dates(exchange: Exchange, year: int) -> tuple[date, ...]:
    """Return the dates of a year on which an exchange closes early, in order."""
    if exchange.early_close is None:
        return ()
    known = _known_year(year)
    halves = holidays.financial_holidays(exchange.code, years=known, categories=(HALF_DAY,))
    days = trading_dates(exchange.code, known)
    return tuple(day.replace(year=year) for day in days if day in halves)


def year_counts(exchange: Exchange, year: int) -> YearStart:
    """Return how many trading days a year has, and how many of them close early."""
    return _year_counts(exchange, _known_year(year))


@cache
def _known_year(year: int) -> int:
    """Return a year whose holidays are known, with the same weekdays and as long as a year.

    The `holidays` package ends with LAST. Later years have the holidays of an earlier one: Easter
    is then at another date, and as many days are free.
    """
    if year <= LAST:
        return year
    kind = date(year, 1, 1).weekday(), isleap(year)
    return next(
        known
        for known in range(LAST - 1, LAST - 40, -1)
        if (date(known, 1, 1).weekday(), isleap(known)) == kind
    )


@cache
def _year_counts(exchange: Exchange, year: int) -> YearStart:
    return YearStart(len(trading_dates(exchange.code, year)), len(early_dates(exchange, year)))


@cache
def _day_of(exchange: Exchange, day: date) -> TradingDay:
    zone = ZoneInfo(exchange.zone)
    moments = [datetime.combine(day, at, zone) for at in (*exchange.starts, exchange.end)]
    *starts, end = map(ms_of, moments)
    if exchange.early_close is not None and day in early_dates(exchange, day.year):
        # The closing auction ends at the early close, and keeps its length.
        earlier_ms = starts[Segment.CLOSED] - ms_of(
            datetime.combine(day, exchange.early_close, zone)
        )
        starts[Segment.CLOSING_AUCTION :] = [
            at - earlier_ms for at in starts[Segment.CLOSING_AUCTION :]
        ]
        end -= earlier_ms
    return TradingDay(tuple(starts), end)


def utc_of(zone: str) -> Callable[[int], int] | None:
    """Return what turns the times that a zone's clock shows into UTC; None without a zone.

    Both are in ms, what the clock shows as if it were UTC. An hour that it shows twice is the first
    one.

    Raises:
        ZoneInfoNotFoundError: there is no such zone.
    """
    if not zone:
        return None
    clock, epoch = ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC)

    def convert(ms: int) -> int:
        shown = epoch + timedelta(milliseconds=ms)
        return (shown.replace(tzinfo=clock) - epoch) // timedelta(milliseconds=1)

    return convert
