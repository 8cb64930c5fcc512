"""The browsers in which somebody is signed in: listed, ended one by one, and never another's."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from dashboard.models import BrowserSession
from dashboard.pages import browser_sessions
from dashboard.people import session_service
from dashboard.people.admission import SIGNED_OUT, identify
from dashboard.people.identity import SessionCredential, find_revoked, holders_of_sessions
from dashboard.people.session_service import living_sessions
from dashboard.wire.registry import Close
from feeds.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, HOME = "/accounts/sessions/", "/accounts/tokens/"


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password="correct horse battery")


def browse(user, agent="Firefox", **options):
    """Return a browser in which somebody is signed in and has seen a page."""
    client = Client(headers={"user-agent": agent}, **options)
    client.force_login(user)
    assert client.get(HOME).status_code == 200
    return client


def key_of(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def row_of(client):
    return BrowserSession.objects.get(key=key_of(client))


def come(client):
    headers = {
        "host": "localhost",
        "origin": "http://localhost",
        "cookie": f"{settings.SESSION_COOKIE_NAME}={key_of(client)}",
    }
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return async_to_sync(identify)({"scheme": "ws", "headers": pairs})


def end(client, row):
    return client.post(f"{PAGE}{row.pk}/end/").status_code


def test_a_browser_is_listed_with_its_address_and_without_its_key(ada):
    client = browse(ada, "Firefox", REMOTE_ADDR="203.0.113.5")
    browse(ada, "<b>Chrome</b>")
    page = client.get(PAGE).content.decode()
    for text in ("Firefox", "203.0.113.5", "&lt;b&gt;Chrome", "This browser"):
        assert text in page
    for row in BrowserSession.objects.all():
        assert row.key not in page


def test_signing_out_there_ends_its_session_and_sockets_and_no_others(ada):
    here, there = browse(ada), browse(ada)
    mine, others = come(here), come(there)
    assert end(here, row_of(there)) == 303
    assert async_to_sync(find_revoked)([mine, others]) == {others: Close.SIGNED_OUT}
    assert come(there) == SIGNED_OUT
    assert there.get(HOME).status_code == 302
    assert here.get(HOME).status_code == 200
    assert list(living_sessions(ada)) == [row_of(here)]
    assert AuditEntry.objects.get(action="sign out").target == "user ada"


def test_the_session_of_another_is_neither_seen_nor_ended(ada):
    here, bob = browse(ada), browse(User.objects.create_user("bob"), "Opera")
    assert "Opera" not in here.get(PAGE).content.decode()
    assert end(here, row_of(bob)) == 404
    here.post(f"{PAGE}end-others/")
    assert bob.get(HOME).status_code == 200


@pytest.mark.slow
def test_signing_out_everywhere_else_leaves_this_browser(ada):
    here, *others = (browse(ada) for _ in range(3))
    assert here.post(f"{PAGE}end-others/").status_code == 303
    assert here.get(HOME).status_code == 200
    assert [client.get(HOME).status_code for client in others] == [302, 302]


def test_a_new_password_takes_the_other_browsers_off_the_list(ada):
    browse(ada)
    ada.set_password("another horse battery")
    ada.save()
    here = browse(ada)
    assert list(living_sessions(ada)) == [row_of(here)]


def test_browsers_that_ended_are_forgotten(ada):
    first, second = browse(ada), browse(ada)
    gone = [row_of(first).pk, row_of(second).pk]
    first.post("/accounts/logout/")
    Session.objects.filter(session_key=key_of(second)).update(expire_date=timezone.now())
    assert not living_sessions(ada)
    browse(ada)
    assert not BrowserSession.objects.filter(pk__in=gone)


def test_the_last_use_is_written_seldom(ada, monkeypatch):
    client = browse(ada)
    old = timezone.now() - timedelta(days=1)
    BrowserSession.objects.update(seen_at=old)
    client.get(HOME)
    assert row_of(client).seen_at == old
    monkeypatch.setattr(session_service, "SEEN_NOTED_EVERY", timedelta())
    client.get(HOME)
    assert row_of(client).seen_at > old


def test_only_the_session_that_was_noted_longest_ago_is_forgotten(ada, monkeypatch):
    """A process remembers so many; of another it notes once more."""
    noted = []
    monkeypatch.setattr(browser_sessions, "REMEMBERED", 2)
    monkeypatch.setattr(
        session_service, "note_session", lambda user, key, **facts: noted.append(key)
    )
    middleware = browser_sessions.BrowserSessionMiddleware(lambda request: HttpResponse())
    for key in ("a", "b", "a", "b", "c", "b", "c", "a"):
        request = RequestFactory().get("/")
        request.user, request.session = ada, SimpleNamespace(accessed=True, session_key=key)
        middleware(request)
    assert noted == ["a", "b", "c", "a"]


def test_a_note_that_cannot_be_written_keeps_nobody_out(ada, monkeypatch):
    def fail(*args, **options):
        raise OperationalError("database is locked")

    monkeypatch.setattr(session_service, "note_session", fail)
    browse(ada)


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["", "x" * 5000, "a\x00b", "é"])
def test_a_browser_may_call_itself_anything(ada, agent):
    client = browse(ada, agent)
    assert row_of(client).agent == agent[:200].replace("\0", "")


@pytest.mark.parametrize("path", [f"{PAGE}1/end/", f"{PAGE}end-others/"])
def test_no_link_and_no_foreign_form_ends_a_session(ada, path):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.get(path).url == PAGE
    assert living_sessions(ada).count() == 1
    assert client.post(path).status_code == 403
    assert Client().post(path).url.startswith("/accounts/login/")


@pytest.mark.slow
def test_a_crowd_of_sessions_takes_two_queries(ada, django_assert_max_num_queries):
    users = [ada, *(User.objects.create_user(f"user{number}") for number in range(20))]
    keys = [key_of(browse(user)) for user in users]
    with django_assert_max_num_queries(2):
        found = holders_of_sessions(keys)
    assert [found[SessionCredential(key)].user_id for key in keys] == [user.pk for user in users]


def test_a_session_that_no_page_has_noted_signs_in_as_well(ada):
    client = browse(ada)
    BrowserSession.objects.all().delete()
    assert come(client).user_id == ada.pk


def test_a_session_whose_note_is_of_somebody_else_signs_nobody_in(ada):
    client = browse(ada)
    BrowserSession.objects.update(user=User.objects.create_user("bob"))
    assert come(client) is SIGNED_OUT


def test_a_session_whose_time_is_over_ends_its_connections_and_no_others(ada):
    first, second = browse(ada), browse(ada)
    ended, other = come(first), come(second)
    assert async_to_sync(find_revoked)([ended, other]) == {}
    rows = Session.objects.filter(session_key=key_of(first))
    rows.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert async_to_sync(find_revoked)([ended, other]) == {ended: Close.SIGNED_OUT}


def test_a_session_signs_in_only_with_all_that_a_sign_in_leaves(ada):
    client = browse(ada)
    key, whole = key_of(client), dict(client.session.items())
    for name in (BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY):
        kept = {each: value for each, value in whole.items() if each != name}
        Session.objects.update(session_data=SessionStore().encode(kept))
        assert holders_of_sessions([key]) == {}
    Session.objects.update(session_data=SessionStore().encode(whole))
    assert list(holders_of_sessions([key])) == [SessionCredential(key)]
    User.objects.update(is_active=False)
    assert holders_of_sessions([key]) == {}


# --- another key of the site ---
NEW_KEY = "another key of this site, " * 3


def change_key(settings):
    """Change the key as docs/operations.md says; return what takes the former one away."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEW_KEY
    return lambda: setattr(settings, "SECRET_KEY_FALLBACKS", [])


def test_after_a_change_of_the_key_a_page_opens_to_who_is_not_signed_in(settings):
    change_key(settings)
    client = Client()
    session = client.session
    session["seen"] = True
    session.save()
    assert client.get("/accounts/login/").status_code == 200


def test_another_key_ends_no_session_and_no_socket(ada, settings):
    """Django would give the session another id, and its sockets would end with the first page."""
    client = browse(ada)
    key, before = key_of(client), come(client)
    change_key(settings)
    assert come(client) == before
    assert client.get(HOME).status_code == 200
    assert key_of(client) == key
    assert async_to_sync(find_revoked)([before]) == {}


def test_a_session_that_is_used_outlives_the_former_key(ada, settings):
    used, unused = browse(ada), browse(ada)
    take_away = change_key(settings)
    used.get(HOME)
    take_away()
    assert used.get(HOME).status_code == 200
    assert come(used).user_id == ada.pk
    assert unused.get(HOME).status_code == 302
    assert come(unused) == SIGNED_OUT


def test_sessions_with_a_former_mark_are_listed(ada, settings):
    client, other = browse(ada), browse(ada)
    change_key(settings)
    assert list(living_sessions(ada)) == [row_of(other), row_of(client)]
    assert end(client, row_of(other)) == 303
    assert come(other) == SIGNED_OUT


def test_another_password_ends_sessions_of_a_former_key(ada, settings):
    client = browse(ada)
    identity = come(client)
    change_key(settings)
    ada.set_password("another horse battery")
    ada.save()
    assert client.get(HOME).status_code == 302
    assert come(client) == SIGNED_OUT
    assert async_to_sync(find_revoked)([identity]) == {identity: Close.SIGNED_OUT}


def test_a_key_that_is_neither_ends_sessions(ada, settings):
    client = browse(ada)
    change_key(settings)()
    assert client.get(HOME).status_code == 302


def test_a_database_that_cannot_be_written_keeps_nobody_from_a_page_after_the_change(
    ada, settings, monkeypatch
):
    client = browse(ada)
    change_key(settings)
    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "save", fail)
        assert client.get(HOME).status_code == 200
    assert come(client).user_id == ada.pk


def fail(*_, **__):
    raise OperationalError("attempt to write a readonly database")
