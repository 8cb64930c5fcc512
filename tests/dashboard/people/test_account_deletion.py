"""Deletion of an account: its own rows go; the audit and the rows of others stay."""

import base64

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings as site
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from dashboard.exceptions import LastSuperuser
from dashboard.models import ApiToken, BrowserSession, Notification, Watchlist
from dashboard.people import account_deletion
from dashboard.people.account_deletion import (
    delete_account,
    delete_accounts,
)
from dashboard.people.admission import SIGNED_OUT, identify
from dashboard.people.identity import find_revoked
from dashboard.people.session_service import disconnect
from dashboard.personal.watchlists import watchlist_of
from dashboard.wire.registry import Close
from feeds.models import AuditEntry
from tests.support.tokens import make_token

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"
LOGIN, HOME = "/accounts/login/", "/accounts/tokens/"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def ada():
    return person("ada")


@pytest.fixture
def bob():
    return person("bob")


def person(name):
    return User.objects.create_user(name, email=f"{name}@example.org", password=PASSWORD)


def furnish(user):
    """Give an account one of everything, and return its token."""
    secret = make_token(user)
    watchlist_of(user)
    Notification.objects.create(user=user, title="Maintenance")
    user.groups.add(Group.objects.get_or_create(name="traders")[0])
    TOTP.activate(user, KEY)
    RecoveryCodes.activate(user)
    return secret


def browse(user):
    """Return a browser in which somebody is signed in and has seen a page."""
    client = Client()
    client.force_login(user)
    assert client.get(HOME).status_code == 200
    return client


def key_of(client):
    return client.cookies[site.SESSION_COOKIE_NAME].value


def come(*headers):
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return async_to_sync(identify)({"scheme": "ws", "headers": pairs})


def page_of(client):
    cookie = f"{site.SESSION_COOKIE_NAME}={key_of(client)}"
    return [("host", "localhost"), ("origin", "http://localhost"), ("cookie", cookie)]


def program_of(name, secret):
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return [("authorization", f"Basic {basic}")]


def has_row(model, name, user_id):
    return model._default_manager.filter(**{name: user_id}).exists()


def rows_of(user_id):
    """Return the models that have a row of an account, whatever models there are."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.fields:
            if field.related_model is User and has_row(model, field.name, user_id):
                found.add(model._meta.label)
    return found


@pytest.mark.slow
def test_everything_of_the_account_goes_and_nothing_of_others(ada, bob):
    furnish(ada)
    furnish(bob)
    browse(ada)
    browse(bob)
    user_id, others = ada.pk, rows_of(bob.pk)
    models = (Watchlist, Notification, ApiToken, Authenticator, BrowserSession)
    assert {model._meta.label for model in models} <= rows_of(user_id)
    delete_account(ada, actor=ada)
    assert rows_of(user_id) == set()
    assert list(User.objects.all()) == [bob]
    assert rows_of(bob.pk) == others
    assert Session.objects.count() == 1


def test_the_audit_keeps_who_acted(ada, bob):
    disconnect(bob, "", actor=ada, reason="noise")
    disconnect(ada, "", actor=bob, reason="noise")
    delete_account(ada, actor=ada)
    entries = AuditEntry.objects.order_by("pk").values_list("actor_name", "action", "target")
    assert list(entries) == [
        ("ada", "disconnect", "user bob"),
        ("bob", "disconnect", "user ada"),
        ("ada", "delete account", "user ada"),
    ]
    assert [entry.actor for entry in AuditEntry.objects.order_by("pk")] == [None, bob, None]


@pytest.mark.slow
def test_sessions_and_connections_end(ada, bob):
    readers = [
        come(*page_of(browse(ada))),
        come(*program_of("ada", make_token(ada))),
        come(*page_of(browse(bob))),
        come(*program_of("bob", make_token(bob))),
    ]
    assert async_to_sync(find_revoked)(readers) == {}
    delete_account(ada, actor=ada)
    ended = dict.fromkeys(readers[:2], Close.SIGNED_OUT)
    assert async_to_sync(find_revoked)(readers) == ended


def test_nobody_comes_back(ada):
    browser, secret = browse(ada), make_token(ada)
    delete_account(ada, actor=ada)
    assert come(*page_of(browser)) == SIGNED_OUT
    assert come(*program_of("ada", secret)) == SIGNED_OUT
    assert browser.get(HOME).status_code == 302
    again = Client()
    again.post(LOGIN, {"login": "ada", "password": PASSWORD})
    assert "_auth_user_id" not in again.session


def test_a_later_account_of_the_same_name_inherits_nothing(ada):
    browser, secret = browse(ada), furnish(ada)
    delete_account(ada, actor=ada)
    other = person("ada")
    assert rows_of(other.pk) == set()
    assert come(*page_of(browser)) == SIGNED_OUT
    assert come(*program_of("ada", secret)) == SIGNED_OUT


def half_signed_in(user):
    """Return a browser whose user has shown the password, but not yet the second factor."""
    client = Client()
    client.post(LOGIN, {"login": user.get_username(), "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    return client


def unnoted(user):
    """Return a browser whose session no page has noted yet."""
    client = Client()
    client.force_login(user)
    assert not BrowserSession.objects.filter(key=key_of(client)).exists()
    return client


def expired(user):
    client = browse(user)
    Session.objects.filter(session_key=key_of(client)).update(expire_date=timezone.now())
    return client


@pytest.mark.slow
@pytest.mark.parametrize("come_in", [browse, unnoted, expired, half_signed_in])
def test_no_session_row_stays(ada, bob, monkeypatch, come_in):
    monkeypatch.setattr(account_deletion, "SESSIONS_PER_READ", 2)
    for user in (ada, bob):
        TOTP.activate(user, KEY)
    mine = [key_of(come_in(ada)) for _ in range(3)]
    other = key_of(come_in(bob))
    assert Session.objects.filter(session_key__in=mine).count() == 3
    delete_account(ada, actor=ada)
    assert not Session.objects.filter(session_key__in=mine).exists()
    assert Session.objects.filter(session_key=other).exists()


def test_a_number_that_begins_alike_is_another_account(ada):
    other = unnoted(User.objects.create(pk=ada.pk * 10, username="other"))
    delete_account(ada, actor=ada)
    assert Session.objects.filter(session_key=key_of(other)).exists()


def test_deleting_twice_is_deleting_once(ada):
    same = User.objects.get(pk=ada.pk)
    delete_account(ada, actor=None)
    delete_account(same, actor=None)
    assert AuditEntry.objects.filter(action="delete account").count() == 1


# --- superusers -----------------------------------------------------------------------------
def superuser(name, **facts):
    return User.objects.create_superuser(name, password=PASSWORD, **facts)


@pytest.mark.slow
def test_the_last_superuser_stays_with_everything(ada):
    root = superuser("root")
    superuser("gone", is_active=False)
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    furnish(root)
    browser, before = browse(root), rows_of(root.pk)
    with pytest.raises(LastSuperuser):
        delete_account(root, actor=root)
    assert rows_of(root.pk) == before
    assert browser.get(HOME).status_code == 200
    assert not AuditEntry.objects.filter(action="delete account").exists()


def test_one_of_two_superusers_may_go_and_the_other_not():
    first, second = superuser("first"), superuser("second")
    delete_account(first, actor=first)
    with pytest.raises(LastSuperuser):
        delete_account(second, actor=second)
    assert list(User.objects.all()) == [second]


def test_of_several_accounts_all_go_or_none(ada, bob):
    first, second = superuser("first"), superuser("second")
    browser = browse(ada)
    with pytest.raises(LastSuperuser):
        delete_accounts([ada, first, second], actor=second)
    assert User.objects.count() == 4
    assert browser.get(HOME).status_code == 200
    assert not AuditEntry.objects.filter(action="delete account").exists()
    delete_accounts([ada, bob, second], actor=second)
    assert list(User.objects.all()) == [first]
    assert not Session.objects.exists()
    entries = AuditEntry.objects.filter(action="delete account")
    assert {entry.target for entry in entries} == {"user ada", "user bob", "user second"}


def test_an_inactive_superuser_may_go():
    superuser("root")
    delete_account(superuser("gone", is_active=False), actor=None)
    assert User.objects.get().username == "root"


def test_everybody_else_may_go_where_there_is_no_superuser(ada):
    delete_account(ada, actor=ada)
    assert not User.objects.exists()
