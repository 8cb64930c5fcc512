"""What people watch: own rows only, and a poke for exactly those concerned."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.exceptions import UnknownSymbol, WatchlistFull
from dashboard.models import Watchlist, WatchlistEntry
from dashboard.personal import watchlist_lines as watchlists
from dashboard.personal.selectors import DEFAULT_WATCHLIST
from feeds.models import Feed, Instrument
from tests.support.examples import examples
from tests.support.personal_rows import list_instruments, symbols_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def test_somebody_new_watches_the_first_symbols(ada):
    expected = [f"A{number:02}" for number in range(DEFAULT_WATCHLIST)]
    assert symbols_of(ada) == expected
    assert not Watchlist.objects.exists(), "reading wrote a row"
    watchlists.watchlist_of(ada)
    assert symbols_of(ada) == expected
    assert Watchlist.objects.get().user == ada


def test_a_watchlist_is_made_once(ada):
    assert watchlists.watchlist_of(ada) == watchlists.watchlist_of(ada)
    assert WatchlistEntry.objects.count() == DEFAULT_WATCHLIST


def test_of_two_edits_that_find_no_list_at_once_one_makes_it(ada, monkeypatch):
    made = []
    overtaken = lambda user: made.append(Watchlist.objects.create(user=user, name="Mine"))
    monkeypatch.setattr(watchlists, "lock_lists", overtaken)
    assert [watchlists.watchlist_of(ada)] == made == list(Watchlist.objects.all())


def test_a_new_symbol_goes_to_the_end(ada, pokes):
    assert pokes(watchlists.add_to_watchlist, ada, "A27") == [[ada.pk]]
    assert symbols_of(ada)[-2:] == ["A19", "A27"]


def test_a_symbol_that_is_there_stays_where_it_is(ada, pokes):
    watchlists.watchlist_of(ada)
    before = symbols_of(ada)
    assert pokes(watchlists.add_to_watchlist, ada, "A03") == []
    assert symbols_of(ada) == before


def test_a_removed_symbol_is_gone_and_the_rest_keeps_its_order(ada, pokes):
    assert pokes(watchlists.remove_from_watchlist, ada, "A03") == [[ada.pk]]
    assert symbols_of(ada) == [
        f"A{number:02}" for number in range(DEFAULT_WATCHLIST) if number != 3
    ]


@pytest.mark.parametrize("symbol", ["A27", "NOPE", ""])
def test_removing_what_is_not_there_changes_nothing(ada, pokes, symbol):
    watchlists.watchlist_of(ada)
    assert pokes(watchlists.remove_from_watchlist, ada, symbol) == []
    assert len(symbols_of(ada)) == DEFAULT_WATCHLIST


def test_an_emptied_watchlist_stays_empty(ada):
    for symbol in symbols_of(ada):
        watchlists.remove_from_watchlist(ada, symbol)
    watchlists.watchlist_of(ada)
    assert symbols_of(ada) == []


@pytest.mark.parametrize("symbol", ["NOPE", "", "a01", "A01 ", "%", "x" * 10_000])
def test_a_symbol_nobody_trades_is_refused(ada, pokes, symbol):
    with pytest.raises(UnknownSymbol) as refusal:
        watchlists.add_to_watchlist(ada, symbol)
    assert len(str(refusal.value)) <= 50
    assert not WatchlistEntry.objects.filter(instrument__symbol=symbol).exists()


@pytest.mark.slow
def test_a_watchlist_holds_two_hundred_symbols(ada):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(200)))
    for number in range(200 - DEFAULT_WATCHLIST):
        watchlists.add_to_watchlist(ada, f"B{number:03}")
    with pytest.raises(WatchlistFull, match="holds 200 symbols"):
        watchlists.add_to_watchlist(ada, "B199")
    assert len(symbols_of(ada)) == 200
    watchlists.add_to_watchlist(ada, "A00")  # is there already: not refused
    watchlists.remove_from_watchlist(ada, "A00")
    watchlists.add_to_watchlist(ada, "B199")


def test_many_symbols_are_one_change(ada, pokes):
    watchlists.watchlist_of(ada)
    before = symbols_of(ada)
    assert pokes(watchlists.add_to_watchlist, ada, "A27", "A03", "A25", "A27") == [[ada.pk]]
    assert symbols_of(ada) == [*before, "A27", "A25"]


def test_two_hundred_symbols_take_a_few_queries(ada, django_assert_max_num_queries):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(200)))
    watchlists.watchlist_of(ada)
    with django_assert_max_num_queries(20):
        watchlists.add_to_watchlist(ada, *(f"B{number:03}" for number in range(200)))
    assert len(symbols_of(ada)) == 200


def test_what_cannot_be_added_is_named_and_the_rest_is_added(ada):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(200)))
    wanted = [*(f"B{number:03}" for number in range(200)), *(f"N{number}" for number in range(7))]
    addition = watchlists.add_to_watchlist(ada, *wanted)
    room = 200 - DEFAULT_WATCHLIST
    assert (len(addition.added), len(addition.left_out)) == (room, DEFAULT_WATCHLIST)
    assert addition.text() == (
        f"Added {room}. A watchlist holds 200 symbols: {DEFAULT_WATCHLIST} did not fit. "
        "No instrument is called 'N0', 'N1', 'N2', 'N3', 'N4', and 2 more"
    )
    with pytest.raises(WatchlistFull):
        watchlists.add_to_watchlist(ada, "B199", "B198")
    with pytest.raises(UnknownSymbol, match="'N0', 'N1'"):
        watchlists.add_to_watchlist(ada, "N0", "N1")
    assert watchlists.add_to_watchlist(ada, "A00", "B000").text() == ""


@pytest.mark.parametrize(
    ("place", "expected"),
    [(0, 0), (3, 3), (DEFAULT_WATCHLIST - 1, -1), (DEFAULT_WATCHLIST, None), (2**63 - 1, None)],
)
def test_symbols_are_put_where_they_are_wanted(ada, place, expected):
    watchlists.watchlist_of(ada)
    before = symbols_of(ada)
    watchlists.add_to_watchlist(ada, "A27", "A26", place=place)
    at = len(before) if expected is None else expected
    assert symbols_of(ada) == [*before[:at], "A27", "A26", *before[at:]]


@pytest.mark.parametrize("index", [0, 7, DEFAULT_WATCHLIST - 1])
def test_a_removed_symbol_comes_back_where_it_was(ada, index):
    watchlists.watchlist_of(ada)
    before = symbols_of(ada)
    watchlists.remove_from_watchlist(ada, before[index])
    watchlists.add_to_watchlist(ada, before[index], place=index)
    assert symbols_of(ada) == before


def test_people_change_only_their_own_watchlist(ada, bob, pokes):
    watchlists.watchlist_of(bob)
    before = symbols_of(bob)
    watchlists.add_to_watchlist(ada, "A27")
    watchlists.remove_from_watchlist(ada, "A00")
    assert symbols_of(bob) == before


def test_a_delisted_instrument_leaves_the_watchlists(ada):
    watchlists.watchlist_of(ada)
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
            watchlists.add_to_watchlist(ada, symbol)
            expected += [] if symbol in expected else [symbol]
        else:
            watchlists.remove_from_watchlist(ada, symbol)
            expected = [known for known in expected if known != symbol]
    assert symbols_of(ada) == expected
