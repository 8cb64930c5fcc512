"""The periods of resolutions to the millisecond, and the bars that are made of finer ones."""

from datetime import UTC, datetime

import pytest

from dashboard.api.resolutions import RESOLUTIONS, refusal_of, resolution_of
from feeds.clock import ms_of
from feeds.market.bars import Bar

MONDAY = 1_789_344_000_000
"""Monday 14 September 2026, 00:00 (UTC ms)."""
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def month(year: int, number: int) -> int:
    return ms_of(datetime(year, number, 1, tzinfo=UTC))


PERIODS = (
    ("1S", MONDAY, MONDAY + SECOND),
    ("5S", MONDAY, MONDAY + 5 * SECOND),
    ("1", MONDAY, MONDAY + MINUTE),
    ("45", MONDAY + 45 * MINUTE, MONDAY + 90 * MINUTE),
    ("240", MONDAY + 4 * HOUR, MONDAY + 8 * HOUR),
    ("1D", MONDAY, MONDAY + DAY),
    ("1W", MONDAY, MONDAY + 7 * DAY),
    ("1M", month(2026, 1), month(2026, 2)),
    ("1M", month(2026, 12), month(2027, 1)),
    ("3M", month(2026, 1), month(2026, 4)),
    ("3M", month(2026, 10), month(2027, 1)),
    ("6M", month(2026, 1), month(2026, 7)),
    ("6M", month(2026, 7), month(2027, 1)),
    ("12M", month(2026, 1), month(2027, 1)),
)


@pytest.mark.parametrize(("name", "begin", "end"), PERIODS)
def test_a_period_has_its_first_moment_and_not_its_end(name: str, begin: int, end: int) -> None:
    period = RESOLUTIONS[name].period
    assert period(begin - 1)[1] == begin
    assert period(begin) == period((begin + end) // 2) == period(end - 1) == (begin, end)
    assert period(end)[0] == end


def test_a_bar_is_made_of_all_its_parts() -> None:
    """The first minute of the half hour has no trades, so its part is missing."""
    parts = [
        Bar(MONDAY + 15 * MINUTE, 20, 26, 14, 25, 100, 7),
        Bar(MONDAY + 30 * MINUTE, 30, 36, 29, 35, 10, 3),
        Bar(MONDAY + 45 * MINUTE, 34, 35, 11, 12, 5, 2),
        Bar(MONDAY + 60 * MINUTE, 40, 41, 39, 40, 1, 1),
    ]
    assert RESOLUTIONS["30"].joined(parts) == [
        Bar(MONDAY, 20, 26, 14, 25, 100, 7),
        Bar(MONDAY + 30 * MINUTE, 30, 36, 11, 12, 15, 5),
        Bar(MONDAY + 60 * MINUTE, 40, 41, 39, 40, 1, 1),
    ]


@pytest.mark.parametrize("name", ["1W", "1M", "3M", "6M", "12M"])
def test_a_long_bar_begins_with_its_first_trading_day(name: str) -> None:
    tuesday = Bar(MONDAY + DAY, 20, 26, 14, 25, 100, 7)
    friday = Bar(MONDAY + 4 * DAY, 30, 36, 29, 35, 10, 3)
    [whole] = RESOLUTIONS[name].joined([tuesday, friday])
    assert whole == Bar(MONDAY + DAY, 20, 36, 14, 35, 110, 10)


def test_weeks_are_apart_at_midnight_of_monday() -> None:
    sunday, monday = (Bar(MONDAY + n * DAY, 20, 26, 14, 25, 100, 7) for n in (-1, 0))
    assert RESOLUTIONS["1W"].joined([sunday, monday]) == [sunday, monday]
    assert RESOLUTIONS["1M"].joined([sunday, monday])[0].volume == 200


def test_bars_of_one_part_are_those_that_there_are() -> None:
    hours = [Bar(MONDAY + n * HOUR, 20, 26, 14, 25, 100, 7) for n in range(3)]
    assert RESOLUTIONS["60"].joined(iter(hours)) == hours


SPELLINGS = {
    "1S": ["1S", "S", "1s", "s"],
    "5S": ["5S", "5s"],
    "1": ["1"],
    "5": ["5"],
    "15": ["15"],
    "30": ["30"],
    "60": ["60", "1H", "H", "1h", "h"],
    "240": ["240", "4H", "4h"],
    "1D": ["1D", "D", "1d", "d"],
    "1W": ["1W", "W", "1w", "w"],
    "1M": ["1M", "M"],
    "3": ["3"],
    "45": ["45"],
    "120": ["120", "2H", "2h"],
    "180": ["180", "3H", "3h"],
    "3M": ["3M"],
    "6M": ["6M"],
    "12M": ["12M"],
}


@pytest.mark.parametrize(
    ("name", "spelled"), [(n, s) for n, all_ in SPELLINGS.items() for s in all_]
)
def test_a_resolution_has_many_spellings(name: str, spelled: str) -> None:
    assert resolution_of(spelled) is RESOLUTIONS[name]


@pytest.mark.parametrize(
    "spelled",
    [
        *("", "0", "00", "01", "+1", "-1", "1.0", "7", "2D", "1Y", "1 D", "１", "D1"),
        *(
            "01M",
            "M1",
            "2M",
            "24M",
            "1mo",
            "1MIN",
            "1min",
            "60S",
            "1T",
            "24H",
            "1440",
            " 1M",
            "1M ",
        ),
    ],
)
def test_what_is_no_resolution_is_refused(spelled: str) -> None:
    assert resolution_of(spelled) is None
    assert refusal_of(spelled) == (
        f"resolution was {spelled!r}, expected one of "
        "1S, 5S, 1, 3, 5, 15, 30, 45, 60, 120, 180, 240, 1D, 1W, 1M, 3M, 6M, 12M"
    )


@pytest.mark.parametrize(("spelled", "minutes"), [("m", "1"), ("1m", "1"), ("15m", "15")])
def test_a_small_m_is_refused_with_both_that_may_be_meant(spelled: str, minutes: str) -> None:
    assert resolution_of(spelled) is None
    assert refusal_of(spelled) == (
        f"resolution was {spelled!r}, UDF has no small m: "
        f"minutes are {minutes!r} alone, a month is '1M'"
    )


@pytest.mark.parametrize("spelled", ["2m", "6m"])
def test_a_small_m_of_no_minutes_that_there_are_gets_the_whole_list(spelled: str) -> None:
    assert refusal_of(spelled).startswith(f"resolution was {spelled!r}, expected one of 1S, 5S, 1,")
