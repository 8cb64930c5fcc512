"""Deletions in the admin: their confirmation counts what goes along, and large ones work."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client

from feeds.admin import deletions
from feeds.models import AuditEntry, Entitlement, Feed, Instrument, Scenario, StoredBar
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


@pytest.mark.slow
def test_ten_times_the_instruments_take_no_more_statements(
    boss, django_assert_max_num_queries, django_capture_on_commit_callbacks
):
    store_bars("NVX", 30)
    counts = []
    for _ in range(2):
        add_instruments(10 if not counts else 100)
        rows = Instrument.objects.exclude(symbol="ORB")
        with (
            django_assert_max_num_queries(200) as queries,
            django_capture_on_commit_callbacks() as pokes,
        ):
            act(boss, INSTRUMENTS, "delete_selected", rows, post="yes")
        assert not Instrument.objects.exclude(symbol="ORB").exists()
        assert len(pokes) == 1
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2
    entries = AuditEntry.objects.filter(action="delete")
    assert entries.get(target="instrument NVX").before["bars"] == 30
    history = entries.filter(subjects__name="feed demo")
    assert history.count() == 111
    assert set(entries.values_list("actor_name", flat=True)) == {"root"}


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


MANY = 1_001


def names() -> Iterator[str]:
    return (f"many {number}" for number in range(MANY))


def many_entitlements() -> None:
    Group.objects.bulk_create(Group(name=name) for name in names())
    groups = Group.objects.filter(name__startswith="many ")
    Entitlement.objects.bulk_create(Entitlement(feed=the_feed(), group=group) for group in groups)


KINDS: dict[str, tuple[type[Model], Callable[[], object]]] = {
    "auth/user": (
        User,
        lambda: User.objects.bulk_create(User(username=name.replace(" ", "")) for name in names()),
    ),
    "auth/group": (Group, lambda: Group.objects.bulk_create(Group(name=name) for name in names())),
    "feeds/feed": (
        Feed,
        lambda: Feed.objects.bulk_create(
            Feed(name=name, slug=name.replace(" ", "-")) for name in names()
        ),
    ),
    "feeds/entitlement": (Entitlement, many_entitlements),
    "feeds/scenario": (
        Scenario,
        lambda: Scenario.objects.bulk_create(
            Scenario(feed=the_feed(), name=name) for name in names()
        ),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("page", KINDS)
def test_many_rows_of_every_kind_are_deleted_at_once(boss, page):
    model, make = KINDS[page]
    kept = set(model._default_manager.values_list("pk", flat=True))
    make()
    rows = list(model._default_manager.exclude(pk__in=kept))
    assert len(rows) == MANY
    confirmation = act(boss, f"/admin/{page}/", "delete_selected", rows)
    assert f"and {MANY - deletions.ROWS_SHOWN:,} more" in confirmation.content.decode()
    assert act(boss, f"/admin/{page}/", "delete_selected", rows, post="yes").status_code == 302
    assert set(model._default_manager.values_list("pk", flat=True)) == kept


def test_every_page_whose_rows_can_be_deleted_counts_what_goes_along(rf, boss):
    request = rf.get("/")
    request.user = User.objects.get(is_superuser=True)
    watched = set()
    for model, page in admin.site._registry.items():
        if page.has_delete_permission(request) and "delete_selected" in page.get_actions(request):
            assert isinstance(page, deletions.DeletionAdmin), page
            watched.add(f"{model._meta.app_label}/{model._meta.model_name}")
    assert watched == KINDS.keys() | {"feeds/instrument"}
