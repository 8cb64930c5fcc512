"""Sections of a list: made, renamed, moved and removed, and a poke for exactly those concerned."""

import pytest
from django.contrib.auth.models import User

from dashboard.exceptions import UnknownSection, WatchlistRefused
from dashboard.personal import sections, watchlist_lines, watchlists
from dashboard.personal.list_text import read_list, write_list
from dashboard.personal.selectors import personal_of
from dashboard.personal.watchlist_lines import SECTION_LIMIT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

TEXT = "A00,A01,###East,A02,A03,###North,###West,A04"


@pytest.fixture
def mine(ada: User) -> int:
    """Return the id of a list with symbols in no section, and with an empty section."""
    return watchlists.create_watchlist(ada, "Mine", read_list(TEXT))[0]


def lines_of(user: User, list_id: int) -> str:
    lists = personal_of([user.pk])[user.pk].lists
    named = next(each for each in lists if each.id == list_id)
    return ",".join(write_list(named).split())


def test_a_section_begins_at_the_end_or_above_a_symbol(ada, mine, pokes):
    assert pokes(lambda: sections.add_section(ada, "End", list_id=mine)) == [[ada.pk]]
    sections.add_section(ada, "First", above="A00", list_id=mine)
    sections.add_section(ada, "Lost", above="A17", list_id=mine)
    assert lines_of(ada, mine) == f"###First,{TEXT},###End,###Lost"


def test_a_title_is_there_once_and_sections_have_a_limit(ada, mine, pokes):
    with pytest.raises(WatchlistRefused, match="a section called 'East'"):
        sections.add_section(ada, "East", list_id=mine)
    with pytest.raises(WatchlistRefused, match="a section called 'West'"):
        sections.rename_section(ada, "East", "West", list_id=mine)
    for number in range(SECTION_LIMIT - 3):
        sections.add_section(ada, f"S{number}", list_id=mine)
    assert lines_of(ada, mine).count("###") == SECTION_LIMIT == 50
    with pytest.raises(WatchlistRefused, match=f"{SECTION_LIMIT} sections"):
        sections.add_section(ada, "One more", list_id=mine)


def test_a_section_gets_another_name_where_it_stands(ada, mine, pokes):
    assert pokes(lambda: sections.rename_section(ada, "East", "South", list_id=mine)) == [[ada.pk]]
    sections.rename_section(ada, "South", "South", list_id=mine)
    assert lines_of(ada, mine) == TEXT.replace("East", "South")
    with pytest.raises(UnknownSection):
        sections.rename_section(ada, "East", "Other", list_id=mine)


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("West", 0, "A00,A01,###West,A04,###East,A02,A03,###North"),
        ("East", 1, "A00,A01,###North,###East,A02,A03,###West,A04"),
        ("East", 2, "A00,A01,###North,###West,A04,###East,A02,A03"),
        ("North", 99, "A00,A01,###East,A02,A03,###West,A04,###North"),
        ("East", 0, TEXT),
    ],
)
def test_a_section_moves_with_its_symbols(ada, mine, pokes, name, place, expected):
    assert pokes(sections.move_section, ada, name, place, list_id=mine) == [[ada.pk]]
    assert lines_of(ada, mine) == expected


@pytest.mark.parametrize(
    ("name", "above", "expected"),
    [
        ("West", "East", "A00,A01,###West,A04,###East,A02,A03,###North"),
        ("East", "West", "A00,A01,###North,###East,A02,A03,###West,A04"),
        ("East", "", "A00,A01,###North,###West,A04,###East,A02,A03"),
        ("East", "East", TEXT),
    ],
)
def test_a_section_moves_above_another_or_to_the_end(ada, mine, pokes, name, above, expected):
    poked = pokes(sections.move_section, ada, name, above=above, list_id=mine)
    assert poked == ([] if name == above else [[ada.pk]])
    assert lines_of(ada, mine) == expected


@pytest.mark.parametrize("names", [("Nope", "East"), ("East", "Nope")])
def test_no_section_moves_above_one_that_is_not_there(ada, mine, names):
    name, above = names
    with pytest.raises(UnknownSection):
        sections.move_section(ada, name, above=above, list_id=mine)
    assert lines_of(ada, mine) == TEXT


def test_a_change_of_one_list_leaves_the_other_alone(ada, mine):
    other, _ = watchlists.create_watchlist(ada, "Other", read_list("A05,###East,A06"))
    sections.rename_section(ada, "East", "South", list_id=other)
    sections.remove_section(ada, "East", list_id=mine)
    assert lines_of(ada, mine) == TEXT.replace("###East,", "")
    assert lines_of(ada, other) == "A05,###South,A06"


def test_the_symbols_of_a_removed_section_stay(ada, mine, pokes):
    assert pokes(lambda: sections.remove_section(ada, "East", list_id=mine)) == [[ada.pk]]
    assert lines_of(ada, mine) == TEXT.replace("###East,", "")
    assert pokes(lambda: sections.remove_section(ada, "East", list_id=mine)) == []
    assert pokes(lambda: sections.remove_section(ada, "", list_id=mine)) == []
    assert lines_of(ada, mine).count("A0") == 5


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (1, "A00,A04,A01,###East,A02,A03,###North,###West"),
        (2, "A00,A01,A04,###East,A02,A03,###North,###West"),
        (3, "A00,A01,###East,A04,A02,A03,###North,###West"),
        (6, "A00,A01,###East,A02,A03,###North,A04,###West"),
        (99, TEXT),
    ],
)
def test_a_symbol_moves_to_either_side_of_a_title(ada, mine, place, expected):
    watchlist_lines.move_in_watchlist(ada, "A04", place, list_id=mine)
    assert lines_of(ada, mine) == expected


@pytest.mark.parametrize("symbol", ["A01", "A03", "A04"])
def test_a_removed_symbol_comes_back_to_its_section(ada, mine, symbol):
    place = watchlist_lines.remove_from_watchlist(ada, symbol, list_id=mine)
    watchlist_lines.add_to_watchlist(ada, symbol, place=place, list_id=mine)
    assert lines_of(ada, mine) == TEXT
