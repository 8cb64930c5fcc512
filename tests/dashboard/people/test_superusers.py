"""The last superuser stays one, on every route: somebody must look after the site."""

import pytest
from django.contrib.auth.models import User
from django.forms.models import model_to_dict
from django.test import Client

from dashboard.admin import LAST_SUPERUSER, AccountForm
from dashboard.exceptions import LastSuperuser
from dashboard.people import account_deletion
from dashboard.people.superusers import are_last_superusers
from tests.support.admin_forms import save_form

pytestmark = pytest.mark.django_db
USERS = "/admin/auth/user/"
FACT = "This is the last superuser."
FIELDS = ("is_superuser", "is_staff", "is_active")


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def admin(root: User) -> Client:
    """The browser of the only superuser."""
    return signed_in(root)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change(client: Client, user: User, **changes: str) -> str:
    """Save the form of an account with some fields changed; return the answer."""
    sent = {name: "on" for name in FIELDS if getattr(user, name)} | {"username": user.username}
    changed = {name: value for name, value in (sent | changes).items() if value}
    return save_form(client, f"{USERS}{user.pk}/change/", changed).content.decode()


def test_all_superusers_together_are_the_last(root: User, ada: User) -> None:
    second = User.objects.create_superuser("second")
    assert are_last_superusers([root, ada, second])
    assert not are_last_superusers([root, ada])
    assert not are_last_superusers([ada])
    assert not are_last_superusers([])


@pytest.mark.parametrize("field", FIELDS)
def test_a_superuser_who_cannot_use_the_admin_does_not_count(root: User, field: str) -> None:
    User.objects.create_superuser("other")
    assert not are_last_superusers([root])
    User.objects.filter(username="other").update(**{field: False})
    assert are_last_superusers([root])


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS)
def test_the_last_superuser_does_not_give_it_up(admin: Client, root: User, field: str) -> None:
    assert FACT in change(admin, root, **{field: ""})
    root.refresh_from_db()
    assert all(getattr(root, name) for name in FIELDS)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("others", [0, 1])
def test_a_form_refuses_at_the_field_that_takes_it_away(
    root: User, ada: User, field: str, others: int
) -> None:
    for number in range(others):
        User.objects.create_superuser(f"other{number}")
    shown = model_to_dict(root, [*FIELDS, "username"])
    sent = {f"initial-{name}": value for name, value in shown.items()} | shown | {field: ""}
    refusal = {field: [LAST_SUPERUSER]} if not others else {}
    form = AccountForm(sent, instance=User.objects.get(pk=root.pk))
    assert {name: form.errors[name] for name in form.errors if name in FIELDS} == refusal
    of_ada = AccountForm(sent | {"username": "ada"}, instance=User.objects.get(pk=ada.pk))
    assert not any(LAST_SUPERUSER in errors for errors in of_ada.errors.values())


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS)
def test_another_who_may_change_accounts_does_not_take_it(root: User, field: str) -> None:
    boss = User.objects.create_superuser("boss")
    client = signed_in(boss)
    assert FACT not in change(client, root, **{field: ""})
    root.refresh_from_db()
    assert not getattr(root, field)
    assert FACT in change(client, boss, **{field: ""})
    boss.refresh_from_db()
    assert getattr(boss, field)


@pytest.mark.slow
def test_the_last_superuser_changes_everything_else(admin: Client, root: User) -> None:
    assert FACT not in change(admin, root, email="root@example.org")
    root.refresh_from_db()
    assert (root.email, root.is_superuser) == ("root@example.org", True)


def test_others_are_deactivated_as_before(admin: Client, ada: User) -> None:
    assert FACT not in change(admin, ada, is_active="")
    ada.refresh_from_db()
    assert not ada.is_active


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_superuser_who_became_the_last_while_the_page_was_open_stays(
    admin: Client, root: User, ada: User, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LastSuperuser("no other active account is a superuser")

    monkeypatch.setattr(account_deletion, "delete_accounts", refuse)
    if way == "page":
        answer = admin.post(f"{USERS}{ada.pk}/delete/", {"post": "yes"}, follow=True)
    else:
        chosen = {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"}
        answer = admin.post(USERS, chosen, follow=True)
    assert f"Nothing was deleted. {FACT}" in answer.content.decode()
    assert User.objects.filter(pk=ada.pk).exists()
