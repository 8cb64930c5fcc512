"""Which list an address shows; lists of the market are the board in an order."""

import pytest
from msgspec.structs import replace

from dashboard.pages.market_display import blank_row
from dashboard.pages.shown_lists import (
    MOVERS,
    ShownList,
    lent_list,
    lines_of,
    market_list,
    own_list,
    place_of,
    sectors_of,
)
from dashboard.wire.personal import NamedList, Section
from feeds.market.board import LAST, PREVIOUS_CLOSE, VOLUME, Row
from tests.support.market_script import listing

LISTS = (NamedList(4, "First", ("A",)), NamedList(7, "Second", ("B", "C")))


def row(
    symbol: str, last: int | None, close: int | None, volume: int | None, sector: str = ""
) -> Row:
    event = listing(symbol)
    definition = replace(event.definition, sector=sector)
    made = Row(replace(event, definition=definition), 1, ticks=0)
    made.values[LAST], made.values[PREVIOUS_CLOSE], made.values[VOLUME] = last, close, volume
    return made


BOARD = {
    "UP": row("UP", 11, 10, 5, "Oil"),
    "TOP": row("TOP", 30, 20, 1, "Gas"),
    "EVEN": row("EVEN", 10, 10, 9, "Oil"),
    "DOWN": row("DOWN", 8, 10, 0),
    "NEW": row("NEW", 5, None, None),
    "NONE": row("NONE", None, 10, 3),
    "LOW": row("LOW", 1, 2, 3),
}


@pytest.mark.parametrize(
    ("asked", "symbols"),
    [
        ("gainers", "TOP UP"),
        ("losers", "LOW DOWN"),
        ("active", "EVEN UP LOW NONE TOP"),
        ("all", "DOWN EVEN LOW NEW NONE TOP UP"),
        ("sector:Oil", "EVEN UP"),
    ],
)
def test_a_list_of_the_market_is_the_board_in_an_order(asked: str, symbols: str) -> None:
    """The same cases as in tests/js/market/market_lists.test.js."""
    shown = market_list(asked, BOARD)
    assert shown
    assert shown.symbols == tuple(symbols.split())
    assert shown.is_market
    assert shown.list_id is None, "nobody can change it"


@pytest.mark.parametrize("asked", ["", "7", "Gainers", "sector:", "sector:oil", "sector:Nope", "x"])
def test_what_the_market_does_not_list_is_none_of_its_lists(asked: str) -> None:
    assert market_list(asked, BOARD) is None


def test_a_list_of_movers_has_an_end() -> None:
    rows = {f"S{number:02}": row(f"S{number:02}", 20 + number, 10, 1) for number in range(40)}
    shown = market_list("gainers", rows)
    assert shown
    assert len(shown.symbols) == MOVERS
    assert (shown.symbols[0], shown.symbols[-1]) == ("S39", "S10")


def test_sectors_are_listed_by_name() -> None:
    assert sectors_of(BOARD) == ["Gas", "Oil"]


@pytest.mark.parametrize(
    ("asked", "name"), [("7", "Second"), ("4", "First"), ("", "First"), ("99", "First")]
)
def test_an_address_names_an_own_list_or_means_the_first(asked: str, name: str) -> None:
    shown = own_list(LISTS, asked)
    assert shown.name == name
    assert place_of(shown, LISTS) == [each.name for each in LISTS].index(name)


def test_an_own_list_is_shown_whole() -> None:
    section = Section(1, "Energy")
    shown = own_list([NamedList(7, "Second", ("B", "C"), (section,), "secret")], "7")
    assert shown == ShownList("7", "Second", ("B", "C"), 7, (section,), "secret")


def test_titles_stand_before_their_symbols_and_those_of_empty_sections_too() -> None:
    sections = (Section(0, "First"), Section(2, "Empty"), Section(2, "Late"), Section(3, "Last"))
    shown = ShownList("7", "Second", ("A", "GONE", "C"), 7, sections)
    rows = [blank_row("C"), blank_row("A")]
    assert [line.get("section") or line["row"]["symbol"] for line in lines_of(shown, rows)] == [
        *("First", "A", "Empty", "Late", "C", "Last")
    ]


def test_a_shared_list_cannot_be_changed() -> None:
    shown = lent_list(LISTS[1])
    assert (shown.list_id, shown.is_market, shown.share) == (None, False, "")
    assert place_of(shown, LISTS) is None
    assert shown.text == "B\nC\n"
