"""The cache is one for all processes, ends its values in time, and says when it cannot be read."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from dashboard.models import CacheEntry
from dashboard.people import cache_service
from dashboard.people.cache_service import KEPT_AFTER_END, prune_cache
from dashboard.people.shared_cache import SharedCache
from tests.support.places import ROOT
from tests.support.storage import environment, make_tables

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD, WRONG = "correct horse battery", "wrong"
TRIES, PER_MINUTE = 5, 30
LOCK_S = 15 * 60


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.25

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(time, "time", watch.time)
    return watch


def test_the_site_counts_in_it() -> None:
    cache.set("key", 1)
    assert CacheEntry.objects.count() == 1


@pytest.mark.parametrize("value", [[1795856000.1234567, 0.1 + 0.2], "y", True, 0, {}, None])
def test_a_value_comes_back_as_it_was(value: object) -> None:
    cache.set("key", value)
    assert cache.get("key", "none") == value
    assert cache.add("other", value)
    assert cache.get("other", "none") == value


def test_a_key_has_one_value() -> None:
    assert cache.get("key", "none") == "none"
    cache.set("key", 1)
    cache.set("key", 2)
    assert not cache.add("key", 3)
    assert cache.add("Key", 4)
    assert (cache.get("key"), cache.get("Key")) == (2, 4)


def test_a_value_goes_when_it_is_deleted() -> None:
    cache.set("key", 1)
    cache.set("other", 2)
    assert cache.delete("key")
    assert not cache.delete("key")
    assert (cache.get("key"), cache.get("other")) == (None, 2)
    assert cache.add("key", 3)
    cache.clear()
    assert cache.get("other") is None


@pytest.mark.parametrize("store", [BaseCache.set, BaseCache.add], ids=["set", "add"])
def test_a_value_ends_exactly_in_time(watch: Watch, store: Callable[..., object]) -> None:
    getattr(cache, store.__name__)("key", 1, 30)
    watch.now_s += 29.75
    assert cache.get("key") == 1
    assert not cache.add("key", 2, 30)
    watch.now_s += 0.25
    assert cache.get("key") is None
    assert cache.add("key", 3, 30)
    assert cache.get("key") == 3


def test_a_value_may_end_at_once_or_never(watch: Watch) -> None:
    cache.set("now", 1, 0)
    cache.set("never", 2, None)
    cache.set("default", 3)
    watch.now_s += 299
    assert [cache.get(key) for key in ("now", "never", "default")] == [None, 2, 3]
    watch.now_s += 10**10
    assert [cache.get(key) for key in ("now", "never", "default")] == [None, 2, None]


def test_a_value_takes_the_place_of_its_own_key_alone(watch: Watch) -> None:
    cache.set("other", 1, 30)
    watch.now_s += 30
    assert cache.add("key", 2, 30)
    assert cache.get("other") is None
    assert cache.add("other", 3, 30)
    assert (cache.get("key"), cache.get("other")) == (2, 3)


def test_a_clock_that_is_set_back_ends_nothing(watch: Watch) -> None:
    cache.set("key", 1, 30)
    watch.now_s -= 3600
    assert cache.get("key") == 1
    assert not cache.add("key", 2, 30)


def test_versions_and_prefixes_are_apart() -> None:
    other = SharedCache("", {"KEY_PREFIX": "other"})
    cache.set("key", 1)
    cache.set("key", 2, version=2)
    other.set("key", 3)
    assert (cache.get("key"), cache.get("key", version=2), other.get("key")) == (1, 2, 3)
    assert other.delete("key")
    assert cache.get("key") == 1


def test_nobody_can_read_in_the_rows_who_failed() -> None:
    Client().post(LOGIN, {"login": "somebody", "password": "wrong"}, REMOTE_ADDR="203.0.113.5")
    rows = str(list(CacheEntry.objects.values()))
    assert CacheEntry.objects.count() == 3, "two of the address, and the name from there"
    assert "203.0.113.5" not in rows
    assert "somebody" not in rows


def test_what_has_ended_goes_an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_service, "ENTRIES_PER_DELETE", 2)
    now = timezone.now()
    ages = [timedelta(0), KEPT_AFTER_END - timedelta(minutes=1)]
    old = [KEPT_AFTER_END + timedelta(minutes=number) for number in range(5)]
    for number, age in enumerate([timedelta(hours=-1), *ages, *old]):
        cache_service.set_value(str(number), number, ends_at=now - age)
    assert list(prune_cache()) == [2, 2, 1]
    assert sorted(CacheEntry.objects.values_list("value", flat=True)) == [0, 1, 2]


# --- what is counted in it ---


def sign_in(name: str = "ada", *, secret: str = WRONG, address: str = "127.0.0.1") -> bool:
    """Say whether somebody gets in."""
    client = Client()
    client.post(LOGIN, {"login": name, "password": secret}, REMOTE_ADDR=address)
    return "_auth_user_id" in client.session


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.mark.slow
def test_a_lock_ends_in_time(ada: User, watch: Watch) -> None:
    for _ in range(TRIES):
        sign_in()
        watch.now_s += 1
    watch.now_s += LOCK_S - TRIES - 1
    assert not sign_in(secret=PASSWORD)
    watch.now_s += 1
    assert sign_in(secret=PASSWORD)


@pytest.mark.slow
def test_a_lock_stays_when_the_clock_is_set_back(ada: User, watch: Watch) -> None:
    for _ in range(TRIES):
        sign_in()
    watch.now_s -= 3600
    assert not sign_in(secret=PASSWORD)


@pytest.mark.slow
def test_invented_names_fill_no_table(ada: User) -> None:
    for number in range(PER_MINUTE + 10):
        sign_in(f"nobody{number}")
    assert CacheEntry.objects.count() == PER_MINUTE + 2, "two are of the address"
    assert not sign_in(secret=PASSWORD)
    assert sign_in(secret=PASSWORD, address="203.0.113.5")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_used_lets_nobody_in(ada: User) -> None:
    """A cache that answered "no value" would let anybody guess meanwhile."""

    def fail(execute, sql, params, many, context):
        if CacheEntry._meta.db_table in sql:
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    client = Client(raise_request_exception=False)
    with connection.execute_wrapper(fail):
        for password in ("wrong", PASSWORD):
            response = client.post(LOGIN, {"login": "ada", "password": password})
            assert response.status_code == 503
            assert response["Retry-After"]
        for work in (
            lambda: cache.get("key"),
            lambda: cache.set("key", 1),
            lambda: cache.add("key", 1),
            lambda: cache.delete("key"),
        ):
            with pytest.raises(OperationalError):
                work()
    assert "_auth_user_id" not in client.session


RUN = """
import sys
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.db import OperationalError, connections
from django.test import RequestFactory

RATE = {"login_failed": "50/15m/ip,5/15m/key"}

def consume():
    request = RequestFactory().post("/")
    return ratelimit.consume(
        request, app="allauth.account", action="login_failed", config=RATE, key="ada"
    )

def patiently(write):
    for _ in range(30):
        try:
            return write()
        except OperationalError:
            pass  # a busy machine was locked out for two seconds, and has written nothing
    return write()

def attempt(number):
    try:
        is_first = patiently(lambda: cache.add(f"code {number % 4}", "y", 900))
        usage = patiently(consume)
        return [int(usage is not None), int(is_first)]
    finally:
        connections.close_all()

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(4) as threads:
    counts = list(threads.map(attempt, range(16)))
print(*map(sum, zip(*counts)))
"""
"""Four threads that try at once, 16 times together, and say how many attempts they had."""


@pytest.mark.slow
@pytest.mark.shared
def test_processes_and_threads_count_together(tmp_path: Path) -> None:
    make_tables(tmp_path)
    settings = environment(tmp_path)
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=settings, check=True)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RUN], env=settings, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].split() for process in processes]
    assert sum(int(attempts) for attempts, _ in answers) == TRIES
    assert sum(int(firsts) for _, firsts in answers) == 4, "each code counts once"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_database_from_before_gets_the_table() -> None:
    call_command("migrate", "dashboard", "0003", verbosity=0)
    try:
        assert CacheEntry._meta.db_table not in connection.introspection.table_names()
    finally:
        call_command("migrate", verbosity=0)
    cache.set("key", 1)
    assert cache.get("key") == 1
