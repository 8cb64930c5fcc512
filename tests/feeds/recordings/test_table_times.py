"""Every spelling of a time, its unit, its window, and the words for what is none."""

from calendar import timegm

import pytest

from feeds.recordings.faults import Fault
from feeds.recordings.table_times import (
    TimeReader,
    Unit,
    as_utc,
    date_and_clock,
    day_order,
    has_two_readings,
    is_date,
    is_naive,
    is_number,
    unit_of,
)

DAY_MS = 86_400_000
NOW_MS = timegm((2026, 10, 2, 0, 0, 0)) * 1000


def at(*parts: int, ms: int = 0) -> int:
    """Return a time of UTC in ms: year, month, day, hour, minute, second."""
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return timegm((year, month, day, hour, minute, second)) * 1000 + ms


def reader(unit: Unit = Unit.CALENDAR, **options: object) -> TimeReader:
    return TimeReader(unit, **({"now_ms": NOW_MS, "utc_of": as_utc} | options))


def fault(text: str, made: TimeReader | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        (made or reader()).read(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-31T14:30:00.250Z", at(2026, 1, 31, 14, 30, ms=250)),
        ("2026-01-31", at(2026, 1, 31)),
        ("2026/1/5", at(2026, 1, 5)),
        ("2026.01.31", at(2026, 1, 31)),
        ("20260131", at(2026, 1, 31)),
        ("20260131143000", at(2026, 1, 31, 14, 30)),
        ("2026-01-31 1430", at(2026, 1, 31, 14, 30)),
        ("2026-01-31 14:30", at(2026, 1, 31, 14, 30)),
        ("2026-01-31t14:30:59", at(2026, 1, 31, 14, 30, 59)),
        ("2026-01-31, 14:30:00", at(2026, 1, 31, 14, 30)),
        ("2026-01-31 14:30:00,5", at(2026, 1, 31, 14, 30, ms=500)),
        ("2026-01-31 14:30:00.0009", at(2026, 1, 31, 14, 30)),
        ("2026-01-31 14:30:00.123456789", at(2026, 1, 31, 14, 30, ms=123)),
        ("2026-01-31 23:59:60", at(2026, 2, 1)),
        ("2026-01-31 00:00:00", at(2026, 1, 31)),
        ("2026-01-31 12:00 AM", at(2026, 1, 31)),
        ("2026-01-31 12:05 pm", at(2026, 1, 31, 12, 5)),
        ("2026-01-31 1:05 PM", at(2026, 1, 31, 13, 5)),
        ("2026-01-31 11:05 am", at(2026, 1, 31, 11, 5)),
        ("2026-01-31 14:30 UTC", at(2026, 1, 31, 14, 30)),
        ("2026-01-31 14:30 GMT", at(2026, 1, 31, 14, 30)),
        ("2026-01-31T14:30:00z", at(2026, 1, 31, 14, 30)),
        ("2026-01-31T14:30:00+02:00", at(2026, 1, 31, 12, 30)),
        ("2026-01-31T14:30:00-0530", at(2026, 1, 31, 20, 0)),
        ("2026-01-31T14:30:00+09", at(2026, 1, 31, 5, 30)),
        ("2026-01-31 14:30 GMT+01:00", at(2026, 1, 31, 13, 30)),
        ("2026-01-31 14:30 UTC-01:00", at(2026, 1, 31, 15, 30)),
        ("2026-01-31T14:30:00+23:59", at(2026, 1, 30, 14, 31)),
        ("01/02/2026", at(2026, 1, 2)),
        ("1-2-2026 09:00", at(2026, 1, 2, 9)),
        ("01.02.2026", at(2026, 2, 1)),
        ("Thu, 01 Oct 2026 14:30:00 GMT", at(2026, 10, 1, 14, 30)),
        ("01-Oct-2026", at(2026, 10, 1)),
        ("Oct 1, 2026", at(2026, 10, 1)),
        ("Sept. 5 2026 09:15", at(2026, 9, 5, 9, 15)),
        ("5 SEPTEMBER 2026", at(2026, 9, 5)),
        ("31 December 2025", at(2025, 12, 31)),
        ("1 jan 2026", at(2026, 1, 1)),
        ("2024-02-29", at(2024, 2, 29)),
    ],
)
def test_a_time_is_read_in_every_spelling(text: str, ms: int) -> None:
    assert reader().read(text) == ms


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        (Unit.SECONDS, "1769869800.250"),
        (Unit.MILLISECONDS, "1769869800250"),
        (Unit.MICROSECONDS, "1769869800250999"),
        (Unit.NANOSECONDS, "1769869800250999999"),
    ],
)
def test_a_number_counts_what_its_unit_says_and_is_never_rounded_up(unit: Unit, text: str) -> None:
    assert reader(unit).read(text) == at(2026, 1, 31, 14, 30, ms=250)
    assert unit_of(text, now_ms=NOW_MS) is unit


def test_digits_may_be_a_date_or_a_count() -> None:
    assert unit_of("20261001", now_ms=NOW_MS) is Unit.CALENDAR
    assert unit_of("20261001T0930", now_ms=NOW_MS) is not None
    assert unit_of("5", now_ms=NOW_MS) is None
    assert is_number("20261001")
    assert not is_number("2026-10-01")
    assert not is_number("-5")


def test_the_window_is_from_1990_to_a_day_from_now() -> None:
    first, last = at(1990, 1, 1), NOW_MS + DAY_MS
    milliseconds = reader(Unit.MILLISECONDS)
    for ms in (first, last):
        assert milliseconds.read(str(ms)) == ms
        assert milliseconds.is_in_window(str(ms))
    for ms, side in ((first - 1, "before 1990"), (last + 1, "later than a day from now")):
        assert not milliseconds.is_in_window(str(ms))
        assert side in str(fault(str(ms), milliseconds))
    assert not milliseconds.is_in_window("no time")


@pytest.mark.parametrize(
    ("unit", "text", "said"),
    [
        (Unit.SECONDS, "1769869800250", "it looks like milliseconds since 1970 (2026-01-31 14:30)"),
        (Unit.MILLISECONDS, "1769869800", "1970-01-21 11:37 in milliseconds since 1970, before"),
        (Unit.MILLISECONDS, "1769869800", "it looks like seconds since 1970 (2026-01-31 14:30)"),
        (Unit.SECONDS, "20261001", "it looks like dates, such as 20261001 (2026-10-01 00:00)"),
        (Unit.SECONDS, "20261001093000", "dates, such as 20261001 (2026-10-01 09:30)"),
        (Unit.SECONDS, "46053", "it looks like a date as a spreadsheet counts days (2026-01-31)"),
        (Unit.SECONDS, "5", "it looks like no time of a market"),
        (Unit.SECONDS, str(NOW_MS + DAY_MS), "milliseconds since 1970 (2026-10-03 00:00)"),
        (
            Unit.SECONDS,
            str(NOW_MS + DAY_MS + 1),
            "in seconds since 1970, later than a day from now; it looks like no time of a market",
        ),
        (Unit.SECONDS, "46298", "it looks like a date as a spreadsheet counts days (2026-10-03)"),
        (Unit.SECONDS, "46299", "it looks like no time of a market"),
        (Unit.SECONDS, "32874", "it looks like a date as a spreadsheet counts days (1990-01-01)"),
        (Unit.SECONDS, "32873", "it looks like no time of a market"),
        (Unit.CALENDAR, "1989-12-31", "would be 1989-12-31 00:00, before 1990"),
        (Unit.CALENDAR, "1200-02-29 09:05", "would be 1200-02-29 09:05, before 1990"),
        (Unit.CALENDAR, "0001-01-01", "would be 0001-01-01 00:00, before 1990"),
        (Unit.CALENDAR, "0001-01-01T00:00:00+01:00", "would be before the year 1, before 1990"),
        (Unit.SECONDS, "253402300800", "would be after the year 9999 in seconds since 1970"),
        (Unit.SECONDS, "999999999999", "would be after the year 9999 in seconds since 1970"),
        (Unit.SECONDS, "253402300799", "would be 9999-12-31 23:59 in seconds since 1970"),
        (Unit.SECONDS, "5097600", "would be 1970-03-01 00:00 in seconds since 1970"),
    ],
)
def test_a_time_outside_says_what_it_would_be_and_what_it_looks_like(
    unit: Unit, text: str, said: str
) -> None:
    assert said in str(fault(text, reader(unit)))


def test_a_fault_names_the_column_and_the_unit_that_was_meant() -> None:
    found = fault("1769869800250", reader(Unit.SECONDS, name="opened"))
    assert str(found).startswith("opened 1769869800250 would be")
    assert found.cause == "opened window ms"
    assert fault("5", reader(Unit.SECONDS)).cause == "time window "


@pytest.mark.parametrize(
    "text",
    ["2026-13-01", "2026-00-10", "2026-02-29", "2026-04-31", "2026-01-00", "2026-01-31 24:00",
     "2026-01-31 14:60", "2026-01-31 14:30:61", "2026-01-31 13:00 PM", "2026-01-31 0:30 AM",
     "2026-01-31 14:30+24:00", "2026-01-31 14:30+01:60", "13/13/2026", "0000-01-01"],
)  # fmt: skip
def test_what_no_calendar_or_clock_shows_is_refused(text: str) -> None:
    found = fault(text)
    assert found.cause == "time calendar"
    assert str(found) == f"time was {text!r}, which no calendar or clock shows"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-1-2-3", "01/02-2026x", "2026-01-31T14", "1 Foo 2026", "5 Septembre 2026",
     "Octo 1, 2026", "2026-01-31 14:30:00.1234567890", "26-01-31"],
)  # fmt: skip
def test_what_is_no_spelling_is_refused_with_an_example(text: str) -> None:
    found = fault(text)
    assert found.cause == "time form"
    assert str(found).startswith(f"time was {text[:40]!r}, expected as in 2026-01-31T14:30:00.250Z")


def test_a_long_text_is_cut_and_a_shortened_number_has_its_cause() -> None:
    assert repr("x" * 40) in str(fault("x" * 60))
    assert str(fault("1.76E+12")).endswith("; a spreadsheet may have shortened it")
    assert not str(fault("1.76F+12")).endswith("shortened it")


def test_a_time_without_a_zone_needs_one() -> None:
    made = reader(utc_of=None)
    found = fault("2026-01-31 14:30", made)
    assert (found.cause, "names no time zone" in str(found)) == ("time zone", True)
    assert made.read("2026-01-31 14:30Z") == at(2026, 1, 31, 14, 30)
    assert made.read("2026-01-31") == at(2026, 1, 31), "a date has no clock"
    assert reader(utc_of=lambda ms: ms - 3_600_000).read("2026-01-31 14:30") == at(
        2026, 1, 31, 13, 30
    )


def test_the_day_comes_first_where_that_is_known() -> None:
    made = reader(day_first=True)
    assert made.read("01/02/2026") == at(2026, 2, 1)
    assert made.read("2026-01-02") == at(2026, 1, 2)


def test_midnight_of_any_zone_is_its_date_where_days_are_whole() -> None:
    made = reader(whole_days=True)
    assert made.read("2026-01-31T00:00:00-05:00") == at(2026, 1, 31)
    assert made.read("2026-01-31T00:00:01-05:00") == at(2026, 1, 31, 5, 0, 1)
    assert reader().read("2026-01-31T00:00:00-05:00") == at(2026, 1, 31, 5)


def test_a_text_says_what_it_is() -> None:
    texts = ["2026-01-31 14:30", "2026-01-31 14:30Z", "2026-01-31", "20260131", "1 Oct 2026", "x"]
    assert [text for text in texts if is_naive(text)] == ["2026-01-31 14:30"]
    assert [text for text in texts if is_date(text)] == ["2026-01-31", "20260131", "1 Oct 2026"]


def test_the_order_of_a_date_is_known_from_a_part_beyond_twelve() -> None:
    orders = {"13/01/2026": "day", "01/13/2026": "month", "12/12/2026": "", "2026-01-13": ""}
    assert {text: day_order(text) for text in orders} == orders
    doubtful = ["01/10/2026", "1-2-2026"]
    clear = ["01.10.2026", "01/01/2026", "2026-01-10"]
    assert [text for text in doubtful + clear if has_two_readings(text)] == doubtful


def test_a_date_and_a_clock_of_two_columns_are_one_time() -> None:
    assert date_and_clock("2026-01-31 00:00:00", "14:30") == "2026-01-31 14:30"
    assert date_and_clock("2026-01-31", "14:30") == "2026-01-31 14:30"
