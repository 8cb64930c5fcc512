"""The days of New York, as another table of zones has them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.clock import ms_of
from feeds.market.bars import DAY_MS
from feeds.plan.vendor_days import _summer, vendor_day, vendor_midnight_ms

NEW_YORK = ZoneInfo("America/New_York")
FIRST = datetime(2007, 1, 1, tzinfo=UTC)
moments = st.integers(0, 30 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


@pytest.fixture(autouse=True)
def _counted_anew() -> None:
    _summer.cache_clear()


@given(moments)
def test_a_day_is_a_date_in_new_york(moment: datetime) -> None:
    date = moment.astimezone(NEW_YORK).date()
    midnight = datetime(date.year, date.month, date.day, tzinfo=UTC)
    assert vendor_day(ms_of(moment)) == ms_of(midnight) // DAY_MS


@given(moments)
def test_a_day_begins_at_midnight_in_new_york(moment: datetime) -> None:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    day = ms_of(midnight) // DAY_MS
    assert vendor_midnight_ms(day) == ms_of(midnight.replace(tzinfo=NEW_YORK))


@pytest.mark.parametrize(
    ("at", "starts"),
    [
        ("2026-03-08T05:00", True),
        ("2026-03-09T04:00", True),
        ("2026-03-09T03:59", False),
        ("2026-11-01T04:00", True),
        ("2026-11-02T04:00", False),
        ("2026-11-02T05:00", True),
        ("2027-03-14T05:00", True),
        ("2027-03-14T04:00", False),
        ("2027-03-15T04:00", True),
        ("2027-11-07T04:00", True),
        ("2027-11-08T04:00", False),
        ("2027-11-08T05:00", True),
    ],
)
def test_a_day_on_which_clocks_are_set_has_its_own_length(at: str, starts: bool) -> None:
    at_ms = ms_of(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (vendor_day(at_ms) > vendor_day(at_ms - 1)) is starts
