"""Rows are read again when they may have changed, and not otherwise."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds.clock import SystemClock
from feeds.models import AuditEntry, Feed
from feeds.selectors.plans import FULL_LOOK_S, PlanReader
from feeds.services import feeds as services

pytestmark = pytest.mark.django_db


class Clock(SystemClock):
    """A clock that the test moves."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def feed() -> Feed:
    services.seed_exchange(3, 200)
    return Feed.objects.get()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(feed: Feed, clock: Clock) -> PlanReader:
    reader = PlanReader(clock)
    assert [plan.feed for plan in reader.read()] == [feed.slug]
    return reader


def queries(reader: PlanReader) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        reader.read()
    return len(captured)


def rename(feed: Feed) -> None:
    """Change a row as no service does: without an audit entry, and without a poke."""
    Feed.objects.filter(pk=feed.pk).update(name="Another name")


def test_without_a_change_the_last_plans_are_returned(reader: PlanReader) -> None:
    plans = reader.read()
    assert reader.read() is plans
    assert queries(reader) == 1


def test_a_change_by_a_service_is_seen_at_the_next_look(reader: PlanReader, feed: Feed) -> None:
    services.pause_feed(feed, actor=User.objects.create_user("olga"))
    assert [plan.state for plan in reader.read()] == ["PAUSED"]


def test_the_first_change_of_all_is_seen(feed: Feed, clock: Clock) -> None:
    AuditEntry.objects.all().delete()
    reader = PlanReader(clock)
    reader.read()
    rename(feed)
    AuditEntry.objects.create(pk=1, action="change", target="feed demo")
    assert [plan.name for plan in reader.read()] == ["Another name"]


def test_a_poke_reads_the_rows_in_any_case(reader: PlanReader, feed: Feed) -> None:
    rename(feed)
    reader.poke()
    assert [plan.name for plan in reader.read()] == ["Another name"]
    assert queries(reader) == 1


def test_a_change_without_a_service_is_seen_after_a_while(
    reader: PlanReader, feed: Feed, clock: Clock
) -> None:
    rename(feed)
    clock.now_s += FULL_LOOK_S - 0.01
    assert [plan.name for plan in reader.read()] == [feed.name]
    clock.now_s += 0.01
    assert [plan.name for plan in reader.read()] == ["Another name"]


def test_a_change_during_a_look_is_seen_at_the_next(
    reader: PlanReader, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feeds.selectors import plans

    def read_before_the_poke() -> list:
        found = read()
        rename(feed)
        reader.poke()
        return found

    read = plans.read_plans
    reader.poke()
    with monkeypatch.context() as patch:
        patch.setattr(plans, "read_plans", read_before_the_poke)
        assert [plan.name for plan in reader.read()] == [feed.name]
    assert [plan.name for plan in reader.read()] == ["Another name"]
