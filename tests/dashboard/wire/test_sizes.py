"""Sizes leave the market as decimal numbers: exact, without noise, and whole ones as before."""

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from dashboard.pages.market_display import display_row
from dashboard.wire.frames import (
    encode_bar,
    encode_correction,
    encode_entry,
    encode_instrument,
    encode_row,
    encode_trade,
)
from feeds.market.bars import Bar
from feeds.market.board import Board, Row
from feeds.market.events import Amendment, AmendmentKind, Listing, Quote, Side, Trade
from tests.support.market_script import NOW, definition

SIZES = (
    ("0.0001", 5000, "0.5"),
    ("0.0001", 1, "0.0001"),
    ("0.0001", 30000, "3"),
    ("0.00000001", 1, "0.00000001"),
    ("0.00000001", 1234567812345678, "12345678.12345678"),
    ("0.1", 3, "0.3"),
    ("100", 7, "700"),
    ("1", 7, "7"),
)


def row_of(lot: str) -> Row:
    board = Board()
    board.apply(1, Listing("demo", replace(definition("BTC/USD"), lot=Decimal(lot)), NOW))
    return board.rows["BTC/USD"]


def board_after(lot: str, *lots: int) -> Row:
    board = Board()
    board.apply(1, Listing("demo", replace(definition("BTC/USD"), lot=Decimal(lot)), NOW))
    for sequence, size in enumerate(lots, 2):
        board.apply(sequence, Quote("BTC/USD", 99, 101, size, size, NOW))
        board.apply(sequence, Trade("BTC/USD", 100, size, Side.BUY, NOW))
    return board.rows["BTC/USD"]


def plain(text: str) -> Any:
    """Read JSON whose decimals stay texts."""
    return json.loads(text, parse_float=str, parse_int=str)


@pytest.mark.parametrize(("lot", "lots", "text"), SIZES)
def test_every_frame_says_the_size(lot: str, lots: int, text: str) -> None:
    row = board_after(lot, lots)
    for entry in (
        encode_row("BTC/USD", row, ts=NOW),
        encode_entry("BTC/USD", row, since=1, ticks=1, ts=NOW),
    ):
        found = plain(f"{{{entry}}}")["BTC/USD"]
        assert [found[key] for key in ("bs", "as", "v")] == [text] * 3
    trade = encode_trade(Trade("BTC/USD", 100, lots, Side.BUY, NOW), row, sequence=2)
    assert plain(trade.entry(NOW))["q"] == text
    bar = encode_bar("BTC/USD", 0, Bar(0, 1, 1, 1, 1, lots, 1), row, is_closed=True)
    assert plain(bar)["v"] == text
    amendment = Amendment(
        "BTC/USD", AmendmentKind.CORRECTED, NOW, "X1", "X2", 100, lots, 99, lots, NOW
    )
    fix = plain(encode_correction(amendment, row, sequence=3).entry(NOW))
    assert (fix["q"], fix["oq"]) == (text, text)


def test_a_sum_of_fractions_has_no_noise() -> None:
    """0.1 and 0.2 are 0.3, and ten times 0.1 is 1."""
    for lots, volume in (((1, 2), "0.3"), ([1] * 10, "1")):
        entry = encode_row("BTC/USD", board_after("0.1", *lots), ts=NOW)
        assert plain(f"{{{entry}}}")["BTC/USD"]["v"] == volume


def test_only_other_lots_than_1_are_named() -> None:
    assert '"lot"' not in encode_instrument("BTC/USD", row_of("1"))
    assert '"lot":0.0001' in encode_instrument("BTC/USD", row_of("0.0001"))
    assert '"lot":100}' in encode_instrument("BTC/USD", row_of("100"))


@pytest.mark.parametrize(
    ("lot", "lots", "text"),
    [
        ("0.0001", 5000, "0.5"), ("0.0001", 1, "0.0001"), ("1", 870, "870"), ("1", 1200, "1.20K"),
        ("0.1", 12_345, "1.23K"), ("0.00000001", 1234567812345678, "12.35M"),
    ],
)  # fmt: skip
def test_the_page_shows_the_decimals_that_are_needed(lot: str, lots: int, text: str) -> None:
    assert display_row("BTC/USD", board_after(lot, lots))["volume"] == text
