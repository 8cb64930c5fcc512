"""A feed has room for so many open interventions; what is over gives its room back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from feeds.exceptions import ChangeRefused
from feeds.models import Feed, Intervention, Scenario, ScenarioStep
from feeds.services import interventions
from feeds.services.feeds import seed_exchange
from feeds.services.interventions import (
    cancel_interventions,
    intervene,
    run_scenario,
    save_scenario,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    seed_exchange(12, 200)
    monkeypatch.setattr(interventions, "MOST_OPEN", 2)
    return Feed.objects.get()


def shock(feed: Feed) -> Intervention:
    return Intervention(feed=feed, reason="news", kind="shock", size=-6, duration_s=90)


def scenario_of(feed: Feed, steps: int) -> Scenario:
    scenario = Scenario(feed=feed, name=f"{steps} steps")
    made = [ScenarioStep(offset_s=n, kind="shock", size=-2, duration_s=30) for n in range(steps)]
    save_scenario(scenario, made, actor=None)
    return scenario


def test_the_last_room_is_given_and_no_more(feed: Feed) -> None:
    intervene(shock(feed), actor=None)
    intervene(shock(feed), actor=None)
    with pytest.raises(ChangeRefused, match="already has 2 open interventions"):
        intervene(shock(feed), actor=None)
    assert feed.interventions.count() == 2


def test_what_was_called_off_gives_its_room_back(feed: Feed) -> None:
    first = intervene(shock(feed), actor=None)
    intervene(shock(feed), actor=None)
    cancel_interventions(feed, [first.pk], actor=None)
    intervene(shock(feed), actor=None)
    with pytest.raises(ChangeRefused):
        intervene(shock(feed), actor=None)


def test_what_is_over_gives_its_room_back(feed: Feed) -> None:
    first = intervene(shock(feed), actor=None)
    intervene(shock(feed), actor=None)
    now = timezone.now()
    earlier = {"starts_at": now - timedelta(minutes=9), "ends_at": now - timedelta(minutes=7)}
    Intervention.objects.filter(pk=first.pk).update(**earlier)
    intervene(shock(feed), actor=None)


def test_all_steps_of_a_scenario_need_room(feed: Feed) -> None:
    with pytest.raises(ChangeRefused):
        run_scenario(scenario_of(feed, 3), actor=None, reason="test")
    assert not feed.interventions.exists()
    assert len(run_scenario(scenario_of(feed, 2), actor=None, reason="test")) == 2


def test_another_feed_has_room_of_its_own(feed: Feed) -> None:
    intervene(shock(feed), actor=None)
    intervene(shock(feed), actor=None)
    other = Feed.objects.create(slug="other", name="Other")
    assert intervene(shock(other), actor=None).pk


def test_now_is_not_too_early(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert intervene(shock(feed), starts_at=now, actor=None).starts_at == now
