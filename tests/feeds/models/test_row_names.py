"""Rows are named where lists, messages and logs show them."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Model

from feeds.models import (
    AuditEntry,
    AuditSubject,
    Entitlement,
    Feed,
    FormerBar,
    Halt,
    Instrument,
    Intervention,
    MarketCheckpoint,
    PendingImport,
    RealismDay,
    Recording,
    Scenario,
    ScenarioStep,
    StoredBar,
)

FEED = Feed(pk=7, slug="demo", name="Demo Exchange")
NVX = Instrument(pk=3, feed=FEED, symbol="NVX", name="Novexa")
LATE = Group(name="Late")
SHOCK = Intervention(feed=FEED, kind="shock", size=-6, sector="Energy", duration_s=90)
AT = datetime(2026, 3, 6, 20, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (FEED, "Demo Exchange"),
        (NVX, "NVX"),
        (
            Halt(instrument=NVX, started_at=AT, reason="news"),
            "NVX 2026-03-06 20:01:02 news",
        ),
        (Recording(name="Monday"), "Monday"),
        (Scenario(feed=FEED, name="Crash"), "Crash"),
        (SHOCK, "shock -6 % of Energy over 90 s"),
        (
            ScenarioStep(kind="regime", size=2.5, symbol="NVX", duration_s=60, offset_s=30),
            "after 30 s: regime x 2.5 of NVX over 60 s",
        ),
        (Entitlement(feed=FEED, group=LATE, delay_minutes=15), "Late sees demo 15 min late"),
        (Entitlement(feed=FEED, group=LATE), "Late sees demo real-time"),
        (AuditEntry(actor_name="olga", action="halt", target="feed demo"), "olga halt feed demo"),
        (AuditSubject(name="feed demo"), "feed demo"),
        (StoredBar(instrument=NVX, interval="1m", start_ms=60_000), "3 1m 60000"),
        (
            FormerBar(instrument=NVX, interval="1d", start_ms=0, replaced_ms=9),
            "3 1d 0 until 9",
        ),
        (MarketCheckpoint(epoch="e1", saved_ms=5), "market e1 at 5"),
        (PendingImport(feed=FEED, user=User(username="olga")), "import into Demo Exchange of olga"),
        (RealismDay(feed=FEED, day=20_000), "7 20000"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Model) else "",
)
def test_a_row_is_named(row: Model, name: str) -> None:
    assert str(row) == name
