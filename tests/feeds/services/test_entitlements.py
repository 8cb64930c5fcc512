"""Who may see a feed is changed with its entry in the audit, and the engine hears of it."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from feeds.bus import control
from feeds.models import AuditEntry, Entitlement, Feed
from feeds.services.entitlements import delete_entitlement, save_entitlement

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> User:
    return User.objects.create_user("olga")


@pytest.fixture
def pokes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(control, "poke_feeds", lambda: calls.append("feeds"))
    return calls


def entitlement(minutes: int = 15) -> Entitlement:
    feed, _ = Feed.objects.get_or_create(slug="demo", name="Demo Exchange")
    group, _ = Group.objects.get_or_create(name="Traders")
    return Entitlement(feed=feed, group=group, delay_minutes=minutes)


def newest() -> tuple[object, ...]:
    entry = AuditEntry.objects.latest("pk")
    return entry.actor_name, entry.action, entry.target, entry.before, entry.after


def test_a_group_gets_a_feed_another_delay_and_loses_it(
    actor: User, pokes: list[str], django_capture_on_commit_callbacks
) -> None:
    facts = {"feed": "demo", "group": "Traders", "delay_minutes": 15}
    row, name = entitlement(), "entitlement demo Traders"
    with django_capture_on_commit_callbacks(execute=True):
        assert save_entitlement(row, actor=actor)
    assert newest() == ("olga", "add", name, {}, facts)
    row.delay_minutes = 0
    with django_capture_on_commit_callbacks(execute=True):
        assert save_entitlement(row, actor=actor)
    assert newest() == ("olga", "change", name, {"delay_minutes": 15}, {"delay_minutes": 0})
    with django_capture_on_commit_callbacks(execute=True):
        assert not save_entitlement(row, actor=actor)
    assert (AuditEntry.objects.count(), pokes) == (2, ["feeds"] * 2)
    with django_capture_on_commit_callbacks(execute=True):
        delete_entitlement(row, actor=actor)
    assert newest() == ("olga", "delete", name, facts | {"delay_minutes": 0}, {})
    assert not Entitlement.objects.exists()
    assert pokes == ["feeds"] * 3


def test_a_second_entitlement_of_a_group_to_a_feed_is_refused(actor: User) -> None:
    save_entitlement(entitlement(), actor=actor)
    with pytest.raises(ValidationError):
        save_entitlement(entitlement(0), actor=actor)
    assert AuditEntry.objects.count() == 1
    assert Entitlement.objects.get().delay_minutes == 15
