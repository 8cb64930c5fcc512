"""Which users may send a large body, and to which page."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from dashboard.people import upload_rights
from dashboard.people.upload_rights import IMPORT_PATHS, may_upload
from dashboard.servers.limits import LIMITS, MIB
from feeds.admin.table_forms import MOST_BYTES

PATH = "/admin/feeds/recording/add/"


def scope_of(client: Client, path: str = PATH) -> dict[str, object]:
    session = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"),
               (b"cookie", f"sessionid={session}".encode())]  # fmt: skip
    return {"type": "http", "scheme": "http", "path": path, "headers": headers}


def signed_in(*, staff: bool, permission: str = "") -> Client:
    user = User.objects.create_user("ada", is_staff=staff)
    if permission:
        user.user_permissions.add(Permission.objects.get(codename=permission))
    client = Client()
    client.force_login(user)
    return client


def test_the_pages_that_take_large_files_are_there() -> None:
    assert set(IMPORT_PATHS) == {reverse("admin:feeds_recording_add").encode()}
    assert LIMITS.upload_bytes == MOST_BYTES + MIB


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("staff", "permission", "path", "admitted"),
    [(True, "add_recording", PATH, True), (False, "add_recording", PATH, False),
     (True, "", PATH, False), (True, "view_recording", PATH, False),
     (True, "add_recording", "/admin/", False)],
)  # fmt: skip
def test_only_importers_may_upload(staff: bool, permission: str, path: str, admitted: bool) -> None:
    client = signed_in(staff=staff, permission=permission)
    assert async_to_sync(may_upload)(scope_of(client, path)) is admitted


def test_while_the_database_is_away_nobody_may_upload(monkeypatch) -> None:
    async def fail(scope: dict[str, object]) -> None:
        raise OperationalError("locked")

    monkeypatch.setattr(upload_rights, "identify", fail)
    assert async_to_sync(may_upload)(scope_of(Client())) is False


def test_who_sends_elsewhere_is_not_even_looked_up(monkeypatch) -> None:
    monkeypatch.setattr(upload_rights, "identify", lambda _: pytest.fail("it was looked up"))
    for path in ("/admin/", f"{PATH}x", "/admin/feeds/recording/add"):
        assert async_to_sync(may_upload)(scope_of(Client(), path)) is False


@pytest.mark.django_db(transaction=True)
def test_nobody_and_foreign_pages_may_not_upload() -> None:
    assert not async_to_sync(may_upload)(scope_of(Client()))
    scope = scope_of(signed_in(staff=True, permission="add_recording"))
    assert async_to_sync(may_upload)(scope)
    assert not async_to_sync(may_upload)(scope | {"path": "/admin/"})
    scope["scheme"] = "https"  # the page was sent over http
    assert not async_to_sync(may_upload)(scope)
