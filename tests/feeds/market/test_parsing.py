"""Times, prices and sizes of other systems are read exactly or refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.market.parsing import (
    exact_ticks,
    nearest_ticks,
    parse_instant,
    parse_rfc3339,
    parse_timestamp,
)
from tests.support.market_script import definition

CENTS = definition("NVX")


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)),  # noqa: DTZ001 the zone is drawn
    st.integers(-14 * 60, 14 * 60),
)
def test_every_time_in_every_zone_is_read(moment: datetime, offset: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    known_ms = (there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert parse_rfc3339(there.isoformat()) == known_ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01.5z", 1500),
        ("1970-01-01 00:00:00.123456789Z", 123),
        ("2024-02-29T23:59:60Z", 1_709_251_200_000),
        ("1970-01-02T00:00:00+23:59", 60_000),
        ("1970-01-01T00:00:00-00:59", 3_540_000),
    ],
)
def test_what_the_standard_allows_is_read(text: str, ms: int) -> None:
    assert parse_rfc3339(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-01-31", "2026-01-31T14:30:00", "20260131T143000Z", "1790000000000"),
        *("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z"),
        *("2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z"),
        *("2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60"),
        *("0000-01-01T00:00:00Z", "2026-01-01T00:00:00Z\n", "２026-01-01T00:00:00Z"),
        "2026-01-01T00:00:00." + "1" * 5000 + "Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"was|is out of range"):
        parse_rfc3339(text)


def test_a_moment_may_be_in_milliseconds() -> None:
    assert parse_timestamp("1790000000123") == 1_790_000_000_123
    assert parse_timestamp("1970-01-01T00:00:02Z") == 2000
    assert parse_timestamp("9" * 14) == 99_999_999_999_999


@pytest.mark.parametrize(
    ("digits", "ms", "nanos"),
    [
        ("", 5_000, 0),
        (".2", 5_200, 0),
        (".123", 5_123, 0),
        (".1234", 5_123, 400_000),
        (".123000009", 5_123, 9),
        (".999999999", 5_999, 999_999),
    ],
)
def test_an_instant_has_the_nanoseconds_within_its_millisecond(
    digits: str, ms: int, nanos: int
) -> None:
    assert parse_instant(f"1970-01-01T00:00:05{digits}Z") == (ms, nanos)


@pytest.mark.parametrize("text", ["-1", "1.5", "1e3", "9" * 15, "١"])
def test_other_numbers_are_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="time was"):
        parse_timestamp(text)


def test_a_price_is_rounded_to_the_tick_size_where_that_is_allowed() -> None:
    assert nearest_ticks(Decimal("1.234"), CENTS) == 123
    assert nearest_ticks(Decimal("1.239"), CENTS, ROUND_DOWN) == 123
    assert exact_ticks(Decimal("1.230"), CENTS) == 123


@pytest.mark.parametrize(
    ("price", "tick", "ticks"),
    [
        ("1000000000000", "0.01", 100_000_000_000_000),
        ("1000000000000", "0.001", 1_000_000_000_000_000),
        ("100000000000", "0.0001", 1_000_000_000_000_000),
        ("1000000000000.01", "0.01", None),
        ("100000000000.0001", "0.0001", None),
        ("0.01", "0.01", 1),
    ],
)
def test_the_highest_price_is_exact_and_a_tick_more_is_refused(
    price: str, tick: str, ticks: int | None
) -> None:
    fine = replace(CENTS, tick_size=Decimal(tick))
    if ticks is None:
        with pytest.raises(ValueError, match="price was"):
            exact_ticks(Decimal(price), fine)
    else:
        assert exact_ticks(Decimal(price), fine) == ticks


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity", "1000000000001", "0.004"])
def test_what_is_no_price_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match="price was"):
        nearest_ticks(Decimal(price), CENTS)


def test_a_price_between_two_ticks_is_refused_where_it_must_be_exact() -> None:
    with pytest.raises(ValueError, match=r"price was 1\.234, expected a multiple of 0\.01"):
        exact_ticks(Decimal("1.234"), CENTS)
