"""The page that deletes one's own account: rights, texts, and what the browser forgets."""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.people import account_deletion
from feeds.models import AuditEntry
from tests.support.staff import root, staff

pytestmark = pytest.mark.django_db
PAGE, PROOF = "/accounts/delete/", "/accounts/reauthenticate/"
PASSWORD = "correct horse battery"


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password=PASSWORD)


def signed_in(user):
    client = Client()
    client.post("/accounts/login/", {"login": user.get_username(), "password": PASSWORD})
    return client


def proven(user):
    """Return a browser whose user has just entered the password again."""
    client = signed_in(user)
    answer = client.post(f"{PROOF}?next={PAGE}", {"password": PASSWORD})
    assert answer.url == PAGE
    return client


def is_there(user):
    return User.objects.filter(pk=user.pk).exists()


def test_the_password_is_asked_for_again_and_leads_back(ada):
    client = signed_in(ada)
    asked = client.get(PAGE)
    assert asked.url == f"{PROOF}?next=%2Faccounts%2Fdelete%2F"
    wrong = client.post(asked.url, {"password": "guess"})
    assert wrong.context["form"].errors
    assert client.get(PAGE).status_code == 302
    assert client.post(asked.url, {"password": PASSWORD}).url == PAGE
    page = client.get(PAGE)
    assert page.status_code == 200
    for word in ("watchlist", "notifications", "API tokens", "second factors", "audit", "Backups"):
        assert word in page.content.decode()
    assert is_there(ada)


def test_the_button_deletes_and_the_browser_forgets(ada):
    client = proven(ada)
    answer = client.post(PAGE)
    assert answer.status_code == 200
    assert "Your account is deleted" in answer.content.decode()
    assert "Signed in as" not in answer.content.decode()
    assert answer["Clear-Site-Data"] == '"cookies", "storage"'
    assert answer["Cache-Control"] == "no-store"
    assert not is_there(ada)
    assert client.get(PAGE).url.startswith("/accounts/login/")
    assert AuditEntry.objects.get(action="delete account").actor_name == "ada"


def test_without_the_password_nothing_is_deleted_not_even_once_it_is_typed(ada):
    client = signed_in(ada)
    answer = client.post(PAGE)
    assert (answer.status_code, answer.url) == (303, PAGE)
    asked = client.get(PAGE)
    client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert is_there(ada)


@pytest.mark.parametrize(("age_s", "stays"), [(299, False), (301, True)])
def test_a_password_of_long_ago_does_not_count(ada, monkeypatch, age_s, stays):
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s)
    client = proven(ada)
    now_s += age_s
    client.post(PAGE)
    assert is_there(ada) is stays


def test_the_proof_of_another_account_does_not_count(ada):
    bob = User.objects.create_user("bob", password=PASSWORD)
    client = proven(ada)
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    assert client.post(PAGE).status_code == 303
    assert is_there(bob)


def test_the_last_superuser_reads_why_and_has_no_button():
    user = User.objects.create_superuser("root", password=PASSWORD)
    client = proven(user)
    page = client.get(PAGE).content.decode()
    assert "You are the last superuser" in page
    assert "Delete my account" not in page
    refused = client.post(PAGE)
    assert refused.status_code == 409
    assert "You are the last superuser" in refused.content.decode()
    assert is_there(user)
    assert client.get("/accounts/tokens/").status_code == 200


def test_nobody_deletes_without_signing_in():
    for answer in (Client().get(PAGE), Client().post(PAGE)):
        assert answer.url.startswith("/accounts/login/")


def test_a_form_of_another_site_deletes_nothing(ada):
    client = proven(ada)
    client.handler.enforce_csrf_checks = True
    assert client.post(PAGE).status_code == 403
    assert is_there(ada)


def test_the_menu_leads_there(ada):
    assert f'href="{PAGE}"' in signed_in(ada).get("/accounts/tokens/").content.decode()


# --- in the admin ---------------------------------------------------------------------------
USERS = "/admin/auth/user/"


def bulk(*users):
    chosen = [user.pk for user in users]
    return {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}


def test_an_admin_deletes_with_the_same_service(ada, monkeypatch):
    deleted = []
    monkeypatch.setattr(
        account_deletion, "delete_accounts", lambda users, actor: deleted.append(([*users], actor))
    )
    admin = root()
    me = User.objects.get(username="root")
    admin.post(f"{USERS}{ada.pk}/delete/", {"post": "yes"})
    admin.post(USERS, bulk(ada))
    assert deleted == [([ada], me), ([ada], me)]


def test_the_last_superuser_is_not_deleted_in_the_admin(ada):
    admin = root()
    me = User.objects.get(username="root")
    admin.post(f"{USERS}{me.pk}/delete/", {"post": "yes"})
    admin.post(USERS, bulk(me))
    admin.post(USERS, bulk(me, ada))
    assert is_there(me)
    assert is_there(ada)
    assert "the last superuser" in admin.get(f"{USERS}{me.pk}/delete/").content.decode()


def test_an_admin_may_delete_several_accounts_and_the_own_among_them(ada):
    admin = root()
    me = User.objects.get(username="root")
    other = User.objects.create_superuser("other")
    admin.post(USERS, bulk(me, ada))
    assert list(User.objects.all()) == [other]
    entries = AuditEntry.objects.filter(action="delete account")
    assert {entry.target for entry in entries} == {"user ada", "user root"}
    assert {entry.actor_name for entry in entries} == {"root"}


def test_staff_without_the_permission_delete_nobody(ada):
    client = staff("view_user", "change_user")
    client.post(f"{USERS}{ada.pk}/delete/", {"post": "yes"})
    client.post(USERS, bulk(ada))
    assert is_there(ada)
