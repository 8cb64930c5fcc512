"""A feed's rows say when it trades: compressed days from its start, exchange hours, or always."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from feeds.market.bars import DAY_MS
from feeds.models import AuditEntry, Feed
from feeds.models.feeds import OPENING_MS
from feeds.plan.calendars import EXCHANGES, date_at
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import RoundTheClock, Segment
from feeds.services import feeds as services

pytestmark = pytest.mark.django_db
OPENED = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
"""A Friday, at three in the afternoon in New York."""
OPENED_MS = round(OPENED.timestamp() * 1000)


def feed_of(**fields):
    return Feed(slug="demo", name="Demo", opened_at=OPENED, **fields)


@pytest.mark.parametrize("minutes", [30, 390, 1440])
def test_a_compressed_feed_opens_seconds_after_its_start_out_of_an_auction(minutes):
    schedule = feed_of(day_minutes=minutes).schedule()
    assert schedule.at(OPENED_MS).segment is Segment.OPENING_AUCTION
    assert schedule.at(OPENED_MS + OPENING_MS - 1).segment is Segment.OPENING_AUCTION
    opened = schedule.at(OPENED_MS + OPENING_MS)
    assert (opened.number, opened.segment) == (0, Segment.CONTINUOUS)


def test_a_clock_that_stood_still_opens_so_much_later():
    opened_ms = OPENED_MS + 5_000 + OPENING_MS
    at = [feed_of(rested_ms=5_000).schedule().at(opened_ms + ms) for ms in (-1, 0)]
    assert [time.segment for time in at] == [Segment.OPENING_AUCTION, Segment.CONTINUOUS]


def test_compressed_days_follow_each_other_without_nights():
    schedule, begun_ms = feed_of(day_minutes=1).schedule(), OPENED_MS + OPENING_MS
    numbers = [schedule.at(begun_ms + 60_000 * passed).number for passed in range(5)]
    assert numbers == [0, 1, 2, 3, 4]
    monday = schedule.at(begun_ms + 60_000).exchange_ms / 1000
    assert datetime.fromtimestamp(monday, UTC).date() == OPENED.date() + timedelta(days=3)


def test_exchange_hours_are_those_of_the_exchange():
    schedule = feed_of(hours="exchange").schedule()
    at = schedule.at(OPENED_MS)
    assert (at.segment, at.exchange_ms) == (Segment.CONTINUOUS, OPENED_MS)
    assert schedule.at(OPENED_MS + 3_600_000).segment is Segment.CLOSED


def test_the_plan_names_the_exchange_and_its_zone_unless_it_never_closes():
    london = feed_of(pk=1, exchange="XLON").plan()
    assert (london.exchange, london.zone) == ("London", "Europe/London")
    always = feed_of(pk=1, hours="always").plan()
    assert (always.exchange, always.zone, always.schedule) == ("", "UTC", RoundTheClock())


@pytest.mark.parametrize(
    ("bands", "rules"), [("off", None), ("1", BandRules(1)), ("2", BandRules(2))]
)
def test_the_plan_has_the_bands_of_the_row(bands, rules):
    assert feed_of(pk=1, bands=bands).plan().bands == rules


def test_the_same_row_gives_the_same_plan_twice():
    assert feed_of(pk=1).plan() == feed_of(pk=1).plan()
    assert feed_of(pk=1).plan() != feed_of(pk=1, day_minutes=31).plan()


@pytest.mark.parametrize(
    "wrong", [{"day_minutes": 0}, {"day_minutes": 1441}, {"hours": "never"}, {"exchange": "XXXX"}]
)
def test_hours_that_no_exchange_keeps_are_refused(wrong):
    with pytest.raises(ValidationError) as refused:
        services.save_feed(feed_of(**wrong), actor=None)
    assert set(refused.value.message_dict) == set(wrong)
    assert not Feed.objects.exists()


def test_only_the_start_of_a_closed_feed_begins_its_days_anew():
    feed = feed_of()
    services.save_feed(feed, actor=None)
    services.pause_feed(feed, actor=None)
    services.start_feed(feed, actor=None)
    assert Feed.objects.get().opened_at == OPENED
    services.close_feed(feed, actor=None)
    assert Feed.objects.get().opened_at == OPENED
    services.start_feed(feed, actor=None)
    assert Feed.objects.get().opened_at > OPENED
    entry = AuditEntry.objects.first()
    assert entry.before["opened_at"] == "2026-03-06T20:00:00.000+00:00"
    assert set(entry.after) == {"state", "opened_at"}


def test_a_change_of_hours_is_in_the_audit():
    feed = feed_of()
    services.save_feed(feed, actor=None)
    feed.hours, feed.day_minutes, feed.bands = "exchange", 60, "off"
    assert services.save_feed(feed, actor=None)
    entry = AuditEntry.objects.first()
    assert entry.before == {"hours": "compressed", "day_minutes": 30, "bands": "1"}
    assert entry.after == {"hours": "exchange", "day_minutes": 60, "bands": "off"}


def test_bars_of_a_compressed_feed_begin_at_its_first_open_and_others_now():
    opened_ms = OPENED_MS - 5 * 3_600_000 - 1_800_000  # half past nine
    assert feed_of().first_exchange_ms(OPENED_MS + 7) == opened_ms
    for hours in ("exchange", "always"):
        assert feed_of(hours=hours).first_exchange_ms(OPENED_MS + 7) == OPENED_MS + 7


def test_round_the_clock_a_history_is_of_days_in_utc():
    midnight = 20_000 * DAY_MS
    days = feed_of(hours="always").history_days(midnight + 1, 2)
    assert [day.starts_ms[0] // DAY_MS for day in days] == [19_998, 19_999, 20_000]
    days = feed_of(hours="always").history_days(midnight - 1, 2)
    assert [day.end_ms // DAY_MS for day in days] == [19_998, 19_999, 20_000]


def test_a_history_has_the_day_of_its_end_once_that_has_opened():
    opened_ms = OPENED_MS - 5 * 3_600_000 - 1_800_000  # half past nine
    found = [feed_of(hours="exchange").history_days(opened_ms + at, 2) for at in (-1, 1)]
    dates = [[date_at(EXCHANGES["XNYS"], day.end_ms).day for day in days] for days in found]
    assert dates == [[4, 5], [4, 5, 6]]
