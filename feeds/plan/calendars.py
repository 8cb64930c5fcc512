"""Which days an exchange trades, and when each part of such a day begins.

Must not know the clock: days and dates come in, UTC milliseconds go out. The holidays are those of
the `holidays` package. It has the early closes of New York and London; Xetra has none.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from holidays.constants import HALF_DAY

from feeds.clock import ms_of
from feeds.plan.schedules import Segment, TradingDay

WEEK: Final = timedelta(days=7)
AHEAD: Final = timedelta(days=400)
"""The list of trading days grows by this period at a time: a year and a month."""


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


@dataclass(frozen=True)
class Calendar:
    """The trading days of an exchange from a date on, numbered from 0.

    Two calendars are equal if their exchange and first date are equal.
    """

    exchange: Exchange
    first: date
    _days: list[date] = field(default_factory=list, compare=False, repr=False)

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number, 0 or more."""
        while len(self._days) <= number:
            self._grow()
        return _day_of(self.exchange, self._days[number])

    def number_at(self, utc_ms: int) -> int:
        """Return the number of the last day whose pre-open began by then, 0 before the first."""
        local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(ZoneInfo(self.exchange.zone))
        while not self._days or self._days[-1] <= local.date():
            self._grow()
        number = bisect_left(self._days, local.date())
        # In the exchange's early morning the local date is already that of the next trading day.
        has_begun = number < len(self._days) and self.day(number).starts_ms[0] <= utc_ms
        return max(0, number if has_begun else number - 1)

    def before(self, number: int, count: int) -> tuple[TradingDay, ...]:
        """Return the `count` trading days before a day, oldest first, also days before day 0."""
        self.day(number)
        found: list[TradingDay] = []
        day = self._days[number]
        # Two calendar weeks per trading day are far more than holidays can take.
        closed = closed_days(self.exchange.code, (day - 2 * count * WEEK).year, day.year)
        while len(found) < count:
            day -= timedelta(days=1)
            if day.weekday() < 5 and day not in closed:
                found.append(_day_of(self.exchange, day))
        return tuple(reversed(found))

    def _grow(self) -> None:
        start = self._days[-1] + timedelta(days=1) if self._days else self.first
        closed = closed_days(self.exchange.code, start.year, (start + AHEAD).year)
        days = (start + timedelta(days=passed) for passed in range(AHEAD.days))
        self._days.extend(day for day in days if day.weekday() < 5 and day not in closed)


def date_at(exchange: Exchange, utc_ms: int) -> date:
    """Return the local date of an exchange at a time in UTC ms."""
    return datetime.fromtimestamp(utc_ms / 1000, ZoneInfo(exchange.zone)).date()


@cache
def closed_days(code: str, first_year: int, last_year: int) -> frozenset[date]:
    """Return the holidays of an exchange in these years; some may lie on a weekend."""
    years = range(first_year, last_year + 1)
    return frozenset(holidays.financial_holidays(code, years=years))


@cache
def _day_of(exchange: Exchange, day: date) -> TradingDay:
    zone = ZoneInfo(exchange.zone)
    moments = [datetime.combine(day, at, zone) for at in (*exchange.starts, exchange.end)]
    *starts, end = map(ms_of, moments)
    if exchange.early_close is not None and day in _half_days(exchange.code, day.year):
        earlier_ms = starts[Segment.CLOSED] - ms_of(
            datetime.combine(day, exchange.early_close, zone)
        )
        starts[Segment.CLOSING_AUCTION :] = [
            at - earlier_ms for at in starts[Segment.CLOSING_AUCTION :]
        ]
        end -= earlier_ms
    return TradingDay(tuple(starts), end)


@cache
def _half_days(code: str, year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays(code, years=year, categories=(HALF_DAY,)))


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
