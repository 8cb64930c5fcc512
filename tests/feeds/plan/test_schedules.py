"""Trading days, compressed and plain, and what time it is on the exchange."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market.bars import DAY_MS
from feeds.plan.calendars import EXCHANGES, Calendar, date_at
from feeds.plan.schedules import (
    CompressedSchedule,
    PlainSchedule,
    RoundTheClock,
    Segment,
    TradingDay,
)

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


def test_the_list_of_days_has_no_end() -> None:
    assert date_at(NEW_YORK, CALENDAR.day(2520).end_ms) > date(2036, 1, 1)


@pytest.mark.parametrize(
    ("moment", "number", "segment"),
    [
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
