"""Notifications, accounts, tokens and factors in the admin: rights, and what stays afterwards."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client

from dashboard import admin, models
from dashboard.models import ApiToken, Notification
from dashboard.people.token_service import create_token
from feeds.bus import control
from feeds.models import AuditEntry, Instrument
from tests.support.admin_forms import save_form
from tests.support.passwords import OneRoundHasher

pytestmark = pytest.mark.django_db
LIST = "/admin/dashboard/notification/"
SEND = f"{LIST}send/"
FORM = {"title": "Maintenance", "body": "at noon", "level": "warning", "to": "everyone"}


@pytest.fixture
def root():
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def traders():
    """Make a group of ada and bob; bob was deactivated."""
    group = Group.objects.create(name="traders")
    for name, is_active in (("ada", True), ("bob", False)):
        User.objects.create_user(name, is_active=is_active).groups.add(group)
    return group


def staff(*permissions, is_staff=True):
    """Sign in a new user with just these permissions."""
    user = User.objects.create_user("staff", is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def notified():
    return set(Notification.objects.values_list("user__username", flat=True))


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


@pytest.mark.parametrize(
    ("to", "names", "audience", "words"),
    [
        ({"to": "everyone"}, {"root", "ada"}, "everyone", "Sent to 2 people."),
        ({"to": "group"}, {"ada"}, "group traders", "Sent to 1 person."),
        ({"to": "user", "user": "ada"}, {"ada"}, "user ada", "Sent to 1 person."),
    ],
)
def test_a_notification_goes_to_those_who_are_meant(root, traders, to, names, audience, words):
    response = root.post(SEND, FORM | {"group": traders.pk} | to)
    assert notified() == names
    assert said(response) == [words]
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action) == ("root", "send")
    assert entry.target == f"notification to {audience}"
    assert entry.after["people"] == len(names)
    row = Notification.objects.first()
    assert (row.title, row.body, row.level) == ("Maintenance", "at noon", "warning")
    assert response.url == LIST


def test_the_browsers_of_those_who_are_meant_are_poked(
    root, traders, monkeypatch, django_capture_on_commit_callbacks
):
    pokes = []
    monkeypatch.setattr(control, "poke_people", pokes.append)
    with django_capture_on_commit_callbacks(execute=True):
        root.post(SEND, FORM | {"to": "user", "user": "ada"})
    assert pokes == [[User.objects.get(username="ada").pk]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "field", "fact"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": "x" * 121}, "title", "at most 120"),
        ({"body": "x" * 2001}, "body", "at most 2000"),
        ({"level": "loud"}, "level", "not one of the available choices"),
        ({"to": "all"}, "to", "not one of the available choices"),
        ({"to": "group"}, "group", "Choose a group."),
        ({"to": "group", "group": "999"}, "group", "not one of the available choices"),
        ({"to": "user"}, "user", "Choose a user."),
        ({"to": "user", "user": "nobody"}, "user", "No active user has this name."),
        ({"to": "user", "user": "bob"}, "user", "No active user has this name."),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_sent(root, traders, wrong, field, fact):
    response = root.post(SEND, FORM | wrong)
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert fact in errors[field][0]
    assert fact in response.content.decode()
    assert not Notification.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_group_of_nobody_active_is_refused(root):
    empty = Group.objects.create(name="empty")
    response = root.post(SEND, FORM | {"to": "group", "group": empty.pk})
    assert response.context["form"].errors == {"group": ["No active user is in this group."]}


def test_what_was_typed_is_shown_as_text(root):
    page = root.post(SEND, FORM | {"title": "", "body": "<script>x</script>"}).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_the_list_has_a_button_to_the_form(root):
    assert SEND in root.get(LIST).content.decode()
    assert 'name="title"' in root.get(SEND).content.decode()


def test_senders_need_no_other_permission_and_see_nobodys_notifications():
    client = staff("send_notification")
    client.post(SEND, FORM)
    assert notified() == {"staff"}
    page = client.get(LIST).content.decode()
    assert SEND in page
    assert "Maintenance" not in page.replace("Sent to 1 person.", "")


def test_staff_without_the_permission_cannot_send():
    every = Permission.objects.exclude(codename="send_notification")
    client = staff(*every.values_list("codename", flat=True))
    assert SEND not in client.get(LIST).content.decode()
    assert client.get(SEND).status_code == 403
    assert client.post(SEND, FORM).status_code == 403
    assert not Notification.objects.exists()


def test_those_who_are_not_staff_cannot_send():
    client = staff("send_notification", is_staff=False)
    assert client.post(SEND, FORM).status_code in (302, 403)
    assert Client().post(SEND, FORM).url.startswith("/accounts/login/?next=")
    assert not Notification.objects.exists()


def test_a_form_from_another_site_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    assert client.post(SEND, FORM).status_code == 403
    assert not Notification.objects.exists()


def test_what_was_sent_cannot_be_edited_even_by_a_superuser(root):
    root.post(SEND, FORM)
    row = Notification.objects.get()
    assert root.get(f"{LIST}add/").status_code == 403
    assert root.post(f"{LIST}add/", FORM).status_code == 403
    assert root.post(f"{LIST}{row.pk}/change/", FORM | {"title": "x"}).status_code == 403
    assert root.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": row.pk, "index": 0, "post": "yes"}
    root.post(LIST, delete)
    assert Notification.objects.get().title == "Maintenance"


def test_the_form_has_nothing_inline_and_is_not_stored(root):
    response = root.get(SEND)
    text = response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert "<style" not in text
    assert " style=" not in text


# --- accounts -------------------------------------------------------------------------------


def test_an_account_can_be_deleted_with_its_notifications(root, traders):
    root.post(SEND, FORM)
    ada = User.objects.get(username="ada")
    root.post(f"/admin/auth/user/{ada.pk}/delete/", {"post": "yes"})
    assert notified() == {"root"}


ADD_ACCOUNT = "/admin/auth/user/add/"
EVE = {
    "username": "eve",
    "password1": "correct horse",
    "password2": "correct horse",
    "usable_password": "true",
}


def test_the_password_of_a_new_account_is_hashed_before_its_transaction(root, monkeypatch):
    """With SQLite nobody else can write while a transaction is open, and a hash takes long."""
    depths, encode_plainly = [], OneRoundHasher.encode

    def encode(*arguments):
        depths.append(len(connection.savepoint_ids))
        return encode_plainly(*arguments)

    monkeypatch.setattr(OneRoundHasher, "encode", encode)
    assert root.post(ADD_ACCOUNT, EVE).status_code == 302
    assert depths == [len(connection.savepoint_ids)]
    assert User.objects.get(username="eve").check_password("correct horse")


@pytest.mark.parametrize("wrong", [{"password2": "another horse"}, {"password1": ""}])
def test_an_account_with_a_wrong_password_is_not_made(root, wrong):
    assert root.post(ADD_ACCOUNT, EVE | wrong).context["adminform"].errors
    assert not User.objects.filter(username="eve").exists()


def test_an_account_can_be_made_without_a_password(root):
    root.post(ADD_ACCOUNT, EVE | {"usable_password": "false"})
    assert not User.objects.get(username="eve").has_usable_password()


@pytest.mark.slow
def test_accounts_are_made_and_deactivated_in_the_admin(root, traders):
    root.post(ADD_ACCOUNT, EVE)
    assert User.objects.get(username="eve").check_password("correct horse")
    ada = User.objects.get(username="ada")
    form = {"username": "ada"}
    save_form(root, f"/admin/auth/user/{ada.pk}/change/", form)
    ada.refresh_from_db()
    assert not ada.is_active


def test_nothing_is_hashed_for_those_who_may_make_no_account(monkeypatch):
    """A hash takes long, so whoever asks in vain must not keep the machine busy."""
    hashed = []
    monkeypatch.setattr(admin, "make_password", hashed.append)
    assert staff("view_user").post(ADD_ACCOUNT, EVE).status_code == 403
    assert hashed == []


def test_staff_without_the_permission_cannot_touch_accounts(traders):
    client = staff("send_notification", "view_feed")
    ada = User.objects.get(username="ada")
    for page in ("", "add/", f"{ada.pk}/change/", f"{ada.pk}/delete/", f"{ada.pk}/password/"):
        assert client.get(f"/admin/auth/user/{page}").status_code == 403


# --- tokens and second factors ----------------------------------------------------------------
TOKENS, FACTORS = "/admin/dashboard/apitoken/", "/admin/mfa/authenticator/"


@pytest.fixture
def tokens(root):
    """Make two tokens of ada."""
    ada = User.objects.create_user("ada")
    return [create_token(ada, actor=ada, name=name)[0] for name in ("laptop", "phone")]


def choose(client, address, action, *rows):
    return client.post(address, {"action": action, "_selected_action": [row.pk for row in rows]})


@pytest.mark.parametrize(("count", "words"), [(1, "Revoked 1 token."), (2, "Revoked 2 tokens.")])
def test_who_may_revoke_sees_tokens_and_ends_those_that_are_chosen(tokens, count, words):
    client = staff("revoke_apitoken")
    assert "laptop" in client.get(TOKENS).content.decode()
    assert said(choose(client, TOKENS, "revoke", *tokens[:count])) == [words]
    alive = set(ApiToken.objects.filter(revoked_at=None))
    assert alive == set(tokens[count:])
    entries = AuditEntry.objects.filter(action="revoke token")
    assert [entry.actor_name for entry in entries] == ["staff"] * count


def test_who_may_only_see_tokens_revokes_none(tokens):
    client = staff("view_apitoken")
    assert "laptop" in client.get(TOKENS).content.decode()
    choose(client, TOKENS, "revoke", *tokens)
    assert ApiToken.objects.filter(revoked_at=None).count() == 2
    assert not AuditEntry.objects.filter(action="revoke token").exists()


def test_staff_without_a_permission_see_no_tokens(tokens):
    assert staff("send_notification").get(TOKENS).status_code == 403


def test_a_second_factor_is_taken_away_in_the_name_of_the_admin(root):
    ada = User.objects.create_user("ada")
    factor = Authenticator.objects.create(user=ada, type="webauthn", data={"name": "key"})
    assert said(choose(root, FACTORS, "remove", factor)) == ["Removed: 1."]
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_name) == ("remove second factor", "root")


# --- names of rows ----------------------------------------------------------------------------
ADA = User(username="ada")
NVX = Instrument(symbol="NVX")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (models.Watchlist(name="Energy", user=ADA), "Energy of ada"),
        (models.WatchlistEntry(instrument=NVX), "NVX"),
        (models.WatchlistEntry(section="East"), "East"),
        (models.ColumnChoice(user=ADA), "columns of ada"),
        (models.Preferences(user=ADA), "preferences of ada"),
        (models.Notification(title="Maintenance"), "Maintenance"),
        (models.Destination(name="chat"), "chat"),
        (models.Dispatch(pk=7), "dispatch 7"),
        (models.Alert(pk=7, name="dear"), "dear"),
        (models.Alert(pk=7), "alert 7"),
        (models.AlertFiring(text="NVX is above 100"), "NVX is above 100"),
        (models.AlertBook(epoch="e", sequence=9), "alerts up to e:9"),
        (models.ApiToken(name="laptop", prefix="mkt_ab"), "laptop (mkt_ab…)"),
        (models.BrowserSession(user=ADA, address="192.0.2.1"), "ada from 192.0.2.1"),
        (models.CacheEntry(digest="0123456789"), "01234567…"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Model) else "",
)
def test_a_row_is_called_as_people_know_it(row, name):
    assert str(row) == name
