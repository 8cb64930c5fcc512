"""When a feed trades: the trading day, and the part of it, at a wall time.

Pure. Must not know calendars of real exchanges, phases or halts. Exchange time is UTC milliseconds
on the clock of the exchange. It runs faster than wall time when a trading day is compressed into
minutes.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import count
from typing import NamedTuple, Protocol

from feeds.market.bars import DAY_MS


class Segment(IntEnum):
    """The parts of a trading day, in order."""

    PRE_OPEN = 0
    OPENING_AUCTION = 1
    CONTINUOUS = 2
    CLOSING_AUCTION = 3
    CLOSED = 4


class TradingDay(NamedTuple):
    """A day in exchange time: the start of each segment, and the end of the last segment."""

    starts_ms: tuple[int, ...]
    end_ms: int

    @property
    def span_ms(self) -> int:
        """Return the length of the day, from the pre-open to the end."""
        return self.end_ms - self.starts_ms[0]

    @property
    def has_auctions(self) -> bool:
        """Say whether trading begins with an auction, as it does unless it is round the clock."""
        return self.starts_ms[Segment.OPENING_AUCTION] < self.starts_ms[Segment.CONTINUOUS]

    @property
    def trading_ms(self) -> int:
        """Return the length of continuous trading."""
        return self.starts_ms[Segment.CLOSING_AUCTION] - self.starts_ms[Segment.CONTINUOUS]


class ExchangeTime(NamedTuple):
    """A time on the clock of the exchange, with the number of its trading day and its segment."""

    number: int
    day: TradingDay
    segment: Segment
    exchange_ms: int

    @property
    def elapsed(self) -> float:
        """Return the share of continuous trading that has passed: 0 at the open, 1 at the close."""
        passed = self.exchange_ms - self.day.starts_ms[Segment.CONTINUOUS]
        return min(1.0, max(0.0, passed / self.day.trading_ms))


class Schedule(Protocol):
    """When a feed trades; equal schedules give equal answers."""

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange time at a wall time."""
        ...

    def wall_ms(self, number: int, exchange_ms: int) -> int:
        """Return the wall time at an exchange time of a trading day."""
        ...

    def scale(self, number: int) -> float:
        """Return how many times as fast as wall time exchange time runs on a day."""
        ...

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number."""
        ...

    def history_days(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return the `count` trading days before the first day of a feed that began then."""
        ...


class Days(Protocol):
    """The trading days of an exchange, numbered from 0."""

    def __hash__(self) -> int:
        """Return the same number for equal days."""
        ...

    def day(self, number: int) -> TradingDay:
        """Return a day by its number."""
        ...

    def early_closes(self, number: int) -> int:
        """Return how many of the days before a day close early; all of these are equally long."""
        ...

    def number_at(self, utc_ms: int) -> int:
        """Return the number of the last day whose pre-open began by then, 0 before the first."""
        ...

    def before(self, number: int, count: int) -> tuple[TradingDay, ...]:
        """Return the `count` trading days before a day, oldest first, also days before day 0."""
        ...


class _WallDays:
    """When compressed days begin and how long they last, in wall ms after the first pre-open.

    A day of full length takes `day_ms`, and one with an early close as much less as it is shorter.
    All early closes of an exchange are equally early, so days need not be added one by one.
    """

    def __init__(self, days: Days, day_ms: int) -> None:
        self._days = days
        self._day_ms = day_ms
        # An early close never follows another.
        self._full_ms = max(days.day(number).span_ms for number in range(2))
        self._newest = (0, 0, 0)

    def at(self, passed_ms: int) -> tuple[int, int]:
        """Return the number of the day at a time, and the ms that have passed of it."""
        number, begins_ms, ends_ms = self._newest
        if not begins_ms <= passed_ms < ends_ms:
            number = self._number_at(passed_ms)
            begins_ms, ends_ms = self.start(number), self.start(number + 1)
            # One tuple, as another thread may be asking.
            self._newest = number, begins_ms, ends_ms
        return number, passed_ms - begins_ms

    def _number_at(self, passed_ms: int) -> int:
        # No day is longer than a full one, and so many are not over yet.
        low = passed_ms // self._day_ms
        high = low + 1
        while self.start(high) <= passed_ms:
            low, high = high, high + (high - low) * 2
        return bisect_right(range(low, high), passed_ms, key=self.start) + low - 1

    def start(self, number: int) -> int:
        """Return when a day begins."""
        early = self._days.early_closes(number)
        early_ms = early * self._early_ms if early else 0
        return (number - early) * self._day_ms + early_ms

    def length(self, number: int) -> int:
        """Return how long a day lasts."""
        newest, begins_ms, ends_ms = self._newest
        if number == newest and ends_ms:
            return ends_ms - begins_ms
        return max(1, self._day_ms * self._days.day(number).span_ms // self._full_ms)

    @cached_property
    def _early_ms(self) -> int:
        """Return how long a day with an early close lasts; only asked when there was one."""
        number = next(n for n in count() if self._days.early_closes(n + 1) > 0)
        return self.length(number)


@lru_cache(maxsize=64)
def _wall_days(days: Days, day_ms: int) -> _WallDays:
    """Return the same object for equal days: it keeps the days that it has counted."""
    return _WallDays(days, day_ms)


@dataclass(frozen=True)
class CompressedSchedule:
    """Trading days without nights: a full day takes `day_ms` from pre-open to end.

    An early close makes a day shorter here as well, so the clock always runs equally fast. The
    first day begins at `anchor_ms`. Before that it is the pre-open of the first day.
    """

    days: Days
    anchor_ms: int
    day_ms: int

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange time at a wall time."""
        known = self._known
        number, passed_ms = known.at(max(0, wall_ms - self.anchor_ms))
        day = self.days.day(number)
        exchange_ms = day.starts_ms[0] + passed_ms * day.span_ms // known.length(number)
        return _locate(number, day, exchange_ms)

    def wall_ms(self, number: int, exchange_ms: int) -> int:
        """Return the wall time at an exchange time, rounded up to a millisecond."""
        # Rounded up, so that `at` of the result is never before the exchange time asked for.
        known, day = self._known, self.days.day(number)
        passed_ms = exchange_ms - day.starts_ms[0]
        of_day_ms = -(-passed_ms * known.length(number) // day.span_ms)
        return self.anchor_ms + known.start(number) + of_day_ms

    def scale(self, number: int) -> float:
        """Return how many times as fast as wall time exchange time runs on a day."""
        return self.days.day(number).span_ms / self._known.length(number)

    @property
    def _known(self) -> _WallDays:
        return _wall_days(self.days, self.day_ms)

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number."""
        return self.days.day(number)

    def history_days(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:  # noqa: ARG002
        """Return the `count` trading days before the first day."""
        return self.days.before(0, count)


@dataclass(frozen=True)
class PlainSchedule:
    """Trading days in real time, with nights, weekends and holidays."""

    days: Days

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange time, which is the wall time."""
        number = self.days.number_at(wall_ms)
        return _locate(number, self.days.day(number), wall_ms)

    def wall_ms(self, number: int, exchange_ms: int) -> int:  # noqa: ARG002
        """Return the wall time, which is the exchange time."""
        return exchange_ms

    def scale(self, number: int) -> float:  # noqa: ARG002
        """Return 1, as exchange time is wall time."""
        return 1.0

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number."""
        return self.days.day(number)

    def history_days(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return the `count` trading days before the day of that time."""
        return self.days.before(self.days.number_at(wall_ms), count)


@dataclass(frozen=True)
class RoundTheClock:
    """Trading that never stops; a day is a day in UTC, numbered from 1970."""

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange time, which is the wall time."""
        number = wall_ms // DAY_MS
        return _locate(number, self.day(number), wall_ms)

    def wall_ms(self, number: int, exchange_ms: int) -> int:  # noqa: ARG002
        """Return the wall time, which is the exchange time."""
        return exchange_ms

    def scale(self, number: int) -> float:  # noqa: ARG002
        """Return 1, as exchange time is wall time."""
        return 1.0

    def day(self, number: int) -> TradingDay:
        """Return a day in UTC, all of it continuous trading."""
        start, end = number * DAY_MS, (number + 1) * DAY_MS
        return TradingDay((start, start, start, end, end), end)

    def history_days(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return the `count` days before the day of that time."""
        today = wall_ms // DAY_MS
        return tuple(self.day(number) for number in range(today - count, today))


def usual_day(schedule: Schedule) -> int:
    """Return the number of a day of full length near the first: early closes never follow another.

    What holds for every day, such as the volatility of a minute, must not depend on which day the
    market happens to begin with.
    """
    return max(range(2), key=lambda number: schedule.day(number).trading_ms)


def _locate(number: int, day: TradingDay, exchange_ms: int) -> ExchangeTime:
    # Segments may be empty (round the clock has no auctions): bisect_right finds the last of those
    # that begin at the same time, which is the segment that lasts.
    segment = max(0, bisect_right(day.starts_ms, exchange_ms) - 1)
    return ExchangeTime(number, day, Segment(segment), exchange_ms)
