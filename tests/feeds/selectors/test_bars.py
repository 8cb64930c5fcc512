"""What a history is made of follows the hours of its feed, and what was stored first."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from feeds.market.bars import DAY_MS, MINUTE, MINUTE_MS, Bar
from feeds.models import Feed, FormerBar, Instrument, StoredBar
from feeds.plan.schedules import Segment
from feeds.selectors.bars import History, read_history, stored_bars, stored_revisions
from feeds.services.bars import FORMER_MS, ClosedBar, delete_bars, store_bars

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
EVER = 2**62
SATURDAY = datetime(2026, 11, 28, 3, 0, tzinfo=NEW_YORK)
WEDNESDAY = datetime(2026, 12, 2, 11, 0, tzinfo=NEW_YORK)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


START = ms(datetime(2026, 12, 2, tzinfo=UTC))


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
    assert MINUTE_MS <= ms(WEDNESDAY) - bars[-1].start_ms <= 3 * MINUTE_MS
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


@pytest.mark.slow
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


def known(now: datetime = WEDNESDAY) -> History:
    found = read_history("NVX", now_ms=ms(now))
    assert found is not None
    return found


def test_a_history_knows_its_first_stored_bar_and_no_instrument_has_none(feed: Feed) -> None:
    assert known().first_ms is None
    store(WEDNESDAY, 10_010)
    assert known().first_ms == ms(WEDNESDAY)
    assert read_history("GONE", now_ms=ms(WEDNESDAY)) is None


@pytest.mark.parametrize(
    ("reference", "price", "leads_to"),
    [
        (100, 10_200, None),
        (100, 10_201, 10_201),
        (100, 9_800, None),
        (100, 9_799, 9_799),
        ("0.1", 12, None),
        ("0.1", 13, 13),
    ],
)
def test_a_first_price_further_off_than_a_day_moves_is_led_to(
    feed: Feed, reference: object, price: int, leads_to: int | None
) -> None:
    """The volatility is 2 %, and two ticks are always near."""
    Instrument.objects.update(reference_price=reference)
    store(WEDNESDAY, price)
    assert known().join.last_ticks == leads_to


@pytest.mark.parametrize(
    ("after_ms", "is_day"), [(DAY_MS - MINUTE_MS, False), (DAY_MS, True), (30 * DAY_MS, True)]
)
def test_days_whose_minutes_are_gone_begin_the_stored_bars(
    feed: Feed, after_ms: int, is_day: bool
) -> None:
    """The bar of a day begins at midnight, and the market may have begun within that day."""
    values = dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), 10_000)
    of_nvx = {"instrument": Instrument.objects.get(), "recorded_ms": 0, **values}
    StoredBar.objects.create(interval="1d", start_ms=START, **of_nvx)
    StoredBar.objects.create(interval="1m", start_ms=START + after_ms, **of_nvx)
    assert known().first_ms == (START if is_day else START + after_ms)


def test_trades_come_at_the_rate_of_the_feed_shared_by_activity(feed: Feed) -> None:
    """Three ticks of ten are trades, on a clock that runs as fast as ours or 14 times as fast."""
    Feed.objects.update(rate=50, hours="always")
    assert known().join.trades_per_minute == pytest.approx(900)
    Instrument.objects.create(
        feed=feed, symbol="ORB", name="O", sector="Lab", reference_price=1, activity=3
    )
    assert known().join.trades_per_minute == pytest.approx(225)
    Feed.objects.update(hours="compressed", day_minutes=41)
    assert known().join.trades_per_minute == pytest.approx(22.5)


# --- as it was at a time ----------------------------------------------------------------------


def version(price: int, at_ms: int, revision: int, *, is_day: bool = False) -> ClosedBar:
    """Return a bar as it is from a time on; without a price all of its trades were cancelled."""
    bar = Bar(START, *[price] * 4, 100 if price else 0, 1 if price else 0)
    return ClosedBar("NVX", is_day, bar, at_ms, revision, is_whole=is_day)


def prices(interval: str, until_ms: int) -> list[int]:
    bars = stored_bars("NVX", interval, from_ms=0, to_ms=EVER, limit=10, until_ms=until_ms)
    return [bar.close for bar in bars]


@pytest.mark.parametrize("interval", ["1m", "1d"])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_an_amended_bar_is_at_any_time_what_it_was_then(
    feed: Feed, interval: str, batch: int
) -> None:
    values = [10, 20, 0, 30, 30]
    versions = [
        version(price, 1_000 * (number + 1), number, is_day=interval == "1d")
        for number, price in enumerate(values)
    ]
    for first in range(0, len(versions), batch):
        store_bars(versions[first : first + batch])
    assert prices(interval, 999) == []
    for number, price in enumerate(values, 1):
        for until_ms in (1_000 * number, 1_000 * number + 999):
            assert prices(interval, until_ms) == ([price] if price else [])


def test_how_often_a_bar_was_amended_is_known_as_it_was_then(feed: Feed) -> None:
    store_bars([version(10, 1_000, 0), version(20, 2_000, 1), version(0, 3_000, 2)])
    known = lambda until_ms, to_ms=EVER: stored_revisions(
        "NVX", "1m", from_ms=0, to_ms=to_ms, until_ms=until_ms
    )
    assert [known(at) for at in (999, 1_000, 2_000, 3_000)] == [{}, {}, {START: 1}, {START: 2}]
    assert known(3_000, START) == {}


def test_a_bar_that_only_a_late_trade_made_was_not_there_before(feed: Feed) -> None:
    store_bars([version(10, 5_000, 1), version(20, 6_000, 2)])
    assert [prices("1m", at) for at in (4_999, 5_000, 6_000)] == [[], [10], [20]]


def test_the_newest_bars_are_counted_as_they_were(feed: Feed) -> None:
    bars = [Bar(START + n * MINUTE_MS, *[n + 1] * 4, 100, 1) for n in range(4)]
    store_bars([ClosedBar("NVX", False, bar, 1_000) for bar in bars])
    gone = [Bar(bar.start_ms, 0, 0, 0, 0, 0, 0) for bar in bars[1:3]]
    store_bars([ClosedBar("NVX", False, bar, 2_000, 1) for bar in gone])
    found = lambda until_ms: [
        bar.close
        for bar in stored_bars("NVX", "1m", from_ms=0, to_ms=EVER, limit=3, until_ms=until_ms)
    ]
    assert found(1_999) == [2, 3, 4]
    assert found(2_000) == [1, 4]


def test_a_day_that_became_fuller_is_seen_when_it_did(feed: Feed) -> None:
    minute = Bar(START, *[10] * 4, 100, 1)
    store_bars([ClosedBar("NVX", False, minute, 1_000), version(10, 1_000, 0, is_day=True)])
    fuller = ClosedBar("NVX", True, Bar(START, 10, 40, 10, 40, 200, 2), 3_000, is_whole=True)
    store_bars([fuller])
    assert [prices("1d", at) for at in (999, 1_000, 2_999, 3_000)] == [[], [10], [10], [40]]


def test_history_leads_to_the_first_price_as_it_was(feed: Feed) -> None:
    bar = Bar(ms(WEDNESDAY), *[9_000] * 4, 100, 1)
    amended = Bar(ms(WEDNESDAY), *[5_000] * 4, 100, 1)
    before, between, after = (ms(WEDNESDAY) + minutes * MINUTE_MS for minutes in (0, 5, 15))
    store_bars([ClosedBar("NVX", False, bar, before + MINUTE_MS)])
    store_bars([ClosedBar("NVX", False, amended, after, 1)])
    assert [history_at(at)[-1].close for at in (before, between, after)] == [10_000, 9_000, 5_000]


def history_at(now_ms: int) -> list[Bar]:
    found = read_history("NVX", now_ms=now_ms)
    assert found is not None
    return found.bars().between(MINUTE, 0, EVER, 10**9)


def test_what_no_delay_reaches_any_more_is_forgotten(feed: Feed) -> None:
    store_bars([version(10, 1_000, 0), version(20, 2_000, 1)])
    store_bars([version(30, 2_000 + FORMER_MS, 2)])
    assert FormerBar.objects.count() == 2
    store_bars([version(40, 2_001 + FORMER_MS, 3)])
    assert [row.close for row in FormerBar.objects.order_by("pk")] == [20, 30]
    delete_bars([Instrument.objects.get()])
    assert not FormerBar.objects.exists()
