"""Audit entries that older versions wrote: a new version shows, finds and undoes them."""

import importlib

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, AuditSubject, Feed, Halt
from feeds.services.feeds import seed_exchange
from feeds.services.instruments import halt_instruments, resume_instruments
from feeds.services.undo import is_newest, undo
from tests.support.staff import root

pytestmark = pytest.mark.django_db
LAST_OLD = ("feeds", "0007_pending_imports")


@pytest.fixture(autouse=True)
def feed():
    seed_exchange(4, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


@pytest.fixture
def symbols(feed):
    return sorted(feed.instruments.values_list("symbol", flat=True))


def migrate():
    """Do what the migration of the data does, twice: it may be run again after a failure."""
    migration = importlib.import_module("feeds.migrations.0009_fill_audit_subjects")
    migration.fill(apps, None)
    migration.fill(apps, None)


def old_single(symbol):
    """Halt an instrument as older versions did with a single instrument."""
    instrument = Feed.objects.get().instruments.get(symbol=symbol)
    Halt.objects.create(instrument=instrument, reason="old news")
    facts = {"before": {"halted": False}, "after": {"halted": True}, "reason": "old news"}
    return AuditEntry.objects.create(action="halt", target=f"instrument {symbol}", **facts)


def old_many(symbols):
    """Halt instruments as older versions did with several."""
    for instrument in Feed.objects.get().instruments.filter(symbol__in=symbols):
        Halt.objects.create(instrument=instrument, reason="old news")
    facts = {"after": {"symbols": symbols}, "reason": "old news"}
    return AuditEntry.objects.create(action="halt", target="feed demo", **facts)


def halted():
    rows = Halt.objects.filter(ended_at=None)
    return sorted(rows.values_list("instrument__symbol", flat=True))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_an_old_halt_is_in_the_histories_of_the_feed_and_of_its_instruments(feed, symbols, count):
    old_single(symbols[0]) if count == 1 else old_many(symbols[:count])
    migrate()
    client, places = root(), [f"/admin/feeds/feed/{feed.pk}/history/"]
    rows = {row.symbol: f"/admin/feeds/instrument/{row.pk}/history/" for row in _rows(feed)}
    for place in places + [rows[symbol] for symbol in symbols[:count]]:
        assert client.get(place).content.decode().count("old news") == 1
    assert "old news" not in client.get(rows[symbols[-1]]).content.decode()
    assert client.get("/admin/feeds/auditentry/").content.decode().count("old news") == 1


def _rows(feed):
    return feed.instruments.all()


@pytest.mark.parametrize("count", [1, 3])
def test_an_old_halt_is_undone_once(symbols, count):
    entry = old_single(symbols[0]) if count == 1 else old_many(symbols[:count])
    migrate()
    undo(entry, actor=None)
    assert halted() == []
    with pytest.raises(ChangeRefused, match="changed since"):
        undo(entry, actor=None)


@pytest.mark.parametrize("count", [1, 3])
def test_an_old_halt_is_not_undone_if_an_instrument_moved_since(feed, symbols, count):
    entry = old_single(symbols[0]) if count == 1 else old_many(symbols[:count])
    migrate()
    others = feed.instruments.filter(symbol=symbols[-1])
    halt_instruments(others, actor=None, reason="other news")
    assert is_newest(entry)
    moved = feed.instruments.filter(symbol=symbols[0])
    resume_instruments(moved, actor=None)
    halt_instruments(moved, actor=None, reason="again")
    assert not is_newest(entry)


def test_an_old_halt_of_many_makes_an_older_single_one_stale(symbols):
    single = old_single(symbols[0])
    Halt.objects.all().delete()
    many = old_many(symbols[:2])
    migrate()
    assert (is_newest(single), is_newest(many)) == (False, True)


def test_the_audit_tells_the_feed_of_an_instrument_that_is_gone():
    AuditEntry.objects.create(action="halt", target="instrument OLD", after={"halted": True})
    facts = {"symbol": "OLD", "feed": "closed-feed"}
    AuditEntry.objects.create(action="delete", target="instrument OLD", before=facts)
    AuditEntry.objects.create(action="send", target="notification to everyone")
    migrate()
    names = list(AuditSubject.objects.order_by("entry_id", "pk").values_list("name", flat=True))
    assert names == ["instrument OLD", "feed closed-feed"] * 2 + ["notification to everyone"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_database_of_an_older_version_is_brought_up_to_date(symbols):
    executor = MigrationExecutor(connection)
    try:
        executor.migrate([LAST_OLD])
        assert "feeds_auditsubject" not in connection.introspection.table_names()
        old = executor.loader.project_state([LAST_OLD]).apps.get_model("feeds", "AuditEntry")
        old.objects.create(action="halt", target="feed demo", after={"symbols": symbols[:2]})
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    found = AuditEntry.objects.get(subjects__name=f"instrument {symbols[0]}")
    assert found.subjects.count() == 3
