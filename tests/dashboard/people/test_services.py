"""What people watch and were told: own rows only, and a poke for exactly those concerned."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.exceptions import UnknownSymbol, WatchlistFull
from dashboard.models import Notification, Watchlist, WatchlistEntry
from dashboard.people import selectors, services
from dashboard.people.selectors import DEFAULT_WATCHLIST
from dashboard.wire.personal import Personal
from feeds.bus import control
from feeds.models import AuditEntry, Feed, Instrument
from tests.support.examples import examples

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market():
    """List 28 instruments A00 to A27."""
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    list_instruments(feed, (f"A{number:02}" for number in range(28)))


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture
def pokes(monkeypatch, django_capture_on_commit_callbacks):
    """Return whom a call pokes once its transaction commits, which no test's transaction does."""
    calls = []
    monkeypatch.setattr(control, "poke_people", lambda user_ids: calls.append(user_ids))

    def collect(call, *args, **options):
        calls.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call(*args, **options)
            assert calls == [], "poked before the commit"
        return list(calls)

    return collect


def list_instruments(feed, symbols):
    Instrument.objects.bulk_create(
        Instrument(
            feed=feed, symbol=symbol, name=symbol, sector="Energy", reference_price=Decimal(10)
        )
        for symbol in symbols
    )


def symbols_of(user):
    return list(selectors.personal_of([user.pk])[user.pk].watchlist)


def send(recipients=None, **options):
    values = {"title": "Maintenance", "body": "at noon", "level": "info", "actor": None} | options
    return services.send_notification(recipients=recipients or User.objects.all(), **values)


# --- watchlists -----------------------------------------------------------------------------


def test_somebody_new_watches_the_first_symbols(ada):
    expected = [f"A{number:02}" for number in range(DEFAULT_WATCHLIST)]
    assert symbols_of(ada) == expected
    assert not Watchlist.objects.exists(), "reading wrote a row"
    services.watchlist_of(ada)
    assert symbols_of(ada) == expected
    assert Watchlist.objects.get().user == ada


def test_a_watchlist_is_made_once(ada):
    assert services.watchlist_of(ada) == services.watchlist_of(ada)
    assert WatchlistEntry.objects.count() == DEFAULT_WATCHLIST


def test_a_new_symbol_goes_to_the_end(ada, pokes):
    assert pokes(services.add_to_watchlist, ada, "A27") == [[ada.pk]]
    assert symbols_of(ada)[-2:] == ["A19", "A27"]


def test_a_symbol_that_is_there_stays_where_it_is(ada, pokes):
    services.watchlist_of(ada)
    before = symbols_of(ada)
    assert pokes(services.add_to_watchlist, ada, "A03") == []
    assert symbols_of(ada) == before


def test_a_removed_symbol_is_gone_and_the_rest_keeps_its_order(ada, pokes):
    assert pokes(services.remove_from_watchlist, ada, "A03") == [[ada.pk]]
    assert symbols_of(ada) == [
        f"A{number:02}" for number in range(DEFAULT_WATCHLIST) if number != 3
    ]


@pytest.mark.parametrize("symbol", ["A27", "NOPE", ""])
def test_removing_what_is_not_there_changes_nothing(ada, pokes, symbol):
    services.watchlist_of(ada)
    assert pokes(services.remove_from_watchlist, ada, symbol) == []
    assert len(symbols_of(ada)) == DEFAULT_WATCHLIST


def test_an_emptied_watchlist_stays_empty(ada):
    for symbol in symbols_of(ada):
        services.remove_from_watchlist(ada, symbol)
    services.watchlist_of(ada)
    assert symbols_of(ada) == []


@pytest.mark.parametrize("symbol", ["NOPE", "", "a01", "A01 ", "%", "x" * 10_000])
def test_a_symbol_nobody_trades_is_refused(ada, pokes, symbol):
    with pytest.raises(UnknownSymbol) as refusal:
        services.add_to_watchlist(ada, symbol)
    assert len(str(refusal.value)) < 50
    assert not WatchlistEntry.objects.filter(instrument__symbol=symbol).exists()


@pytest.mark.slow
def test_a_watchlist_holds_two_hundred_symbols(ada):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(200)))
    for number in range(200 - DEFAULT_WATCHLIST):
        services.add_to_watchlist(ada, f"B{number:03}")
    with pytest.raises(WatchlistFull, match="holds 200 symbols"):
        services.add_to_watchlist(ada, "B199")
    assert len(symbols_of(ada)) == 200
    services.add_to_watchlist(ada, "A00")  # is there already: not refused
    services.remove_from_watchlist(ada, "A00")
    services.add_to_watchlist(ada, "B199")


def test_many_symbols_are_one_change(ada, pokes):
    services.watchlist_of(ada)
    before = symbols_of(ada)
    assert pokes(services.add_to_watchlist, ada, "A27", "A03", "A25", "A27") == [[ada.pk]]
    assert symbols_of(ada) == [*before, "A27", "A25"]


def test_two_hundred_symbols_take_a_few_queries(ada, django_assert_max_num_queries):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(200)))
    services.watchlist_of(ada)
    with django_assert_max_num_queries(20):
        services.add_to_watchlist(ada, *(f"B{number:03}" for number in range(200)))
    assert len(symbols_of(ada)) == 200


def test_what_cannot_be_added_is_named_and_the_rest_is_added(ada):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(200)))
    wanted = [*(f"B{number:03}" for number in range(200)), *(f"N{number}" for number in range(7))]
    addition = services.add_to_watchlist(ada, *wanted)
    room = 200 - DEFAULT_WATCHLIST
    assert (len(addition.added), len(addition.left_out)) == (room, DEFAULT_WATCHLIST)
    assert addition.text() == (
        f"Added {room}. A watchlist holds 200 symbols: {DEFAULT_WATCHLIST} did not fit. "
        "No instrument is called 'N0', 'N1', 'N2', 'N3', 'N4', and 2 more"
    )
    with pytest.raises(WatchlistFull):
        services.add_to_watchlist(ada, "B199", "B198")
    with pytest.raises(UnknownSymbol, match="'N0', 'N1'"):
        services.add_to_watchlist(ada, "N0", "N1")
    assert services.add_to_watchlist(ada, "A00", "B000").text() == ""


@pytest.mark.parametrize(
    ("place", "expected"),
    [(0, 0), (3, 3), (DEFAULT_WATCHLIST - 1, -1), (DEFAULT_WATCHLIST, None), (2**63 - 1, None)],
)
def test_symbols_are_put_where_they_are_wanted(ada, place, expected):
    services.watchlist_of(ada)
    before = symbols_of(ada)
    services.add_to_watchlist(ada, "A27", "A26", place=place)
    at = len(before) if expected is None else expected
    assert symbols_of(ada) == [*before[:at], "A27", "A26", *before[at:]]


@pytest.mark.parametrize("index", [0, 7, DEFAULT_WATCHLIST - 1])
def test_a_removed_symbol_comes_back_where_it_was(ada, index):
    services.watchlist_of(ada)
    before = symbols_of(ada)
    services.remove_from_watchlist(ada, before[index])
    services.add_to_watchlist(ada, before[index], place=index)
    assert symbols_of(ada) == before


def test_people_change_only_their_own_watchlist(ada, bob, pokes):
    services.watchlist_of(bob)
    before = symbols_of(bob)
    services.add_to_watchlist(ada, "A27")
    services.remove_from_watchlist(ada, "A00")
    assert symbols_of(bob) == before


def test_a_delisted_instrument_leaves_the_watchlists(ada):
    services.watchlist_of(ada)
    Instrument.objects.get(symbol="A05").delete()
    assert "A05" not in symbols_of(ada)


EDITS = st.lists(st.tuples(st.booleans(), st.sampled_from([f"A{n:02}" for n in range(28)])))


@pytest.mark.slow
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS)
def test_a_watchlist_is_what_a_list_would_be_whatever_was_edited(ada, edits):
    Watchlist.objects.all().delete()
    expected = symbols_of(ada)
    for is_addition, symbol in edits:
        if is_addition:
            services.add_to_watchlist(ada, symbol)
            expected += [] if symbol in expected else [symbol]
        else:
            services.remove_from_watchlist(ada, symbol)
            expected = [known for known in expected if known != symbol]
    assert symbols_of(ada) == expected


# --- notifications --------------------------------------------------------------------------


def test_everyone_is_all_active_users_of_now(ada, bob, pokes):
    gone = User.objects.create_user("gone", is_active=False)
    assert pokes(send, level="warning", audience="everyone") == [[ada.pk, bob.pk]]
    assert {row.user for row in Notification.objects.all()} == {ada, bob}
    assert {row.level for row in Notification.objects.all()} == {"warning"}
    late = User.objects.create_user("late")
    assert not Notification.objects.filter(user__in=[gone, late]).exists()


def test_sending_leaves_one_audit_entry_that_says_to_how_many(ada, bob):
    assert send(actor=ada, audience="everyone") == 2
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (ada, "send", "notification to everyone")
    assert entry.before == {}
    values = {"title": "Maintenance", "body": "at noon", "level": "info", "people": 2}
    assert entry.after == values


def test_a_group_with_two_roads_to_a_user_tells_the_user_once(ada, bob):
    for name in ("traders", "night"):
        ada.groups.add(Group.objects.create(name=name))
    assert send(User.objects.filter(groups__name__in=["traders", "night"])) == 1
    assert Notification.objects.get().user == ada


@pytest.mark.slow
def test_very_many_people_are_notified_in_few_queries(django_assert_max_num_queries):
    User.objects.bulk_create(User(username=f"user{number}") for number in range(1200))
    with django_assert_max_num_queries(15):
        assert send() == 1200
    assert Notification.objects.count() == 1200


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x" * 121}, {"body": "x" * 2001}, {"level": "loud"}]
)
def test_a_notification_that_cannot_be_shown_is_not_sent(ada, pokes, wrong):
    with pytest.raises(ValidationError) as refusal:
        send(**wrong)
    assert list(refusal.value.message_dict) == list(wrong)
    assert not Notification.objects.exists()
    assert not AuditEntry.objects.exists()


def test_reading_all_marks_own_notifications_and_no_others(ada, bob, pokes):
    send()
    send()
    assert pokes(services.mark_notifications_read, ada, None) == [[ada.pk]]
    assert selectors.personal_of([ada.pk])[ada.pk].unread == 0
    assert selectors.personal_of([bob.pk])[bob.pk].unread == 2


def test_reading_some_leaves_the_rest(ada):
    send(title="one")
    send(title="two")
    first = Notification.objects.get(title="one")
    assert services.mark_notifications_read(ada, [first.pk]) == 1
    assert [row.read_at is None for row in Notification.objects.order_by("id")] == [False, True]


def test_what_is_read_keeps_the_time_it_was_read_first(ada, pokes):
    send()
    services.mark_notifications_read(ada, None)
    first = Notification.objects.get().read_at
    assert pokes(services.mark_notifications_read, ada, None) == []
    assert Notification.objects.get().read_at == first


def test_ids_of_somebody_else_mark_nothing(ada, bob, pokes):
    send(User.objects.filter(pk=bob.pk))
    ids = list(Notification.objects.values_list("pk", flat=True))
    assert pokes(services.mark_notifications_read, ada, ids) == []
    assert Notification.objects.get().read_at is None


def test_no_ids_is_not_all_of_them(ada):
    send()
    assert services.mark_notifications_read(ada, []) == 0
    assert Notification.objects.get().read_at is None


# --- what is personal -----------------------------------------------------------------------


@pytest.mark.slow
def test_personal_has_the_latest_fifty_newest_first_and_counts_all_unread(ada, bob):
    for number in range(55):
        send(User.objects.filter(pk=ada.pk), title=f"note {number}")
    send(User.objects.filter(pk=bob.pk), title="for bob")
    oldest = Notification.objects.filter(user=ada).last()
    services.mark_notifications_read(ada, [oldest.pk])

    personal = selectors.personal_of([ada.pk, bob.pk])

    titles = [notice.title for notice in personal[ada.pk].notices]
    assert titles == [f"note {number}" for number in range(54, 4, -1)]
    assert personal[ada.pk].unread == 54
    assert [notice.title for notice in personal[bob.pk].notices] == ["for bob"]


def test_a_notice_says_when_it_was_made_in_milliseconds(ada):
    send()
    row = Notification.objects.get()
    (notice,) = selectors.personal_of([ada.pk])[ada.pk].notices
    assert notice.t == int(row.created_at.timestamp() * 1000)
    assert (notice.id, notice.level, notice.read) == (row.pk, "info", False)


def test_somebody_unknown_has_nothing_but_the_default(ada):
    send()
    personal = selectors.personal_of([10**6])
    assert personal[10**6].notices == ()
    assert personal[10**6].unread == 0


def test_nobody_is_nothing():
    assert selectors.personal_of([]) == {}


@pytest.mark.slow
def test_personal_of_many_is_read_in_few_queries(django_assert_max_num_queries):
    User.objects.bulk_create(User(username=f"user{number}") for number in range(600))
    send()
    people = list(User.objects.all())
    for user in people[:3]:
        services.watchlist_of(user)
    with django_assert_max_num_queries(10):
        personal = selectors.personal_of([user.pk for user in people])
    assert len(personal) == 600
    assert all(isinstance(state, Personal) and state.unread == 1 for state in personal.values())
