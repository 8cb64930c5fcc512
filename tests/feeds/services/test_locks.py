"""A service that looks at a feed before it changes something locks the feed first."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feeds.models import AuditEntry, Feed, Intervention, Scenario, ScenarioStep
from feeds.services import feeds, interventions
from feeds.services.instrument_imports import apply_import, try_import
from feeds.services.undo import undo

pytestmark = pytest.mark.django_db
Call = Callable[[Feed], object]


def statements(call: Call, feed: Feed) -> list[str]:
    """Return the statements of a call in their order, without savepoints."""
    with CaptureQueriesContext(connection) as captured:
        call(feed)
    found = [query["sql"] for query in captured]
    return [sql for sql in found if "SAVEPOINT" not in sql]


def is_lock(sql: str) -> bool:
    """Say whether a statement reads a whole feed by its key, for an update where that exists."""
    if connection.features.has_select_for_update and "FOR UPDATE" not in sql:
        return False
    return '"feeds_feed"."runs_until"' in sql and 'WHERE "feeds_feed"."id" = ' in sql


def shock(feed: Feed) -> Intervention:
    return Intervention(feed=feed, reason="news", size=-6, duration_s=90)


CALLS: dict[str, Call] = {
    "pause": lambda feed: feeds.pause_feed(feed, actor=None),
    "close": lambda feed: feeds.close_feed(feed, actor=None),
    "rate": lambda feed: feeds.set_rate(feed, 7, actor=None),
    "record": lambda feed: feeds.start_recording(feed, actor=None),
    "keep": lambda feed: feeds.stop_recording(feed, actor=None),
    "delete": lambda feed: feeds.delete_feed(feed, actor=None),
    "intervene": lambda feed: interventions.intervene(shock(feed), actor=None),
}


@pytest.fixture
def feed() -> Feed:
    return Feed.objects.create(slug="demo", name="Demo", rate=200)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_change_begins_with_the_lock(feed: Feed, call: Call) -> None:
    assert is_lock(statements(call, feed)[0])


def test_a_step_begins_with_the_lock(feed: Feed) -> None:
    feeds.pause_feed(feed, actor=None)
    found = statements(lambda feed: feeds.step_feed(feed, actor=None), feed)
    assert is_lock(found[0])


def test_what_is_called_off_is_looked_for_under_the_lock(feed: Feed) -> None:
    later = timezone.now() + timedelta(hours=1)
    row = interventions.intervene(shock(feed), starts_at=later, actor=None)
    call_off = lambda feed: interventions.cancel_interventions(feed, [row.pk], actor=None)
    assert is_lock(statements(call_off, feed)[0])


def test_the_room_for_a_scenario_is_looked_for_under_the_lock(feed: Feed) -> None:
    scenario = Scenario(feed=feed, name="Crash")
    interventions.save_scenario(scenario, [ScenarioStep(size=-7)], actor=None)
    found = statements(
        lambda _: interventions.run_scenario(scenario, actor=None, reason="drill"), feed
    )
    others = [sql for sql in found if "feeds_scenario" not in sql]
    assert is_lock(others[0])


def test_a_list_is_compared_again_under_the_lock(feed: Feed) -> None:
    olga = User.objects.create_user("olga")
    key, _ = try_import(feed, "symbol,name,sector,reference_price\nQAL,Q,Food,5\n", actor=olga)
    assert is_lock(statements(lambda feed: apply_import(feed, key, actor=olga), feed)[0])


def test_an_undo_asks_for_newer_entries_under_the_lock(feed: Feed) -> None:
    feeds.set_rate(feed, 7, actor=None)
    found = statements(lambda _: undo(AuditEntry.objects.get(), actor=None), feed)
    (asked, *_) = [at for at, sql in enumerate(found) if "feeds_auditsubject" in sql]
    assert any(map(is_lock, found[:asked]))
