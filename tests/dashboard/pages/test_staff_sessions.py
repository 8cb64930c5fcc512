"""Sessions of staff end when unused and after half a day; those of others last two weeks."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
REST_S, WHOLE_S = 1800, 12 * 3600
FORTNIGHT = timedelta(days=14)
SECOND = timedelta(seconds=1)


class Watch:
    """A clock that stands until it is moved, for `time` and for Django."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def time(self) -> float:
        return self.now_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(time, "time", watch.time)
    monkeypatch.setattr(timezone, "now", watch.now)
    return watch


def sign_in(**facts: bool) -> Client:
    User.objects.create_user("ada", password=PASSWORD, **facts)
    client = Client()
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/sessions/").status_code == 200


def end_of(client: Client) -> datetime:
    return Session.objects.get(pk=client.cookies["sessionid"].value).expire_date


STAFF = [{"is_staff": True}, {"is_superuser": True}, {"is_staff": True, "is_superuser": True}]


@pytest.mark.slow
@pytest.mark.parametrize("facts", STAFF)
def test_a_session_of_staff_ends_when_it_rests(watch: Watch, facts: dict[str, bool]) -> None:
    client = sign_in(**facts)
    for _ in range(3):
        watch.now_s += REST_S - 1
        assert is_in(client)
    watch.now_s += REST_S
    assert not is_in(client)


def test_the_sign_in_itself_sets_the_end(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    assert end_of(client) == watch.now() + timedelta(seconds=REST_S)
    assert client.cookies["sessionid"]["max-age"] == REST_S


def test_others_keep_their_sessions(watch: Watch) -> None:
    client = sign_in()
    watch.now_s += 13 * 24 * 3600
    assert is_in(client)


@pytest.mark.slow
def test_staff_signs_in_again_after_half_a_day(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    begun_s = watch.now_s
    while watch.now_s + REST_S / 2 < begun_s + WHOLE_S:
        watch.now_s += REST_S / 2
        assert is_in(client)
    watch.now_s = begun_s + WHOLE_S - 1
    assert is_in(client)
    watch.now_s += 1
    assert not is_in(client)


@pytest.mark.slow
def test_a_password_that_is_shown_again_begins_half_a_day(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    for _ in range(WHOLE_S // REST_S * 2 - 1):
        watch.now_s += REST_S / 2
        assert is_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    watch.now_s += REST_S - 1
    assert is_in(client)


def test_a_new_member_of_the_staff_rests_no_longer_than_others(watch: Watch) -> None:
    client = sign_in()
    User.objects.update(is_staff=True)
    assert is_in(client)
    assert end_of(client) == watch.now() + timedelta(seconds=REST_S)


def test_most_pages_write_nothing(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    assert is_in(client)
    before = end_of(client)
    watch.now_s += REST_S / 60 - 1
    assert is_in(client)
    assert end_of(client) == before
    watch.now_s += 1
    assert is_in(client)
    assert end_of(client) == before + timedelta(seconds=REST_S / 60)


def test_a_page_that_is_only_open_is_not_used(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    before = end_of(client)
    watch.now_s += REST_S / 2
    client.get("/version/")
    assert end_of(client) == before


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_written_keeps_nobody_from_a_page(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    before = end_of(client)

    def fail(execute, sql, params, many, context):
        if sql.startswith(("UPDATE", "INSERT")):
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    watch.now_s += REST_S / 2
    with connection.execute_wrapper(fail):
        assert is_in(client)
    assert end_of(client) == before
    assert is_in(client)
    assert end_of(client) > before


def test_signing_out_stays_signing_out(watch: Watch) -> None:
    client = sign_in(is_staff=True)
    client.post("/accounts/logout/")
    assert not Session.objects.exists()
    assert not is_in(client)
