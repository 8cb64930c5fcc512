"""Rows of browsers: what is noted and how often, what is forgotten, what a sign-out there ends."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.utils import timezone

from dashboard.models import BrowserSession
from dashboard.people import session_service
from dashboard.people.session_service import (
    disconnect,
    end_sessions,
    ended_sessions,
    is_noted,
    living_sessions,
    move_end,
    note_session,
    prune_sessions,
    renew_hash,
)
from feeds.bus import control
from feeds.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


def session(user: User, *, ends: timedelta = timedelta(days=1), agent: str = "Firefox") -> str:
    """Return the key of a session of a user that was noted."""
    store = SessionStore()
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    assert store.session_key
    note_session(user, store.session_key, address="203.0.113.5", agent=agent)
    Session.objects.filter(pk=store.session_key).update(expire_date=timezone.now() + ends)
    return store.session_key


def test_a_note_has_the_facts_of_the_browser_and_a_second_one_replaces_it(ada: User) -> None:
    key = session(ada, agent="x" * 300 + "\0")
    row = BrowserSession.objects.get()
    assert (row.user, row.key, row.address, row.agent) == (ada, key, "203.0.113.5", "x" * 200)
    note_session(ada, key, address="203.0.113.6", agent="a\0b")
    row = BrowserSession.objects.get()
    assert (row.address, row.agent) == ("203.0.113.6", "ab")
    assert timezone.now() - row.seen_at < timedelta(minutes=1)


def test_only_a_new_browser_makes_those_that_ended_forgotten(ada: User) -> None:
    bob = User.objects.create_user("bob")
    others, ended, here = session(bob), session(ada), session(ada)
    Session.objects.filter(pk__in=[others, ended]).delete()
    note_session(ada, here, address="203.0.113.5", agent="Firefox")
    assert BrowserSession.objects.filter(key=ended).exists()
    new = session(ada)
    left = set(BrowserSession.objects.values_list("key", flat=True))
    assert left == {others, here, new}, "another's rows are not touched"


@pytest.mark.parametrize(("ago_s", "noted"), [(0, True), (299, True), (300, False), (301, False)])
def test_a_use_is_written_every_five_minutes(
    monkeypatch: pytest.MonkeyPatch, ago_s: int, noted: bool
) -> None:
    now = timezone.now()
    monkeypatch.setattr(session_service.timezone, "now", lambda: now)
    assert is_noted(now - timedelta(seconds=ago_s)) is noted
    assert not is_noted(None)


def test_browsers_are_listed_newest_first_while_their_sessions_live(ada: User) -> None:
    old, ended, new = session(ada), session(ada, ends=timedelta(0)), session(ada)
    session(User.objects.create_user("bob"))
    long_ago = timezone.now() - timedelta(hours=1)
    BrowserSession.objects.filter(key=old).update(seen_at=long_ago)
    assert [row.key for row in living_sessions(ada)] == [new, old]
    assert ended in set(ended_sessions())


def test_browsers_that_were_seen_at_once_are_listed_by_their_age(ada: User) -> None:
    keys = [session(ada) for _ in range(3)]
    BrowserSession.objects.update(seen_at=timezone.now())
    assert [row.key for row in living_sessions(ada)] == keys[::-1]


def test_a_sign_out_there_ends_session_and_row_and_says_who_did_it(ada: User) -> None:
    admin = User.objects.create_superuser("root")
    here, *there = (session(ada) for _ in range(3))
    assert end_sessions(BrowserSession.objects.filter(key__in=there), actor=admin) == 2
    assert list(BrowserSession.objects.values_list("key", flat=True)) == [here]
    assert list(Session.objects.values_list("pk", flat=True)) == [here]
    entries = list(AuditEntry.objects.values_list("action", "target", "actor__username"))
    assert entries == [("sign out", "user ada", "root")] * 2
    assert end_sessions([], actor=admin) == 0


def test_pruning_deletes_what_has_ended_in_short_transactions(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_service, "SESSIONS_PER_DELETE", 2)
    living = session(ada)
    ended = [session(ada) for _ in range(3)]
    Session.objects.filter(pk__in=ended).update(expire_date=timezone.now())
    assert list(prune_sessions()) == [2, 1]
    assert list(Session.objects.values_list("pk", flat=True)) == [living]
    assert list(BrowserSession.objects.values_list("key", flat=True)) == [living]
    assert list(prune_sessions()) == []


def test_a_session_ends_when_it_is_moved_to_and_its_cookie_too(ada: User) -> None:
    store = SessionStore(session(ada))
    end = timezone.now() + timedelta(minutes=30)
    move_end(store, end)
    assert store.modified
    assert abs(Session.objects.get().expire_date - end) < timedelta(seconds=1)


def test_a_session_that_ended_meanwhile_stays_ended(ada: User) -> None:
    store = SessionStore(session(ada))
    assert store.get(HASH_SESSION_KEY)
    Session.objects.all().delete()
    move_end(store, datetime.now(tz=timezone.get_current_timezone()))
    assert not store.modified
    assert not Session.objects.exists()


def test_only_the_hash_of_a_former_key_is_renewed(ada: User, settings) -> None:
    former = SessionStore(session(ada))
    foreign = SessionStore(session(ada))
    foreign[HASH_SESSION_KEY] = "no hash of this site"
    foreign.save()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of this site, " * 3
    for store in (former, foreign):
        renew_hash(store, ada)
        assert not store.modified or store is foreign
    assert SessionStore(former.session_key)[HASH_SESSION_KEY] == ada.get_session_auth_hash()
    assert SessionStore(foreign.session_key)[HASH_SESSION_KEY] == "no hash of this site"


@pytest.mark.parametrize(("key", "connection"), [("c1", "c1"), ("", "all")])
def test_a_disconnection_is_sent_after_its_audit_entry_is_there(
    ada: User, monkeypatch, django_capture_on_commit_callbacks, key: str, connection: str
) -> None:
    calls: list[tuple[int, str]] = []
    monkeypatch.setattr(control, "disconnect", lambda *said: calls.append(said))
    with django_capture_on_commit_callbacks(execute=True):
        disconnect(ada, key, actor=ada, reason="too many")
        assert calls == []
    assert calls == [(ada.pk, key)]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.reason) == ("disconnect", "user ada", "too many")
    assert entry.after == {"connection": connection}


def test_a_disconnection_without_a_possible_reason_is_none(
    ada: User, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    monkeypatch.setattr(control, "disconnect", lambda *said: pytest.fail("it was sent"))
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ValidationError):
        disconnect(ada, "c1", actor=ada, reason="x" * 5000)
    assert not AuditEntry.objects.exists()
