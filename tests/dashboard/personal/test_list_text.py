"""A list as text: what is written is read again, and what other programs write is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.personal.list_text import ListLine, ListText, read_list, write_list
from dashboard.wire.personal import NamedList, Section


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("", ()),
        (" \n ,; ", ()),
        ("nvx", ("NVX",)),
        ("NVX, ORB;PQX\tAQM\r\nNVX", ("NVX", "ORB", "PQX", "AQM")),
        ("NASDAQ:AAPL,BINANCE:BTC/USD", ("AAPL", "BTC/USD")),
        ("brk.b m&m", ("BRK.B", "M&M")),
    ],
)
def test_symbols_are_found_however_they_are_separated(text, symbols):
    assert read_list(text).symbols == symbols


def test_a_title_keeps_its_words():
    assert read_list("###Oil and gas,NVX\n###\n").lines == (
        ListLine(section="Oil and gas"),
        ListLine(symbol="NVX"),
    )


symbols = st.lists(st.sampled_from(["NVX", "ORB", "BRK.B", "M&M", "BTC/USD"]), unique=True)
titles = st.lists(st.sampled_from(["Oil", "Gas and more", "Ships"]), unique=True)


@given(symbols, titles, st.data())
def test_what_is_written_is_read_again(listed, names, data):
    places = sorted(data.draw(st.integers(0, len(listed))) for _ in names)
    sections = tuple(Section(at, name) for at, name in zip(places, names, strict=True))
    read = read_list(write_list(NamedList(1, "Mine", tuple(listed), sections)))
    assert read.symbols == tuple(listed)
    assert titles_of(read) == sections


def titles_of(read: ListText) -> tuple[Section, ...]:
    before = 0
    found: list[Section] = []
    for line in read.lines:
        before += bool(line.symbol)
        found += [Section(before, line.section)] if line.section else []
    return tuple(found)
