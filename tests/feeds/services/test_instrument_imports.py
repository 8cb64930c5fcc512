"""A list that was tried waits for an hour, and its application is written down with what went."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Instrument, PendingImport, StoredBar
from feeds.services.instrument_imports import apply_import, find_pending, try_import
from feeds.services.instrument_lists import InstrumentResource

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LIST = "symbol,name,tick_size\nNVX,Novexa,0.05\nORB,Orbit,0.01\n"
"""NVX gets another tick size, ORB another name, and QAL is missing."""


@pytest.fixture
def olga() -> User:
    return User.objects.create_user("olga")


@pytest.fixture
def feed() -> Feed:
    feed = Feed.objects.create(slug="demo", name="Demo")
    values = dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), 1)
    for bars, symbol in enumerate(("NVX", "ORB", "QAL"), 1):
        row = Instrument.objects.create(
            feed=feed, symbol=symbol, name="Novexa", sector="Lab", reference_price=1
        )
        for start_ms in range(bars):
            StoredBar.objects.create(
                instrument=row, interval="1m", start_ms=start_ms, recorded_ms=0, **values
            )
    return feed


@pytest.mark.parametrize(
    ("with_removal", "bars", "left", "removed"),
    [
        (False, 1, ["ORB", "ORB", "QAL", "QAL", "QAL"], {}),
        (True, 4, ["ORB", "ORB"], {"QAL": "removed"}),
    ],
)
def test_the_audit_keeps_what_a_list_changed_and_deleted(
    feed: Feed, olga: User, with_removal: bool, bars: int, left: list[str], removed: dict
) -> None:
    key, _ = try_import(feed, LIST, actor=olga)
    done = apply_import(feed, key, with_removal=with_removal, actor=olga)
    assert [row.symbol for row in done.regridded] == ["NVX"]
    entry = AuditEntry.objects.get()
    assert entry.after == {"NVX": {"tick_size": "0.05"}, "ORB": {"name": "Orbit"}} | removed
    assert entry.before == {
        "NVX": {"tick_size": "0.01"}, "ORB": {"name": "Novexa"}, "bars deleted": bars,
    } | dict.fromkeys(removed, "listed")  # fmt: skip
    found = StoredBar.objects.order_by("pk").values_list("instrument__symbol", flat=True)
    assert list(found) == left
    assert not PendingImport.objects.exists()


def test_no_deleted_bars_are_written_down_where_there_were_none(feed: Feed, olga: User) -> None:
    key, _ = try_import(feed, "symbol,name\nNVX,Nova\n", actor=olga)
    apply_import(feed, key, actor=olga)
    assert AuditEntry.objects.get().before == {"NVX": {"name": "Novexa"}}


def test_trouble_that_is_no_fault_of_a_list_is_not_blamed_on_it(
    feed: Feed, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(InstrumentResource, "init_instance", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        try_import(feed, "symbol,name\nNEW,New\n", actor=olga)


def test_a_list_waits_for_an_hour_and_no_longer(
    feed: Feed, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: begun)
    key, _ = try_import(feed, LIST, actor=olga)
    eve = User.objects.create_user("eve")
    monkeypatch.setattr(timezone, "now", lambda: begun + HOUR)
    assert find_pending(feed, key, actor=olga).text == LIST
    try_import(feed, LIST, actor=eve)
    assert PendingImport.objects.count() == 2
    later = begun + HOUR + timedelta(microseconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    with pytest.raises(ChangeRefused, match="too old"):
        find_pending(feed, key, actor=olga)
    assert PendingImport.objects.count() == 2
    try_import(feed, LIST, actor=eve)
    assert PendingImport.objects.get().user == eve
