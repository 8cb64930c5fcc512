"""When a feed trades: which trading day, and which part of it, a moment of the clock falls in.

Pure. Must not know calendars of real exchanges, phases or halts. Asked by sessions (what may happen
now), simulator (how lively it is at this time of the day) and bars (which minute a trade is in).
Exchange time is UTC milliseconds on the clock of the exchange; it runs faster than ours when a day
is compressed into minutes.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from feeds.market.bars import DAY_MS


class Segment(IntEnum):
    """The parts of a trading day, in their order."""

    PRE_OPEN = 0
    OPENING_AUCTION = 1
    CONTINUOUS = 2
    CLOSING_AUCTION = 3
    CLOSED = 4


class TradingDay(NamedTuple):
    """One day in exchange time: when each segment begins, and when the last one ends."""

    starts_ms: tuple[int, ...]
    end_ms: int

    @property
    def span_ms(self) -> int:
        """Return the length of the whole."""
        return self.end_ms - self.starts_ms[0]

    @property
    def trading_ms(self) -> int:
        """Return the length of continuous trading."""
        return self.starts_ms[Segment.CLOSING_AUCTION] - self.starts_ms[Segment.CONTINUOUS]


class ExchangeTime(NamedTuple):
    """A moment by the exchange's clock; `elapsed` is the part of continuous trading gone by."""

    number: int
    day: TradingDay
    segment: Segment
    exchange_ms: int

    @property
    def elapsed(self) -> float:
        """Return 0 before the open, 1 after the close, the part gone by in between."""
        passed = self.exchange_ms - self.day.starts_ms[Segment.CONTINUOUS]
        return min(1.0, max(0.0, passed / self.day.trading_ms))


class Schedule(Protocol):
    """A feed's day; equal schedules tell the same."""

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange's time at a moment of ours."""
        ...

    def wall_ms(self, number: int, exchange_ms: int) -> int:
        """Return our time at a moment of a trading day of the exchange."""
        ...

    def scale(self, number: int) -> float:
        """Return how many times faster than ours the exchange's clock runs on that day."""
        ...

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number."""
        ...

    def past(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return so many trading days before the first one of a feed that began at that time."""
        ...


class Days(Protocol):
    """The trading days of an exchange, numbered from 0."""

    def day(self, number: int) -> TradingDay:
        """Return a day by its number."""
        ...

    def number_at(self, utc_ms: int) -> int:
        """Return the number of the last day whose pre-open began by then, 0 before the first."""
        ...

    def before(self, number: int, count: int) -> tuple[TradingDay, ...]:
        """Return so many trading days before a day, in their order, also those before day 0."""
        ...


@dataclass(frozen=True)
class CompressedSchedule:
    """Trading days without nights: each, pre-open to close, takes `day_ms`; the first at `anchor`.

    Before the anchor it is the pre-open of the first day.
    """

    days: Days
    anchor_ms: int
    day_ms: int

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange's time at a moment of ours."""
        number, passed_ms = divmod(max(0, wall_ms - self.anchor_ms), self.day_ms)
        day = self.days.day(number)
        return _locate(number, day, day.starts_ms[0] + passed_ms * day.span_ms // self.day_ms)

    def wall_ms(self, number: int, exchange_ms: int) -> int:
        """Return our time, rounded up, at a moment of a trading day of the exchange."""
        day = self.days.day(number)
        passed_ms = exchange_ms - day.starts_ms[0]
        return self.anchor_ms + number * self.day_ms - (-passed_ms * self.day_ms // day.span_ms)

    def scale(self, number: int) -> float:
        """Return how many times faster than ours the exchange's clock runs on that day."""
        return self.days.day(number).span_ms / self.day_ms

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number."""
        return self.days.day(number)

    def past(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:  # noqa: ARG002
        """Return so many trading days before the first."""
        return self.days.before(0, count)


@dataclass(frozen=True)
class PlainSchedule:
    """Trading days as the exchange has them, nights, weekends and holidays included."""

    days: Days

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange's time, which is ours."""
        number = self.days.number_at(wall_ms)
        return _locate(number, self.days.day(number), wall_ms)

    def wall_ms(self, number: int, exchange_ms: int) -> int:  # noqa: ARG002
        """Return our time, which is the exchange's."""
        return exchange_ms

    def scale(self, number: int) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0

    def day(self, number: int) -> TradingDay:
        """Return a trading day by its number."""
        return self.days.day(number)

    def past(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return so many trading days before the one of that time."""
        return self.days.before(self.days.number_at(wall_ms), count)


@dataclass(frozen=True)
class RoundTheClock:
    """Trading that never stops; a day is one of UTC, numbered from 1970."""

    def at(self, wall_ms: int) -> ExchangeTime:
        """Return the exchange's time, which is ours."""
        number = wall_ms // DAY_MS
        return _locate(number, self.day(number), wall_ms)

    def wall_ms(self, number: int, exchange_ms: int) -> int:  # noqa: ARG002
        """Return our time, which is the exchange's."""
        return exchange_ms

    def scale(self, number: int) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0

    def day(self, number: int) -> TradingDay:
        """Return a day of UTC: trading goes on from its beginning to its end."""
        start, end = number * DAY_MS, (number + 1) * DAY_MS
        return TradingDay((start, start, start, end, end), end)

    def past(self, wall_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return so many days before the one of that time."""
        number = wall_ms // DAY_MS
        return tuple(self.day(one) for one in range(number - count, number))


def _locate(number: int, day: TradingDay, exchange_ms: int) -> ExchangeTime:
    segment = max(0, bisect_right(day.starts_ms, exchange_ms) - 1)
    return ExchangeTime(number, day, Segment(segment), exchange_ms)
