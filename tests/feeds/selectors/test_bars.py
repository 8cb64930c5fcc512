"""What a history is made of follows the hours of its feed, and what was stored first."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from feeds.market.bars import MINUTE, MINUTE_MS, Bar
from feeds.models import Feed, Instrument, StoredBar
from feeds.plan.schedules import Segment
from feeds.selectors.bars import read_history
from feeds.services.bars import ClosedBar, store_bars

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
EVER = 2**62
SATURDAY = datetime(2026, 11, 28, 3, 0, tzinfo=NEW_YORK)
WEDNESDAY = datetime(2026, 12, 2, 11, 0, tzinfo=NEW_YORK)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def local(bar: Bar) -> datetime:
    return datetime.fromtimestamp(bar.start_ms / 1000, NEW_YORK)


@pytest.fixture
def feed() -> Feed:
    feed = Feed.objects.create(slug="demo", name="Demo", hours="exchange")
    Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Lab", reference_price=100
    )
    return feed


def history(now: datetime) -> list[Bar]:
    found = read_history("NVX", now_ms=ms(now))
    assert found is not None
    return found.bars().between(MINUTE, 0, EVER, 10**9)


def store(at: datetime, price: int) -> None:
    bar = Bar(ms(at), price, price, price, price, 100, 1)
    store_bars([ClosedBar("NVX", False, bar, 0)])


def test_a_feed_on_exchange_hours_has_its_calendar(feed: Feed) -> None:
    bars = history(SATURDAY)
    assert all(local(bar).weekday() < 5 and 9 <= local(bar).hour <= 16 for bar in bars)
    assert (local(bars[-1]).date().day, local(bars[-1]).hour) == (27, 13)  # closed early
    assert 26 not in {local(bar).day for bar in bars if local(bar).month == 11}


def test_a_day_that_began_before_the_market_ends_where_the_market_begins(feed: Feed) -> None:
    store(WEDNESDAY, 10_010)
    bars = history(WEDNESDAY)
    assert ms(WEDNESDAY) - bars[-1].start_ms <= 3 * MINUTE_MS
    assert bars[-1].close == 10_000
    assert bars == history(WEDNESDAY.replace(hour=15))


def test_the_end_of_the_first_day_takes_nothing_from_the_history_of_its_morning(feed: Feed) -> None:
    store(WEDNESDAY, 10_010)
    before = history(WEDNESDAY)
    store(WEDNESDAY + timedelta(days=1), 10_020)
    assert StoredBar.objects.filter(interval="1d").exists()
    assert history(WEDNESDAY) == before


def test_a_day_without_its_minutes_ends_the_history_the_evening_before(feed: Feed) -> None:
    store(WEDNESDAY, 10_010)
    store(WEDNESDAY + timedelta(days=1), 10_020)
    StoredBar.objects.filter(interval="1m", start_ms=ms(WEDNESDAY)).delete()
    assert local(history(WEDNESDAY)[-1]).date() == date(2026, 12, 1)


@pytest.mark.parametrize("price", [500, 9_000, 12_000, 800_000])
def test_it_leads_to_the_first_stored_price_when_that_is_another_than_the_reference(
    feed: Feed, price: int
) -> None:
    store(WEDNESDAY, price)
    assert history(WEDNESDAY)[-1].close == price


def test_round_the_clock_it_ends_in_the_minute_before_the_market(feed: Feed) -> None:
    Feed.objects.update(hours="always")
    begin = datetime(2026, 11, 28, 15, 30, tzinfo=UTC)
    store(begin, 10_000)
    assert ms(begin) - history(begin)[-1].start_ms <= 3 * MINUTE_MS


def test_compressed_days_begin_after_the_last_day_of_history(feed: Feed) -> None:
    Feed.objects.update(hours="compressed")
    feed.refresh_from_db()
    first = feed.schedule().day(0)
    bars = history(SATURDAY)
    assert bars[-1].start_ms < first.starts_ms[Segment.PRE_OPEN]
    assert bars[-1].start_ms > first.starts_ms[Segment.PRE_OPEN] - 5 * 24 * 60 * MINUTE_MS
    Feed.objects.update(rate=feed.rate * 10)
    more = history(SATURDAY)
    assert 5 < sum(bar.volume for bar in more) / sum(bar.volume for bar in bars) < 20
