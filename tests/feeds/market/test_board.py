"""The board folds events; versions say what changed after any sequence."""

from decimal import Decimal

import pytest
from hypothesis import given

from feeds.market.board import (
    ASK,
    BID,
    FIELDS,
    HIGH,
    LAST,
    LOW,
    OPEN,
    PHASE,
    PREVIOUS_CLOSE,
    TS_EVENT,
    VOLUME,
    Board,
)
from feeds.market.events import (
    MOVES_ALL,
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    Amendment,
    AmendmentKind,
    Carryover,
    Delisting,
    Event,
    Listing,
    Phase,
    Quote,
    ReportedTrade,
    Side,
    Status,
    Trade,
)
from tests.support.market_script import NOW, definition, listing, scripts


def board_of(*events: Event) -> Board:
    board = Board()
    for sequence, event in enumerate(events, 1):
        board.apply(sequence, event)
    return board


def trade(price: int, size: int = 100) -> Trade:
    return Trade("NVX", price, size, Side.BUY, NOW)


def opened() -> tuple[Event, ...]:
    return listing("NVX"), Status("NVX", Phase.OPEN, "", NOW)


def test_a_quote_sets_the_sides_and_only_changed_fields_get_its_sequence() -> None:
    first, second = Quote("NVX", 10, 12, 5, 5, NOW), Quote("NVX", 11, 12, 5, 5, NOW + 1)
    row = board_of(*opened(), first, second).rows["NVX"]
    assert (row.values[BID], row.values[ASK], row.ticks) == (11, 12, 2)
    assert [FIELDS[i] for i, at in enumerate(row.versions) if at == 4] == ["bid", "ts_event"]
    assert row.values[TS_EVENT] == NOW + 1


def test_trades_make_open_high_low_last_and_volume() -> None:
    row = board_of(*opened(), trade(10), trade(13), trade(8), trade(9, 50)).rows["NVX"]
    values = [row.values[index] for index in (OPEN, HIGH, LOW, LAST, VOLUME)]
    assert values == [10, 13, 8, 9, 350]


def test_a_version_changes_only_with_its_value() -> None:
    row = board_of(*opened(), trade(10), trade(12), trade(12), trade(8), trade(8)).rows["NVX"]
    found = [row.versions[index] for index in (OPEN, HIGH, LOW, LAST, VOLUME, TS_EVENT)]
    assert found == [3, 4, 6, 6, 7, 3]


def test_the_newest_tick_is_that_of_all_symbols() -> None:
    board = board_of(listing("NVX"), listing("ORB"))
    assert board.newest_ms() is None
    board.apply(3, Quote("NVX", 10, 12, 5, 5, NOW + 7))
    board.apply(4, Quote("ORB", 10, 12, 5, 5, NOW + 3))
    assert board.newest_ms() == NOW + 7


@pytest.mark.parametrize(
    ("previous_close", "found"), [(None, 95), (90, 90), (0, 10_000)], ids=["today", "", "none"]
)
def test_an_amendment_says_what_the_day_is_from_now_on(
    previous_close: int | None, found: int
) -> None:
    """Without a trade of the day before the previous close is the reference price again."""
    board = board_of(*opened(), trade(95), Status("NVX", Phase.OPEN, "", NOW, 1), trade(99))
    mended = Amendment(
        "NVX", AmendmentKind.CANCELLED, NOW, "a", "a", 0, 0, 99, 100, NOW,
        last=7, open=5, high=8, low=4, volume=60, previous_close=previous_close,
    )  # fmt: skip
    board.apply(6, mended)
    row = board.rows["NVX"]
    values = [row.values[index] for index in (OPEN, HIGH, LOW, LAST, VOLUME)]
    assert values == [5, 8, 4, 7, 60]
    assert (row.values[PREVIOUS_CLOSE], row.ticks) == (found, 2)


def test_an_amendment_of_an_unknown_trade_changes_nothing() -> None:
    board = board_of(*opened(), trade(95))
    before = list(board.rows["NVX"].values)
    unknown = Amendment("NVX", AmendmentKind.CANCELLED, NOW, "a", "a", 0, 0, 99, 100, NOW)
    board.apply(4, unknown)
    assert (board.rows["NVX"].values, board.sequence) == (before, 4)


def test_a_new_trading_session_starts_from_the_last_price() -> None:
    board = board_of(*opened(), trade(10), trade(13))
    board.apply(5, Status("NVX", Phase.CLOSED, "night", NOW))
    assert board.rows["NVX"].values[VOLUME] == 200
    board.apply(6, Status("NVX", Phase.OPEN, "", NOW))
    row = board.rows["NVX"]
    assert [row.values[index] for index in (OPEN, HIGH, LOW, VOLUME)] == [None, None, None, 0]
    assert (row.values[PREVIOUS_CLOSE], row.values[LAST]) == (13, 13)


def test_a_halt_keeps_the_trading_session() -> None:
    board = board_of(*opened(), trade(10), Status("NVX", Phase.HALTED, "news", NOW))
    board.apply(5, Status("NVX", Phase.OPEN, "", NOW))
    row = board.rows["NVX"]
    assert (row.values[VOLUME], row.values[OPEN], row.values[PHASE]) == (100, 10, Phase.OPEN)


def test_an_instrument_that_comes_back_goes_on_counting_ticks() -> None:
    board = board_of(*opened(), trade(10), Delisting("NVX", NOW), listing("NVX"))
    assert board.rows["NVX"].values[LAST] is None
    assert board.ticks("NVX") == 1


def test_ticks_of_unlisted_symbols_are_impossible() -> None:
    with pytest.raises(KeyError):
        board_of(trade(10))


@pytest.mark.parametrize(
    ("tick", "ticks", "price"),
    [("0.01", 10125, 101.25), ("0.005", 3, 0.015), ("0.0001", 1, 0.0001), ("0.25", 7, 1.75),
     ("5", 3, 15.0), ("0.01", 29, 0.29), ("0.00000001", 123456789, 1.23456789)],
)  # fmt: skip
def test_prices_are_the_nearest_double_of_the_decimal(tick: str, ticks: int, price: float) -> None:
    row = board_of(Listing("demo", definition("NVX", tick=tick), NOW)).rows["NVX"]
    assert row.price(ticks) == price == float(ticks * Decimal(tick))


@given(scripts)
def test_a_copy_is_equal_and_shares_nothing(events: list[Event]) -> None:
    board = board_of(*events)
    twin = board.copy()
    before = {symbol: list(row.values) for symbol, row in twin.rows.items()}
    for sequence, symbol in enumerate(list(board.rows), len(events) + 1):
        board.apply(sequence, Quote(symbol, 1, 2, 3, 4, NOW + 99_999))
    assert {symbol: row.values for symbol, row in twin.rows.items()} == before


@given(scripts)
def test_no_version_is_above_the_board(events: list[Event]) -> None:
    board = board_of(*events)
    for row in board.rows.values():
        assert max(row.versions) <= board.sequence


def test_the_values_of_a_carryover_stand_under_their_names() -> None:
    board = Board()
    board.apply(1, listing("NVX"))
    row = board.rows["NVX"]
    for index, name in enumerate(FIELDS):
        row.put(index, Phase.OPEN if name == "phase" else index, 2)
    row.day, row.reason = 7, "news"
    left = board.carryover("NVX", 99)
    assert left == Carryover(
        symbol="NVX", ts_event=99, day=7, phase=Phase.OPEN, reason="news",
        **{"tick_ms" if name == "ts_event" else name: n for n, name in enumerate(FIELDS[:-1])},
    )  # fmt: skip


def test_a_reported_trade_moves_in_its_row_what_the_day_lets_it() -> None:
    board = Board()
    board.apply(1, listing("NVX"))
    prices = [
        (100, MOVES_ALL),
        (90, MOVES_RANGE | MOVES_VOLUME),
        (120, MOVES_VOLUME),
        (95, MOVES_LAST),
    ]
    for sequence, (price, day) in enumerate(prices, 2):
        board.apply(sequence, ReportedTrade("NVX", price, 5, Side.BUY, NOW, NOW, day=day))
    values = board.rows["NVX"].values
    assert [values[index] for index in (LAST, OPEN, HIGH, LOW, VOLUME)] == [
        95, 100, 100, 90, 15,
    ]  # fmt: skip
