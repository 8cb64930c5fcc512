"""The days of the certificate are stored again as they grow, and old ones go, for each feed."""

import sys

import pytest

from feeds.models import Feed, RealismDay
from feeds.realism.days import VERSION, DayFacts, DayState
from feeds.realism.watch import DAYS_KEPT, WatchedDay
from feeds.selectors.realism import all_realism_days, makes_its_ticks, realism_days
from feeds.services.realism import store_realism
from tests.support.log_lines import lines_of

pytestmark = pytest.mark.django_db


def watched(feed: str, day: int, **sectors: str) -> WatchedDay:
    return WatchedDay(feed, day, DayState(VERSION, sys.byteorder, sectors, {}, DayFacts()))


def test_a_day_is_stored_again_and_old_days_of_its_feed_alone_go() -> None:
    for slug in ("demo", "other"):
        Feed.objects.create(slug=slug, name=slug.title())
    store_realism([watched("other", 3), watched("demo", 3)])
    store_realism([watched("demo", 4, NVX="Lab"), watched("gone", 4)])
    store_realism([watched("demo", 4, NVX="Technology")])
    assert realism_days("demo")[4].sectors == {"NVX": "Technology"}
    last = 3 + DAYS_KEPT
    store_realism([watched("demo", day) for day in range(5, last)])
    assert min(realism_days("demo")) == 3, "as many as are kept"
    store_realism([watched("demo", last)])
    assert sorted(realism_days("demo")) == list(range(4, last + 1))
    assert list(RealismDay.objects.filter(feed__slug="other").values_list("day", flat=True)) == [3]


def test_only_a_simulated_feed_that_is_there_makes_its_ticks() -> None:
    Feed.objects.create(slug="demo", name="Demo")
    Feed.objects.create(slug="tape", name="Tape", kind="upstream")
    found = [makes_its_ticks(slug) for slug in ("demo", "tape", "gone")]
    assert found == [True, False, False]


def test_a_day_that_cannot_be_read_is_left_out_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for slug in ("demo", "other"):
        Feed.objects.create(slug=slug, name=slug.title())
    store_realism([watched("demo", 3), watched("demo", 4), watched("demo", 5)])
    RealismDay.objects.filter(day=4).update(content=b"\x00")
    assert {feed: sorted(days) for feed, days in all_realism_days().items()} == {
        "demo": [3, 5], "other": [],
    }  # fmt: skip
    [line] = lines_of(caplog, "feeds.selectors.realism")
    assert line.startswith("realism day is of no use feed=demo day=4 reason=")
