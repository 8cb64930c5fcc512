"""The audit: what an entry keeps, whose histories show it, and how old entries go."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from feeds.models import (
    AuditEntry,
    AuditSubject,
    Entitlement,
    Feed,
    Instrument,
    Recording,
    Scenario,
)
from feeds.services import audit
from feeds.services.audit import (
    AuditFacts,
    facts_of,
    old_audit,
    prune_audit,
    record,
    record_each,
    subjects_of,
    target_of,
)

pytestmark = pytest.mark.django_db
DEMO = Feed(pk=1, slug="demo", name="Demo Exchange")
NVX = Instrument(feed=DEMO, symbol="NVX", name="Novexa")
LATE = Entitlement(feed=DEMO, group=Group(name="Late"), delay_minutes=15)
CRASH = Scenario(feed=DEMO, name="Crash")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "target", "subjects"),
    [
        (DEMO, "feed demo", ["feed demo"]),
        (NVX, "instrument NVX", ["instrument NVX", "feed demo"]),
        (LATE, "entitlement demo Late", ["entitlement demo Late"]),
        (CRASH, "scenario demo Crash", ["scenario demo Crash"]),
    ],
)
def test_a_row_has_a_name_in_the_audit(row: object, target: str, subjects: list[str]) -> None:
    assert (target_of(row), subjects_of(row)) == (target, subjects)


class Facts:
    """A row with a field of each kind."""

    text, number, nothing = "x", 0.02, None
    price, large = Decimal("101.2500"), Decimal("1E+3")
    day = date(2026, 3, 6)
    at = datetime(2026, 3, 6, 20, 0, 1, 234_567, tzinfo=timezone(timedelta(hours=-5)))
    feed, instrument, entitlement = DEMO, NVX, LATE
    group, recording = Group(name="Late"), Recording(name="Monday")


def test_facts_are_exact_and_rows_are_named() -> None:
    names = [name for name in vars(Facts) if not name.startswith("_")]
    assert facts_of(Facts(), names) == {
        "text": "x", "number": 0.02, "nothing": None, "price": "101.25", "large": "1000",
        "day": "2026-03-06", "at": "2026-03-06T20:00:01.234-05:00", "feed": "demo",
        "instrument": "NVX", "entitlement": "demo Late", "group": "Late", "recording": "Monday",
    }  # fmt: skip
    assert facts_of(Facts(), ["price"]) == {"price": "101.25"}


def test_an_entry_is_in_each_history_once() -> None:
    ada = User.objects.create_user("ada")
    subjects = ("instrument NVX", "feed demo", "instrument NVX")
    record("halt", "feed demo", actor=ada, before={"a": 1}, subjects=subjects, reason="news")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name, entry.reason) == (ada, "ada", "news")
    assert (entry.action, entry.target, entry.before, entry.after) == (
        "halt", "feed demo", {"a": 1}, {},
    )  # fmt: skip
    names = AuditSubject.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["feed demo", "instrument NVX"]
    with pytest.raises(ValidationError):
        record("halt", "feed demo", actor=ada, reason="x" * 201)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(("actor_name", "named"), [("ada", "ada"), (None, "system")])
def test_many_entries_have_their_own_facts_and_histories(
    actor_name: str | None, named: str
) -> None:
    actor = User.objects.create_user(actor_name) if actor_name else None
    changes = {
        f"instrument {symbol}": AuditFacts(
            {"symbol": symbol}, ["feed demo", f"instrument {symbol}"]
        )
        for symbol in ("NVX", "ORB")
    }
    record_each("delete", changes, actor=actor)
    found = [
        (entry.action, entry.target, entry.before, entry.after, entry.actor, entry.actor_name)
        for entry in AuditEntry.objects.order_by("pk")
    ]
    assert found == [
        ("delete", f"instrument {symbol}", {"symbol": symbol}, {}, actor, named)
        for symbol in ("NVX", "ORB")
    ]
    for entry in AuditEntry.objects.all():
        names = entry.subjects.order_by("pk").values_list("name", flat=True)
        assert list(names) == [entry.target, "feed demo"]


def test_old_entries_go_in_short_transactions_that_the_audit_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "BATCH_ROWS", 2)
    for days in (2, -3, -1, -2, 0):
        record("pause", f"feed f{days}", actor=None)
        AuditEntry.objects.filter(target=f"feed f{days}").update(at=NEW_YEAR + timedelta(days=days))
    assert [AuditEntry.objects.get(pk=pk).target for pk in old_audit(NEW_YEAR)] == [
        "feed f-3", "feed f-2", "feed f-1",
    ]  # fmt: skip
    assert list(prune_audit(NEW_YEAR)) == [2, 1]
    left = AuditEntry.objects.order_by("pk")
    assert [(entry.action, entry.target, entry.actor_name, entry.after) for entry in left] == [
        ("pause", "feed f2", "system", {}),
        ("pause", "feed f0", "system", {}),
        ("prune", "audit entries", "system", {"entries": 2, "before": "2026-01-01 00:00"}),
        ("prune", "audit entries", "system", {"entries": 1, "before": "2026-01-01 00:00"}),
    ]
    assert AuditSubject.objects.count() == 4
    assert list(prune_audit(NEW_YEAR)) == []
