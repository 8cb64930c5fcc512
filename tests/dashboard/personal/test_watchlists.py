"""Several lists per person: each is named, moved, shared and deleted by its owner alone."""

import pytest
from django.contrib.auth.models import User

from dashboard.exceptions import UnknownSymbol, UnknownWatchlist, WatchlistRefused
from dashboard.models import Watchlist
from dashboard.personal import watchlist_lines, watchlists
from dashboard.personal.list_text import read_list
from dashboard.personal.selectors import DEFAULT_WATCHLIST, FIRST_NAME, personal_of, shared_list
from dashboard.wire.personal import NamedList, Section, version_of
from feeds.models import Feed
from tests.support.personal_rows import list_instruments

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def lists_of(user: User) -> tuple[NamedList, ...]:
    return personal_of([user.pk])[user.pk].lists


def names_of(user: User) -> list[str]:
    return [named.name for named in lists_of(user)]


def test_somebody_new_has_one_list_that_is_not_stored(ada):
    (only,) = lists_of(ada)
    assert (only.id, only.name, len(only.symbols)) == (0, FIRST_NAME, DEFAULT_WATCHLIST)


def test_a_new_list_comes_after_the_first_which_stays(ada, pokes):
    before = lists_of(ada)[0].symbols
    assert pokes(watchlists.create_watchlist, ada, "Energy") == [[ada.pk]]
    first, second = lists_of(ada)
    assert (first.name, first.symbols) == (FIRST_NAME, before)
    assert (second.name, second.symbols, second.sections) == ("Energy", (), ())


def test_a_new_list_comes_last_wherever_the_others_were_put(ada):
    for name in "AB":
        watchlists.create_watchlist(ada, name)
    watchlists.move_watchlist(ada, lists_of(ada)[0].id, 2)
    watchlists.create_watchlist(ada, "C")
    assert names_of(ada) == ["A", "B", FIRST_NAME, "C"]


def test_a_list_is_made_of_a_text_with_its_sections(ada):
    text = read_list("a05, NYSE:A03\n### Later ###\n a05 nope;A01\n###Empty")
    list_id, addition = watchlists.create_watchlist(ada, "Mine", text)
    made = next(named for named in lists_of(ada) if named.id == list_id)
    assert made.symbols == ("A05", "A03", "A01")
    assert made.sections == (Section(2, "Later ###"), Section(3, "Empty"))
    assert addition.unknown == ("NOPE",)
    assert "NOPE" in addition.text()


def test_a_list_of_a_text_has_fifty_sections_each_once(ada):
    text = read_list("".join(f"###S{number}\n###S{number}\n" for number in range(51)) + "A01")
    list_id, _ = watchlists.create_watchlist(ada, "Mine", text)
    made = next(named for named in lists_of(ada) if named.id == list_id)
    assert made.sections == tuple(Section(0, f"S{number}") for number in range(50))
    assert made.symbols == ("A01",)


def test_of_a_list_of_a_text_two_hundred_symbols_fit(ada):
    list_instruments(Feed.objects.get(), (f"B{number:03}" for number in range(201)))
    text = read_list(" ".join(f"B{number:03}" for number in range(201)))
    list_id, addition = watchlists.create_watchlist(ada, "Mine", text)
    made = next(named for named in lists_of(ada) if named.id == list_id)
    assert (len(made.symbols), made.symbols[-1]) == (200, "B199")
    assert (len(addition.added), addition.left_out) == (200, ("B200",))


@pytest.mark.parametrize(("length", "kept"), [(40, 40), (41, 40)])
def test_a_title_of_a_text_is_cut_after_forty_characters(ada, length, kept):
    list_id, _ = watchlists.create_watchlist(ada, "Mine", read_list("###" + "x" * length))
    made = next(named for named in lists_of(ada) if named.id == list_id)
    assert made.sections == (Section(0, "x" * kept),)


@pytest.mark.parametrize("name", ["energy", "ENERGY", "Energy"])
def test_a_name_is_used_once(ada, bob, name):
    watchlists.create_watchlist(ada, "Energy")
    with pytest.raises(WatchlistRefused, match="you have a list called"):
        watchlists.create_watchlist(ada, name)
    watchlists.create_watchlist(bob, name)
    first = lists_of(ada)[0]
    with pytest.raises(WatchlistRefused):
        watchlists.rename_watchlist(ada, first.id, name)
    watchlists.rename_watchlist(ada, lists_of(ada)[1].id, name)
    assert names_of(ada) == [FIRST_NAME, name]


def test_there_is_a_limit_of_lists(ada):
    for number in range(watchlists.LISTS_LIMIT - 1):
        watchlists.create_watchlist(ada, f"L{number}")
    with pytest.raises(WatchlistRefused, match="you may have 20 lists"):
        watchlists.create_watchlist(ada, "one more")
    assert len(names_of(ada)) == watchlists.LISTS_LIMIT


@pytest.mark.parametrize(("place", "expected"), [(0, "bxa"), (1, "xba"), (2, "xab"), (99, "xab")])
def test_a_list_is_put_where_it_is_wanted(ada, place, expected):
    watchlist_lines.watchlist_of(ada)
    watchlists.rename_watchlist(ada, None, "x")
    for name in "ab":
        watchlists.create_watchlist(ada, name)
    watchlists.move_watchlist(ada, lists_of(ada)[2].id, place)
    assert "".join(names_of(ada)) == expected


def test_the_only_list_stays(ada):
    with pytest.raises(WatchlistRefused, match="only list"):
        watchlists.delete_watchlist(ada, None)
    list_id, _ = watchlists.create_watchlist(ada, "Energy")
    watchlists.delete_watchlist(ada, list_id)
    assert names_of(ada) == [FIRST_NAME]


def test_nobody_changes_a_list_of_somebody_else(ada, bob):
    list_id, _ = watchlists.create_watchlist(ada, "Energy", read_list("A01"))
    before = lists_of(ada)
    for change in (
        lambda: watchlists.rename_watchlist(bob, list_id, "x"),
        lambda: watchlists.delete_watchlist(bob, list_id),
        lambda: watchlists.move_watchlist(bob, list_id, 0),
        lambda: watchlists.share_watchlist(bob, list_id),
        lambda: watchlists.end_sharing(bob, list_id),
        lambda: watchlist_lines.add_to_watchlist(bob, "A02", list_id=list_id),
        lambda: watchlist_lines.remove_from_watchlist(bob, "A01", list_id=list_id),
        lambda: watchlist_lines.move_in_watchlist(bob, "A01", 0, list_id=list_id),
    ):
        with pytest.raises(UnknownWatchlist):
            change()
    assert lists_of(ada) == before


def test_a_link_shows_a_list_until_its_owner_ends_it(ada):
    list_id, _ = watchlists.create_watchlist(ada, "Energy", read_list("A01,A02"))
    key = watchlists.share_watchlist(ada, list_id)
    assert watchlists.share_watchlist(ada, list_id) == key, "a second click keeps the link"
    named = shared_list(key, ada.pk)
    assert named
    assert named.symbols == ("A01", "A02")
    watchlists.end_sharing(ada, list_id)
    assert shared_list(key, ada.pk) is None
    assert watchlists.share_watchlist(ada, list_id) != key


def test_an_edit_changes_only_the_list_it_names(ada, pokes):
    first = lists_of(ada)[0].symbols
    list_id, _ = watchlists.create_watchlist(ada, "Energy")
    added = pokes(watchlist_lines.add_to_watchlist, ada, "A02", "A01", list_id=list_id)
    assert added == [[ada.pk]]
    watchlist_lines.remove_from_watchlist(ada, "A02", list_id=list_id)
    assert [named.symbols for named in lists_of(ada)] == [first, ("A01",)]


@pytest.mark.parametrize(
    ("symbol", "place", "expected"),
    [
        ("A01", 0, "A01 A02 A03"),
        ("A01", 1, "A02 A01 A03"),
        ("A01", 2, "A02 A03 A01"),
        ("A03", 0, "A03 A01 A02"),
        ("A02", 9, "A01 A03 A02"),
        ("A09", 0, "A01 A02 A03"),
    ],
)
def test_a_symbol_is_moved_within_its_list(ada, pokes, symbol, place, expected):
    list_id, _ = watchlists.create_watchlist(ada, "Mine", read_list("A01,A02,A03"))
    poked = pokes(watchlist_lines.move_in_watchlist, ada, symbol, place, list_id=list_id)
    assert poked == ([] if symbol == "A09" else [[ada.pk]])
    assert lists_of(ada)[1].symbols == tuple(expected.split())


@pytest.mark.parametrize(
    ("symbol", "above", "expected"),
    [
        ("A03", "A01", "A03 A01 A02"),
        ("A01", "A03", "A02 A01 A03"),
        ("A01", "", "A02 A03 A01"),
        ("A02", "A02", "A01 A02 A03"),
        ("A09", "A01", "A01 A02 A03"),
    ],
)
def test_a_symbol_is_moved_above_another_or_to_the_end(ada, pokes, symbol, above, expected):
    list_id, _ = watchlists.create_watchlist(ada, "Mine", read_list("A01,A02,A03"))
    poked = pokes(watchlist_lines.move_in_watchlist, ada, symbol, above=above, list_id=list_id)
    assert poked == ([] if symbol in (above, "A09") else [[ada.pk]])
    assert lists_of(ada)[1].symbols == tuple(expected.split())


def test_no_symbol_is_moved_above_one_that_is_not_there(ada):
    list_id, _ = watchlists.create_watchlist(ada, "Mine", read_list("A01,A02,A03"))
    with pytest.raises(UnknownSymbol, match="'A09' is not on this list"):
        watchlist_lines.move_in_watchlist(ada, "A01", above="A09", list_id=list_id)
    assert lists_of(ada)[1].symbols == ("A01", "A02", "A03")


def test_titles_stay_where_they_are_when_a_symbol_moves(ada):
    text = read_list("A01,A02,###Later,A03")
    list_id, _ = watchlists.create_watchlist(ada, "Mine", text)
    watchlist_lines.move_in_watchlist(ada, "A03", 0, list_id=list_id)
    moved = lists_of(ada)[1]
    assert (moved.symbols, moved.sections) == (("A03", "A01", "A02"), (Section(3, "Later"),))


def test_the_version_changes_with_anything_of_the_lists(ada):
    versions = [version_of(lists_of(ada))]
    list_id, _ = watchlists.create_watchlist(ada, "Mine", read_list("A01,A02"))
    for change in (
        lambda: None,
        lambda: watchlists.rename_watchlist(ada, list_id, "Yours"),
        lambda: watchlist_lines.move_in_watchlist(ada, "A02", 0, list_id=list_id),
        lambda: watchlists.share_watchlist(ada, list_id),
        lambda: watchlists.move_watchlist(ada, list_id, 0),
    ):
        change()
        versions.append(version_of(lists_of(ada)))
    assert len(set(versions)) == len(versions)


def test_the_lists_go_with_their_owner(ada):
    watchlists.create_watchlist(ada, "Mine", read_list("A01,###S"))
    ada.delete()
    assert not Watchlist.objects.exists()
