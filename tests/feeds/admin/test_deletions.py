"""Deletions in the admin: their confirmation counts what goes along, and large ones work."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feeds.admin import deletions
from feeds.models import AuditEntry, Feed, Instrument, StoredBar
from tests.support.operators import (
    FEEDS,
    INSTRUMENT_FORM,
    INSTRUMENTS,
    act,
    make_market,
    the,
    the_feed,
)
from tests.support.staff import root, staff

pytestmark = pytest.mark.django_db
PRICES = {"open": 1, "high": 1, "low": 1, "close": 1, "volume": 1, "trades": 1, "recorded_ms": 1}


@pytest.fixture(autouse=True)
def market() -> None:
    make_market()


@pytest.fixture
def boss() -> Client:
    return root()


def store_bars(symbol: str, count: int) -> None:
    bars = (
        StoredBar(instrument=the(symbol), interval="1m", start_ms=60_000 * number, **PRICES)
        for number in range(count)
    )
    StoredBar.objects.bulk_create(bars)


def add_instruments(count: int) -> None:
    Instrument.objects.bulk_create(
        Instrument(feed=the_feed(), symbol=f"X{number}", **INSTRUMENT_FORM)
        for number in range(count)
    )


@pytest.mark.slow
def test_a_feed_is_deleted_with_the_number_of_its_bars_and_without_their_list(boss):
    store_bars("NVX", 300)
    page = boss.get(f"{FEEDS}{the_feed().pk}/delete/").content.decode()
    assert "Stored bars: 300" in page
    assert "Instruments: 2" in page
    assert "60000" not in page
    boss.post(f"{FEEDS}{the_feed().pk}/delete/", {"post": "yes"})
    assert not StoredBar.objects.exists()


@pytest.mark.slow
def test_bars_are_counted_and_not_read(boss, django_assert_max_num_queries):
    store_bars("NVX", 300)
    with django_assert_max_num_queries(40) as queries:
        boss.get(f"{FEEDS}{the_feed().pk}/delete/")
    reads = [
        query["sql"] for query in queries.captured_queries if "feeds_storedbar" in query["sql"]
    ]
    assert reads
    assert all("COUNT(" in sql for sql in reads)


@pytest.mark.slow
def test_more_rows_than_django_takes_fields_are_deleted_at_once(boss):
    add_instruments(1_200)
    rows = Instrument.objects.filter(symbol__startswith="X")
    page = act(boss, INSTRUMENTS, "delete_selected", rows)
    assert "and 1,100 more" in page.content.decode()
    assert act(boss, INSTRUMENTS, "delete_selected", rows, post="yes").status_code == 302
    assert set(Instrument.objects.values_list("symbol", flat=True)) == {"NVX", "ORB"}
    assert AuditEntry.objects.filter(action="delete").count() == 1_200


@pytest.mark.parametrize("post", [{}, {"post": "yes"}])
def test_too_many_rows_are_refused_beforehand_with_their_number(boss, monkeypatch, post):
    monkeypatch.setattr(deletions, "MOST_ROWS", 1)
    rows = Instrument.objects.all()
    response = boss.post(
        INSTRUMENTS,
        {"action": "delete_selected", "_selected_action": [r.pk for r in rows], **post},
        follow=True,
    )
    assert "Nothing was deleted: 2 rows are selected, and one deletion takes 1 at most." in (
        response.content.decode()
    )
    assert Instrument.objects.count() == 2


def test_as_many_rows_as_allowed_are_deleted(boss, monkeypatch):
    monkeypatch.setattr(deletions, "MOST_ROWS", 2)
    act(boss, INSTRUMENTS, "delete_selected", Instrument.objects.all(), post="yes")
    assert not Instrument.objects.exists()


def test_rows_that_go_along_need_their_permission():
    client = staff("delete_feed", "view_feed")
    page = client.get(f"{FEEDS}{the_feed().pk}/delete/").content.decode()
    assert "permission" in page
    assert "instrument" in page
    assert client.post(f"{FEEDS}{the_feed().pk}/delete/", {"post": "yes"}).status_code == 403
    act(client, FEEDS, "delete_selected", [the_feed()], post="yes")
    assert Feed.objects.filter(slug="demo").exists()


def test_an_account_is_deleted_with_counts(boss):
    ada = User.objects.create_user("ada")
    page = boss.get(f"/admin/auth/user/{ada.pk}/delete/").content.decode()
    assert "Users: 1" in page
    boss.post(f"/admin/auth/user/{ada.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="ada").exists()
