"""Symbols as the world writes them are symbols; what suffixes, lists and addresses need is not."""

import string
from pathlib import PurePosixPath
from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market.delayed_keys import LONGEST_KEY, delayed, is_key, shown
from feeds.market.symbols import (
    LONGEST_SYMBOL,
    SYMBOL_RULE,
    is_symbol,
    read_symbol,
    symbol_fault,
    symbols_in,
)
from feeds.recordings.recognition import symbol_of

WORLD = (
    *("NVX", "BRK.B", "BF-B", "BTC/USD", "EUR/USD", "M&M", "^GSPC", "ES=F", "BAC^A", "A_B"),
    *("7203", "0700.HK", "EUR=", "A/B/C", "A" * LONGEST_SYMBOL),
)
NONE_OF_THEM = (
    *("", " ", ".", "..", "/", "//", "/A", "A/", "A//B", "A/../B", "A/./B", ".A", "-A", "=A", "_A"),
    *("^", "^^A", "A/^B", "A B", "A\nB", "A\0", "A%2FB", "A~15", "BTC/USD~15", "ORB@5m", "*", "A*"),
    *("A,B", "A;B", "A:B", "A?B", "A#B", "A'B", 'A"B', "A\\B", "A+B", "A$", "<SCRIPT>", "ÉA", "АВ"),
    *("ＡＢ", "Ａ", "ß", "nvx", "A\n", "A" * (LONGEST_SYMBOL + 1), "A" * 60),
)
SYMBOLS = st.text(string.ascii_uppercase + string.digits + ".-&^=_/", max_size=24).filter(is_symbol)


@pytest.mark.parametrize("symbol", WORLD)
def test_what_the_world_writes_is_a_symbol(symbol: str) -> None:
    assert is_symbol(symbol)
    assert is_key(delayed(symbol, 15))
    assert shown(delayed(symbol, 15)) == symbol
    assert len(delayed(symbol, 9999)) <= LONGEST_KEY


@pytest.mark.parametrize("text", NONE_OF_THEM)
def test_anything_else_is_none(text: str) -> None:
    assert not is_symbol(text)


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("nvx", "NVX"),
        (" brk.b ", "BRK.B"),
        ("m&m", "M&M"),
        ("btc/usd\n", "BTC/USD"),
        ("^gspc", "^GSPC"),
    ],
)
def test_a_typed_symbol_gets_capital_letters(typed: str, symbol: str) -> None:
    assert read_symbol(typed) == symbol
    assert symbol_fault(typed) == ""


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("NVX|ORB", ["NVX", "ORB"]),
        ("'NVX', \"orb\"", ["NVX", "ORB"]),
        ("[NVX] (ORB) {QAL}", ["NVX", "ORB", "QAL"]),
        ("\u2022 NVX\n\u2022 ORB", ["NVX", "ORB"]),
        ("NVX\uff0cORB\u3001QAL\uff1bM&M", ["NVX", "ORB", "QAL", "M&M"]),
        ("\u201cNVX\u201d / \u201eORB\u201c", ["NVX", "ORB"]),
        ("$nvx $BRK.B", ["NVX", "BRK.B"]),
        ("nasdaq:nvx,NYSE:BRK.B,BINANCE:BTC/USD", ["NVX", "BRK.B", "BTC/USD"]),
        ("^GSPC ES=F - /", ["^GSPC", "ES=F"]),
        ("NVX\u00a0ORB", ["NVX", "ORB"]),
        (" , ; $ ", []),
    ],
)
def test_signs_between_pasted_symbols_are_no_part_of_them(text: str, symbols: list[str]) -> None:
    assert symbols_in(text) == symbols


@pytest.mark.parametrize("symbol", WORLD)
def test_no_sign_between_symbols_is_part_of_one(symbol: str) -> None:
    assert symbols_in(f'"{symbol}", {symbol.lower()}') == [symbol, symbol]


@pytest.mark.parametrize("typed", ["ß", "ﬀ", "ı", "ſ", "nvxß"])
def test_letters_with_other_capitals_do_not_become_a_symbol(typed: str) -> None:
    """Capitals of these are letters from A to Z: ß would be found as SS."""
    assert symbol_fault(typed) == SYMBOL_RULE


@given(SYMBOLS)
def test_an_address_with_a_symbol_is_only_that_of_the_symbol(symbol: str) -> None:
    for quoted in (quote(symbol), quote(symbol, safe="")):
        address = urljoin("http://site/", f"/i/{quoted}/")
        assert urlsplit(address).path == f"/i/{quoted}/"
    assert ".." not in PurePosixPath(f"/i/{symbol}/").parts
    assert "//" not in f"/i/{symbol}/"


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT-1m-2026-01.csv", "BTCUSDT"), ("BRK-B.csv", "BRK-B"), ("brk.b.csv", "BRK.B"),
        ("^GSPC.csv", "^GSPC"), ("ES=F.csv", "ES=F"), ("aapl_us_d.csv", "AAPL"),
        ("C:\\data\\nvx.csv.gz", "NVX"), ("2026-01-05.csv", ""), ("", ""), ("x" * 60, ""),
    ],
)  # fmt: skip
def test_a_file_is_named_for_its_symbol(name: str, symbol: str) -> None:
    assert symbol_of(name) == symbol


def test_a_symbol_has_up_to_24_characters_and_its_key_up_to_29() -> None:
    assert is_symbol("A" * 24)
    assert not is_symbol("A" * 25)
    assert is_key("A" * 24 + "~9999")
    assert not is_key("A" * 24 + "~10000")
    assert len("A" * 24 + "~9999") == LONGEST_KEY
