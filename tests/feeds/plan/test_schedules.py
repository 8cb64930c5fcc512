"""Trading days, compressed and plain, and what time it is on the exchange."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market.bars import DAY_MS
from feeds.plan.calendars import (
    EXCHANGES,
    Calendar,
    Exchange,
    date_at,
    early_dates,
    trading_dates,
    year_counts,
)
from feeds.plan.plans import is_in_hours
from feeds.plan.schedules import (
    CompressedSchedule,
    PlainSchedule,
    RoundTheClock,
    Segment,
    TradingDay,
    usual_day,
)
from tests.support.market_script import plan

NEW_YORK = EXCHANGES["XNYS"]
CALENDAR = Calendar(NEW_YORK, date(2026, 11, 23))
"""A Monday; Thursday is Thanksgiving."""
ANCHOR_MS = 1_763_000_000_123
HALF_AN_HOUR_MS = 1_800_000
COMPRESSED = CompressedSchedule(CALENDAR, ANCHOR_MS, HALF_AN_HOUR_MS)


def utc_ms(*moment: int) -> int:
    """Return UTC milliseconds of a date and time."""
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


def test_days_are_those_on_which_the_exchange_trades() -> None:
    dates = [date_at(NEW_YORK, CALENDAR.day(number).end_ms) for number in range(6)]
    assert [day.day for day in dates] == [23, 24, 25, 27, 30, 1]


def test_a_day_begins_by_the_clock_of_the_exchange_in_winter_and_summer() -> None:
    winter, summer = CALENDAR, Calendar(NEW_YORK, date(2026, 7, 6))
    opens = [calendar.day(0).starts_ms[Segment.CONTINUOUS] for calendar in (winter, summer)]
    assert opens == [utc_ms(2026, 11, 23, 14, 30), utc_ms(2026, 7, 6, 13, 30)]


@pytest.mark.parametrize(
    ("exchange", "first", "times"),
    [
        ("XNYS", date(2031, 11, 28), "14:15 14:28 14:30 17:55 18:00 18:05"),
        ("XLON", date(2031, 12, 24), "07:45 07:50 08:00 12:30 12:35 12:40"),
        ("XETR", date(2031, 12, 23), "07:45 07:50 08:00 16:30 16:35 16:40"),
    ],
)
def test_an_early_close_moves_the_closing_auction_and_keeps_its_length(
    exchange: str, first: date, times: str
) -> None:
    day = Calendar(EXCHANGES[exchange], first).day(0)
    found = [datetime.fromtimestamp(at / 1000, UTC) for at in (*day.starts_ms, day.end_ms)]
    assert [f"{at:%H:%M}" for at in found] == times.split()
    assert {at.date() for at in found} == {first}


def test_the_list_of_days_has_no_end() -> None:
    assert date_at(NEW_YORK, CALENDAR.day(2520).end_ms) > date(2036, 1, 1)


@pytest.mark.parametrize(
    ("moment", "number", "segment"),
    [
        ((2026, 11, 20, 16, 0), 0, Segment.PRE_OPEN),
        ((2026, 11, 23, 14, 0), 0, Segment.PRE_OPEN),
        ((2026, 11, 23, 14, 15), 0, Segment.PRE_OPEN),
        ((2026, 11, 23, 14, 28), 0, Segment.OPENING_AUCTION),
        ((2026, 11, 23, 14, 30), 0, Segment.CONTINUOUS),
        ((2026, 11, 23, 20, 55), 0, Segment.CLOSING_AUCTION),
        ((2026, 11, 23, 21, 0), 0, Segment.CLOSED),
        ((2026, 11, 24, 14, 14), 0, Segment.CLOSED),
        ((2026, 11, 24, 14, 15), 1, Segment.PRE_OPEN),
        ((2026, 11, 26, 16, 0), 2, Segment.CLOSED),
        ((2026, 11, 29, 16, 0), 3, Segment.CLOSED),
    ],
)
def test_a_plain_day_has_its_parts_and_nights_are_closed(
    moment: tuple[int, ...], number: int, segment: Segment
) -> None:
    time = PlainSchedule(CALENDAR).at(utc_ms(*moment))
    assert (time.number, time.segment, time.exchange_ms) == (number, segment, utc_ms(*moment))


@pytest.mark.parametrize(
    ("moment", "is_in"),
    [
        ((2026, 11, 23, 14, 27), False),
        ((2026, 11, 23, 14, 28), True),
        ((2026, 11, 23, 16, 0), True),
        ((2026, 11, 23, 20, 59), True),
        ((2026, 11, 23, 21, 0), False),
        ((2026, 11, 26, 16, 0), False),
    ],
)
def test_a_feed_on_plain_days_is_in_its_hours_from_auction_to_close(
    moment: tuple[int, ...], is_in: bool
) -> None:
    at_ms = utc_ms(*moment)
    assert is_in_hours(plan("NVX", schedule=PlainSchedule(CALENDAR)), at_ms) is is_in
    assert is_in_hours(plan("NVX", schedule=COMPRESSED), at_ms)
    assert is_in_hours(plan("NVX"), at_ms)


def test_the_days_before_a_day_lie_in_earlier_years_too() -> None:
    calendar = Calendar(NEW_YORK, date(2026, 1, 5))
    found = [date_at(NEW_YORK, day.end_ms) for day in calendar.before(1, 4)]
    assert found == [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 5)]
    assert len(calendar.before(0, 300)) == 300
    assert calendar.before(0, 0) == ()


@pytest.mark.parametrize(
    ("first", "number"), [(date(2026, 11, 27), 1), (date(2026, 11, 25), 0), (date(2026, 11, 23), 0)]
)
def test_a_usual_day_has_no_early_close(first: date, number: int) -> None:
    """The day after Thanksgiving has one."""
    assert usual_day(PlainSchedule(Calendar(NEW_YORK, first))) == number


def test_compressed_days_follow_each_other_without_nights() -> None:
    last = COMPRESSED.at(ANCHOR_MS + 3 * HALF_AN_HOUR_MS - 1)
    first = COMPRESSED.at(ANCHOR_MS + 3 * HALF_AN_HOUR_MS)
    assert (last.number, last.segment) == (2, Segment.CLOSED)
    assert (first.number, first.segment) == (3, Segment.PRE_OPEN)
    assert date_at(NEW_YORK, first.exchange_ms) == date(2026, 11, 27)


def test_before_the_anchor_the_first_day_has_not_opened() -> None:
    assert COMPRESSED.at(0) == COMPRESSED.at(ANCHOR_MS)


def test_elapsed_runs_from_the_open_to_the_close() -> None:
    starts = CALENDAR.day(0).starts_ms
    middle = (starts[Segment.CONTINUOUS] + starts[Segment.CLOSING_AUCTION]) // 2
    moments = (starts[0], starts[Segment.CONTINUOUS], middle, starts[Segment.CLOSED])
    elapsed = [COMPRESSED.at(COMPRESSED.wall_ms(0, at)).elapsed for at in moments]
    assert elapsed == pytest.approx([0.0, 0.0, 0.5, 1.0], abs=1e-4)


@given(number=st.integers(0, 300), part=st.floats(0, 1), day_ms=st.integers(10_000, DAY_MS))
def test_the_wall_time_of_an_exchange_time_is_the_first_at_which_it_is_reached(
    number: int, part: float, day_ms: int
) -> None:
    schedule = CompressedSchedule(CALENDAR, ANCHOR_MS, day_ms)
    day = CALENDAR.day(number)
    exchange_ms = day.starts_ms[0] + int(part * (day.span_ms - 1))
    wall_ms = schedule.wall_ms(number, exchange_ms)
    assert schedule.at(wall_ms).exchange_ms >= exchange_ms
    assert schedule.at(wall_ms - 1).exchange_ms < exchange_ms or wall_ms == ANCHOR_MS


@pytest.mark.parametrize(
    ("exchange", "first", "number", "share"),
    [
        ("XNYS", date(2026, 11, 23), 3, 230 / 410),
        ("XNYS", date(2026, 11, 27), 0, 230 / 410),
        ("XNYS", date(2026, 11, 26), 0, 230 / 410),
        ("XLON", date(2026, 12, 21), 3, 295 / 535),
        ("XETR", date(2026, 12, 21), 2, 1.0),
    ],
)
def test_an_early_close_makes_a_compressed_day_shorter(
    exchange: str, first: date, number: int, share: float
) -> None:
    days = Calendar(EXCHANGES[exchange], first)
    schedule = CompressedSchedule(days, ANCHOR_MS, HALF_AN_HOUR_MS)
    begins = [schedule.wall_ms(at, days.day(at).starts_ms[0]) for at in range(6)]
    lengths = [after - before for before, after in pairwise(begins)]
    assert begins[0] == ANCHOR_MS
    assert lengths[number] == int(HALF_AN_HOUR_MS * share)
    assert {*lengths[:number], *lengths[number + 1 :]} == {HALF_AN_HOUR_MS}
    assert [schedule.scale(at) for at in range(6)] == pytest.approx([schedule.scale(5)] * 6)


def test_compressed_days_follow_each_other_without_a_gap() -> None:
    for number in range(300):
        begins_ms = COMPRESSED.wall_ms(number, CALENDAR.day(number).starts_ms[0])
        now = COMPRESSED.at(begins_ms)
        assert (now.number, now.exchange_ms) == (number, CALENDAR.day(number).starts_ms[0])
        assert number == 0 or COMPRESSED.at(begins_ms - 1).number == number - 1


class Walk:
    """The days of a calendar, one by one, as somebody with a wall calendar counts them."""

    def __init__(self, exchange: str, first: date) -> None:
        self._code = exchange
        self._day = first - timedelta(days=1)

    def next(self) -> date:
        while True:
            self._day += timedelta(days=1)
            closed = financial_holidays(self._code, years=range(self._day.year, self._day.year + 2))
            if self._day.weekday() < 5 and self._day not in closed:
                return self._day


@lru_cache
def financial_holidays(code: str, years: range) -> frozenset[date]:
    return frozenset(holidays.financial_holidays(code, years=years))


@pytest.mark.parametrize(
    ("exchange", "first"),
    [
        ("XNYS", date(2026, 11, 23)),
        ("XNYS", date(2026, 1, 1)),
        ("XNYS", date(2027, 12, 31)),
        ("XLON", date(2027, 12, 24)),
        ("XETR", date(2026, 12, 31)),
    ],
)
def test_days_and_their_wall_times_are_those_of_counting_one_by_one(exchange, first) -> None:
    calendar, walk = Calendar(EXCHANGES[exchange], first), Walk(exchange, first)
    day_ms = 10_007
    schedule = CompressedSchedule(calendar, ANCHOR_MS, day_ms)
    full_ms = max(calendar.day(number).span_ms for number in range(2))
    begins_ms, early = ANCHOR_MS, 0
    for number in range(600):
        day = calendar.day(number)
        assert date_at(EXCHANGES[exchange], day.starts_ms[0]) == walk.next()
        assert calendar.early_closes(number) == early
        assert schedule.at(begins_ms).number == number
        assert schedule.wall_ms(number, day.starts_ms[0]) == begins_ms
        assert calendar.number_at(day.starts_ms[0]) == number
        assert calendar.number_at(day.starts_ms[0] - 1) == max(0, number - 1)
        early += day.span_ms < full_ms
        begins_ms += day_ms * day.span_ms // full_ms
        assert schedule.at(begins_ms - 1).number == number


@pytest.mark.parametrize("exchange", EXCHANGES.values())
@pytest.mark.parametrize("year", [2101, 2103, 2104, 2400, 9999])
def test_years_that_nobody_has_decreed_have_holidays_too(exchange: Exchange, year: int) -> None:
    days, early = trading_dates(exchange.code, year), early_dates(exchange, year)
    assert 248 <= len(days) <= 258
    assert all(day.weekday() < 5 for day in days)
    assert year_counts(exchange, year) == (len(days), len(early))
    assert date(year, 1, 1) not in days
    assert date(year, 12, 25) not in days
    assert (exchange.early_close is None) is (not early)


def test_a_day_after_centuries_is_found_in_a_few_steps() -> None:
    steps = 0

    @dataclass(frozen=True)
    class Counted(Calendar):
        def early_closes(self, number: int) -> int:
            nonlocal steps
            steps += 1
            return super().early_closes(number)

    day_ms = 10_000
    days = Counted(NEW_YORK, date(2026, 11, 23))
    schedule = CompressedSchedule(days, ANCHOR_MS, day_ms)
    schedule.at(ANCHOR_MS + 400 * day_ms)
    for number in (1_000, 60_000, 500_000, 1_900_000):
        steps = 0
        passed_ms = number * day_ms
        assert 0 <= schedule.at(ANCHOR_MS + passed_ms).number - number < number / 100 + 2
        assert steps < 60


def test_round_the_clock_never_closes() -> None:
    midnight = 20_000 * DAY_MS
    before, after = (RoundTheClock().at(at) for at in (midnight - 1, midnight))
    assert (before.number, after.number) == (19_999, 20_000)
    assert {before.segment, after.segment} == {Segment.CONTINUOUS}


def test_schedules_are_equal_if_their_days_and_times_are() -> None:
    twin = CompressedSchedule(Calendar(NEW_YORK, date(2026, 11, 23)), ANCHOR_MS, HALF_AN_HOUR_MS)
    twin.at(ANCHOR_MS + 100 * HALF_AN_HOUR_MS)
    assert twin == COMPRESSED
    assert hash(twin) == hash(COMPRESSED)
    assert twin != PlainSchedule(CALENDAR)
    assert isinstance(twin.days.day(0), TradingDay)


def test_every_schedule_knows_how_fast_its_clock_runs() -> None:
    clock = RoundTheClock()
    assert (clock.scale(7), PlainSchedule(CALENDAR).scale(7)) == (1.0, 1.0)
    assert COMPRESSED.scale(0) == pytest.approx(410 / 30)
    assert clock.wall_ms(7, 12_345) == PlainSchedule(CALENDAR).wall_ms(7, 12_345) == 12_345


def test_the_days_of_a_history_are_those_before_the_day_of_its_end() -> None:
    thanksgiving = utc_ms(2026, 11, 26, 16, 0)
    dates = lambda schedule: [
        date_at(NEW_YORK, day.starts_ms[0]).day for day in schedule.history_days(thanksgiving, 2)
    ]
    assert dates(PlainSchedule(CALENDAR)) == [23, 24]
    assert dates(COMPRESSED) == [19, 20]
    days = RoundTheClock().history_days(20_000 * DAY_MS + 1, 2)
    assert [(day.starts_ms, day.end_ms) for day in days] == [
        ((at, at, at, at + DAY_MS, at + DAY_MS), at + DAY_MS)
        for at in (19_998 * DAY_MS, 19_999 * DAY_MS)
    ]
    assert not days[0].has_auctions
    assert CALENDAR.day(0).has_auctions
    assert (days[0].span_ms, days[0].trading_ms) == (DAY_MS, DAY_MS)
    assert (CALENDAR.day(0).span_ms, CALENDAR.day(0).trading_ms) == (410 * 60_000, 385 * 60_000)
