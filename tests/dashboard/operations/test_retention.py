"""What is too old goes, in short transactions, and nothing else does."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django import db
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from dashboard.alerts import pruning
from dashboard.models import Alert, AlertFiring, BrowserSession, Notification
from dashboard.operations import retention as rooms
from dashboard.operations.retention import Retention, prune_for_ever
from dashboard.people import session_service
from dashboard.personal import notifications as people
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.models import AuditEntry, AuditSubject, Feed, Instrument, StoredBar
from feeds.services import audit, bars
from tests.support.waiting import until

KEPT = Retention(bars_days=2, dispatches_days=3, notifications_days=3, alerts_days=5, audit_days=30)
NEWEST_MS = 20_000 * DAY_MS


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def make_bars(symbol: str, *ages_ms: int) -> None:
    feed, _ = Feed.objects.get_or_create(slug="demo", name="Demo")
    instrument = Instrument.objects.create(
        feed=feed, symbol=symbol, name=symbol, sector="Lab", reference_price=1
    )
    facts = dict.fromkeys(("open", "high", "low", "close", "volume", "trades", "recorded_ms"), 1)
    StoredBar.objects.bulk_create(
        StoredBar(instrument=instrument, interval="1m", start_ms=NEWEST_MS - age_ms, **facts)
        for age_ms in ages_ms
    )


def ages(symbol: str) -> list[int]:
    found = StoredBar.objects.filter(instrument__symbol=symbol).values_list("start_ms", flat=True)
    return sorted(NEWEST_MS - start_ms for start_ms in found)


def make_people(*days: float) -> None:
    user = User.objects.create_user("eve")
    for age in days:
        Notification.objects.create(user=user, title=f"{age:g}", created_at=ago(age))
        audit.record("halt", f"instrument {age:g}", actor=user)
        AuditEntry.objects.filter(target=f"instrument {age:g}").update(at=ago(age))


@pytest.mark.django_db
def test_each_kind_has_its_own_age() -> None:
    make_bars("NVX", 0, 2 * DAY_MS - MINUTE_MS, 2 * DAY_MS, 3 * DAY_MS)
    make_people(0, 2.9, 4.1, 29, 31.1)
    wanted = dict.fromkeys(rooms.KINDS, 0) | {"bars": 2, "notifications": 3, "audit entries": 1}
    assert KEPT.count_old() == wanted
    pauses: list[float] = []
    assert KEPT.prune(pause=pauses.append) == wanted
    # Others get the lock of SQLite between two batches, and an hour's rows still go in seconds.
    assert pauses
    assert all(0.01 <= pause_s <= 0.1 for pause_s in pauses)
    assert ages("NVX") == [0, 2 * DAY_MS - MINUTE_MS]
    assert {row.title for row in Notification.objects.all()} == {"0", "2.9"}
    assert not AuditEntry.objects.filter(target="instrument 31.1").exists()
    assert not AuditSubject.objects.filter(name="instrument 31.1").exists()
    assert AuditEntry.objects.filter(action="halt").count() == 4
    assert set(KEPT.count_old().values()) == {0}


@pytest.mark.django_db
def test_sessions_go_when_their_time_is_over(monkeypatch) -> None:
    monkeypatch.setattr(session_service, "SESSIONS_PER_DELETE", 2)
    user = User.objects.create_user("eve")
    for number, days in enumerate((-1, 0, 0.1, 1, 40)):
        key = f"session{number}"
        Session.objects.create(session_key=key, session_data="", expire_date=ago(days))
        BrowserSession.objects.create(user=user, key=key, mark="", seen_at=ago(days))
    assert KEPT.count_old()["sessions"] == 4
    assert KEPT.prune(pause=lambda _: None)["sessions"] == 4
    assert [session.session_key for session in Session.objects.all()] == ["session0"]
    assert [session.key for session in BrowserSession.objects.all()] == ["session0"]


def make_alert(state: str, expired: float | None, *fired: float) -> Alert:
    user, _ = User.objects.get_or_create(username="ada")
    expires_at = None if expired is None else ago(expired)
    alert = Alert.objects.create(user=user, state=state, expires_at=expires_at, revision=1)
    for number, age in enumerate(fired):
        AlertFiring.objects.create(
            alert=alert, epoch="e", sequence=number, symbol="NVX", text=state, fired_at=ago(age)
        )
    return alert


@pytest.mark.django_db
def test_old_firings_and_alerts_that_expired_long_ago_go(monkeypatch) -> None:
    monkeypatch.setattr(pruning, "ROWS_PER_DELETE", 2)
    kept = [
        make_alert("active", None, 0, 4.9, 6.1, 40),
        make_alert("triggered", 40, 40),
        make_alert("paused", 40),
        make_alert("stopped", 40),
        make_alert("expired", 4.9, 4.9, 7),
    ]
    make_alert("expired", 6.1, 40)
    make_alert("expired", 30)
    wanted = {"firings": 5, "expired alerts": 2}
    assert wanted.items() <= KEPT.count_old().items()
    assert wanted.items() <= KEPT.prune(pause=lambda _: None).items()
    assert {*Alert.objects.all()} == {*kept}
    assert AlertFiring.objects.count() == 3
    assert AuditEntry.objects.filter(action="prune", target="firings").count() == 3


@pytest.mark.django_db
def test_the_audit_says_what_went_of_people_and_of_itself() -> None:
    make_people(40, 50)
    KEPT.prune(pause=lambda _: None)
    entries = AuditEntry.objects.filter(action="prune").order_by("pk")
    assert [entry.target for entry in entries] == ["notifications", "audit entries"]
    assert [entry.after.get("notifications") for entry in entries] == [2, None]
    assert entries[1].after["entries"] == 2


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    "most", [3, 100, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))]
)
def test_batches_are_short_and_nothing_is_left(monkeypatch, most: int) -> None:
    monkeypatch.setattr(bars, "BATCH_BARS", most)
    monkeypatch.setattr(audit, "BATCH_ROWS", most)
    monkeypatch.setattr(people, "ROWS_PER_INSERT", most)
    old = [3 * DAY_MS + minute * MINUTE_MS for minute in (0, 1, 2, 5, 6)]
    make_bars("NVX", 0, *old)
    make_bars("ORB", 1, *(age + 1 for age in old))
    make_people(40, 41, 42)
    gone = list(KEPT.batches())
    assert sum(count for _, count in gone) == 5 + 5 + 3 + 3
    assert max(count for _, count in gone) <= 2 * most
    assert (ages("NVX"), ages("ORB")) == ([0], [1])


@pytest.mark.django_db
def test_age_is_counted_back_from_the_newest_bar_of_each_instrument() -> None:
    make_bars("NVX", 0, 2 * DAY_MS)
    make_bars("ORB", 9 * DAY_MS, 10 * DAY_MS)
    make_bars("NEW")
    KEPT.prune(pause=lambda _: None)
    assert ages("NVX") == [0]
    assert ages("ORB") == [9 * DAY_MS, 10 * DAY_MS]


@pytest.mark.django_db
def test_the_command_counts_before_it_deletes() -> None:
    make_people(800)
    assert {"1 notifications to delete", "1 audit entries to delete"} <= {
        *prune("--dry-run").split("\n")
    }
    assert Notification.objects.count() == 1
    assert {"1 notifications deleted", "1 audit entries deleted"} <= {*prune().split("\n")}
    assert prune("--dry-run").count("0 ") == len(rooms.KINDS)


def prune(*flags: str) -> str:
    out = StringIO()
    call_command("prune", *flags, stdout=out)
    return out.getvalue()


class Faulty:
    """A retention that fails the first time, and then deletes two rows each time."""

    def __init__(self) -> None:
        self.rounds = 0

    def batches(self) -> Iterator[tuple[str, int]]:
        self.rounds += 1
        if self.rounds == 1:
            raise db.OperationalError("database is locked")
        yield "bars", 2


@pytest.mark.django_db(transaction=True)
async def test_it_goes_on_when_the_database_was_locked(monkeypatch, caplog) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(rooms, "EVERY_S", 0)
    faulty = Faulty()
    running = asyncio.ensure_future(prune_for_ever(faulty))
    await until(lambda: faulty.rounds > 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert "old rows stay error=database is locked" in caplog.text
    assert "old rows deleted rows=2" in caplog.text
