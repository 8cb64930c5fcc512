"""Operators hear of trouble once, also when the database comes back late."""

import asyncio

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import OperationalError

from dashboard.feed_tasks import FeedTasks
from dashboard.models import Notification
from dashboard.operations import alarm
from dashboard.operations.alarm import TITLES, Alarm, BusWatch
from dashboard.operations.metrics import AlarmCollector
from dashboard.people.selectors import operators
from dashboard.personal.notifications import REPEAT_AFTER, notify_operators
from feeds.bus.memory import MemoryBus
from feeds.clock import SystemClock
from feeds.engine.feed_watch import Trouble, TroubleKind
from feeds.models import AuditEntry
from tests.support.exchange import Exchange
from tests.support.metrics import samples

STALLED = Trouble("demo", TroubleKind.STALLED, "no ticks for 5 s")


class Announcements:
    """What operators hear; `is_away` is a database that is not there."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.is_away = False

    async def __call__(self, title: str, body: str) -> None:
        if self.is_away:
            raise OperationalError("away")
        self.said.append((title, body))


async def test_a_trouble_is_logged_counted_and_announced(caplog: pytest.LogCaptureFixture) -> None:
    announcements = Announcements()
    siren = Alarm(list, announcements)
    siren.note(STALLED)
    assert announcements.said == []
    await siren.tell()
    await siren.tell()
    assert announcements.said == [("Feed demo has stalled", "no ticks for 5 s")]
    assert "trouble kind=stalled feed=demo fact=no ticks for 5 s" in caplog.text
    read = samples(AlarmCollector(siren))
    assert read["market_troubles_total stalled"] == 1
    assert read["market_troubles_total crashed"] == 0


async def test_what_the_database_could_not_take_is_announced_later() -> None:
    announcements = Announcements()
    siren = Alarm(list, announcements)
    announcements.is_away = True
    siren.note(STALLED)
    siren.note(STALLED._replace(feed="other"))
    await siren.tell()
    assert announcements.said == []
    announcements.is_away = False
    await siren.tell()
    assert [title for title, _ in announcements.said] == [
        "Feed demo has stalled",
        "Feed other has stalled",
    ]


async def test_it_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "LOOK_S", 0.0)
    announcements, found = Announcements(), [[STALLED], [], [STALLED]]
    running = asyncio.ensure_future(
        Alarm(lambda: found.pop(0) if found else [], announcements).run()
    )
    async with asyncio.timeout(5):
        while len(announcements.said) < 2:
            await asyncio.sleep(0)
    running.cancel()
    assert found == []


def test_every_kind_has_a_title() -> None:
    assert TITLES.keys() == set(TroubleKind)


def test_a_silent_bus_is_news_once_for_each_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Exchange().hub
    watch, age_s = BusWatch(hub), [0.0]
    monkeypatch.setattr(type(hub), "bus_age_s", property(lambda _: age_s[0]))
    seen = []
    for age_s[0] in (0.0, 9.9, 10.0, 11.0, 0.5, 10.0):
        seen.append([trouble.kind for trouble in watch.look()])
    silent = [TroubleKind.SILENT]
    assert seen == [[], [], silent, [], [], silent]


@pytest.mark.django_db(transaction=True)
async def test_a_market_that_crashes_is_trouble(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(self) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr("dashboard.feed_tasks.Runner.run", fail)
    feed = FeedTasks(MemoryBus(), SystemClock())
    with pytest.raises(ExceptionGroup):
        await feed.run()
    assert feed.alarm.counts == {TroubleKind.CRASHED: 1}
    assert "fact=ValueError('no such thing')" in caplog.text


# --- the service ---


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_superuser("ada", password="x")


def test_operators_are_staff_who_may_operate(ada: User) -> None:
    run = Permission.objects.get(codename="run_feed")
    group = Group.objects.create(name="traders")
    group.permissions.add(run)
    for name, is_staff, is_active in (("bob", 1, 1), ("cid", 0, 1), ("dan", 1, 0), ("eve", 1, 1)):
        user = User.objects.create_user(name, is_staff=is_staff, is_active=is_active)
        user.user_permissions.add(run) if name != "eve" else user.groups.add(group)
    User.objects.create_user("fay", is_staff=True)
    assert {user.username for user in operators()} == {"ada", "bob", "eve"}
    assert operators().count() == 3


def test_the_same_trouble_is_announced_once_by_all_processes(ada: User) -> None:
    assert notify_operators(title="Feed demo has stalled", body="no ticks") == 1
    assert notify_operators(title="Feed demo has stalled", body="no ticks for 6 s") == 0
    assert notify_operators(title="Feed other has stalled", body="no ticks") == 1
    [newer, older] = Notification.objects.all()
    assert (older.user, older.level) == (ada, "critical")
    assert newer.title == "Feed other has stalled"
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.actor_name, entry.target) == ("system", "notification to operators")


def test_the_same_trouble_is_announced_again_later(ada: User) -> None:
    notify_operators(title="Feed demo has stalled", body="no ticks")
    row = Notification.objects.get()
    Notification.objects.update(created_at=row.created_at - REPEAT_AFTER)
    assert notify_operators(title="Feed demo has stalled", body="no ticks") == 1
