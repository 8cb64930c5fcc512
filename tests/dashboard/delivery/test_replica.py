"""A replica that begins late answers like one that was there, as far back as it can know."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.delivery import replica as replica_module
from dashboard.delivery.market_view import view_of
from dashboard.delivery.news import SHARED_ANSWERS
from dashboard.delivery.replica import BatchLost, Replica
from dashboard.wire import frames
from dashboard.wire.frames import TradeText, encode_instrument, encode_trade
from feeds.exceptions import PositionLost
from feeds.market.board import PHASE, Board, Row
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    Listing,
    Phase,
    Position,
    Side,
    Status,
    Trade,
    Withdrawal,
)
from tests.support.market_script import NOW, SYMBOLS, batches, listing, scripts

EPOCH = "e1"
EVERYTHING = view_of(None)


def followed(tape: list[Batch]) -> Replica:
    replica = Replica(EPOCH, Board(), capacity=1000, ts=NOW)
    for batch in tape:
        replica.receive(batch, ts=NOW)
    return replica


def begun_late(former: Replica, recent: list[Batch]) -> Replica:
    return Replica(EPOCH, former.board.copy(), capacity=1000, ts=NOW, recent=recent)


def floor_of(events: list[Event]) -> int:
    """Return the sequence of the last event whose entry needs an instrument as it was then."""
    kinds = Listing | Delisting | Withdrawal
    return max(n for n, event in enumerate(events, 1) if isinstance(event, kinds))


@given(scripts, st.lists(st.integers(0, 70), max_size=12))
def test_what_a_late_one_knows_is_true(events: list[Event], cuts: list[int]) -> None:
    tape = list(batches(EPOCH, events, cuts))
    there = followed(tape)
    late = begun_late(there, tape)
    floor = min(floor_of(events), late.sequence)
    assert late.reaches(Position(EPOCH, floor))
    assert floor == 0 or not late.reaches(Position(EPOCH, floor - 1))
    for sequence in range(floor, late.sequence + 1):
        known = [trade.entry(NOW) for trade in there.trades_since(sequence)]
        assert [trade.entry(NOW) for trade in late.trades_since(sequence)] == known
        assert late.statuses_since(sequence) == there.statuses_since(sequence)
        changed = late.changed_since(sequence, EVERYTHING)
        assert changed == there.changed_since(sequence, EVERYTHING)
        for symbol in filter(late.board.is_known, SYMBOLS):
            assert late.ticks_at(symbol, sequence) == there.ticks_at(symbol, sequence)


def test_readers_at_the_same_places_share_their_answers_and_old_ones_are_forgotten() -> None:
    replica = followed([Batch(EPOCH, 1, [listing("NVX")])])
    for number in range(2, SHARED_ANSWERS + 3):
        replica.receive(Batch(EPOCH, number, [Trade("NVX", number, 1, Side.BUY, NOW)]), ts=NOW)
    for since in (replica.news_since, replica.trades_since):
        first = [since(sequence) for sequence in range(1, 4)]
        assert all(since(sequence) is first[sequence - 1] for sequence in range(1, 4))
        for sequence in range(4, SHARED_ANSWERS + 2):
            since(sequence)
        assert since(1) is not first[0]


def test_without_batches_before_it_knows_only_its_board() -> None:
    there = followed([Batch(EPOCH, 1, (listing("NVX"), Trade("NVX", 5, 1, Side.BUY, NOW)))])
    late = begun_late(there, [])
    assert late.reaches(Position(EPOCH, 2))
    assert not late.reaches(Position(EPOCH, 1))
    assert late.recent_trades(None) == []
    assert not late.has_first_trade
    for since in (late.trades_since, late.statuses_since, late.corrections_since):
        assert since(2) == []
        with pytest.raises(PositionLost):
            since(1)


def test_a_trade_is_encoded_once_and_only_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []

    def encode(trade: Trade, row: Row, *, sequence: int) -> TradeText:
        encoded.append(sequence)
        return encode_trade(trade, row, sequence=sequence)

    monkeypatch.setattr(frames, "encode_trade", encode)
    trades = [Trade("NVX", price, 1, Side.BUY, NOW) for price in (5, 6, 7)]
    replica = followed([Batch(EPOCH, 1, (listing("NVX"), *trades))])
    assert not encoded
    tape = replica.trades_since(1)
    assert not encoded
    prices = [json.loads(trade.entry(NOW))["p"] for trade in tape[1:]]
    assert prices == [0.06, 0.07]
    assert json.loads(replica.recent_trades({"NVX"}, 1)[0].dated())["p"] == 0.07
    assert encoded == [3, 4]


def test_the_entry_of_an_instrument_is_encoded_once_until_its_status_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded = []

    def encode(symbol: str, row: Row) -> str:
        encoded.append(symbol)
        return encode_instrument(symbol, row)

    monkeypatch.setattr(replica_module, "encode_instrument", encode)
    replica = followed([Batch(EPOCH, 1, (listing("NVX"), listing("ORB")))])
    assert [json.loads(text)["s"] for text in replica.all_statuses()] == ["NVX", "ORB"]
    replica.receive(Batch(EPOCH, 3, (Status("NVX", Phase.HALTED, "", NOW),)), ts=NOW)
    assert [json.loads(text)["ph"] for text in replica.all_statuses()] == ["HALTED", "CLOSED"]
    assert encoded == ["NVX", "ORB", "NVX"]


def test_the_text_of_a_trade_has_the_units_of_its_time() -> None:
    """The symbol comes again with other units, before anybody reads the trade."""
    batch = (listing("NVX"), Trade("NVX", 5, 1, Side.BUY, NOW), Delisting("NVX", NOW))
    dearer = replace(listing("NVX").definition, tick_size=Decimal(1))
    again = replace(listing("NVX"), definition=dearer)
    replica = followed([Batch(EPOCH, 1, (*batch, again, Trade("NVX", 5, 1, Side.BUY, NOW)))])
    prices = [json.loads(trade.entry(NOW))["p"] for trade in replica.trades_since(0)]
    assert prices == [0.05, 5.0]


@pytest.mark.parametrize(("epoch", "first"), [("e2", 2), (EPOCH, 1), (EPOCH, 3)])
def test_a_batch_that_does_not_follow_is_refused_and_changes_nothing(
    epoch: str, first: int
) -> None:
    replica = followed([Batch(EPOCH, 1, (listing("NVX"),))])
    with pytest.raises(BatchLost, match=f"batch begins at {epoch}:{first}, mine is e1:1"):
        replica.receive(Batch(epoch, first, (listing("ORB"),)), ts=NOW)
    assert (replica.sequence, list(replica.board.known())) == (1, ["NVX"])
    replica.receive(Batch(EPOCH, 2, (listing("ORB"),)), ts=NOW)
    assert replica.sequence == 2


def test_a_late_one_tells_each_phase_as_it_was_and_the_board_as_it_is() -> None:
    halt = Status("NVX", Phase.HALTED, "news", NOW + 1)
    tape = [Batch(EPOCH, 1, (listing("NVX"),)), Batch(EPOCH, 2, (halt, open_again(NOW + 2)))]
    late = begun_late(followed(tape), tape)
    entries = [json.loads(text) for text in late.statuses_since(1)]
    assert [(entry["ph"], entry["reason"], entry["t"]) for entry in entries] == [
        ("HALTED", "news", NOW + 1),
        ("OPEN", "", NOW + 2),
    ]
    assert late.board.rows["NVX"].values[PHASE] is Phase.OPEN


def open_again(ts: int) -> Status:
    return Status("NVX", Phase.OPEN, "", ts)


def test_a_sign_of_life_moves_nothing() -> None:
    replica = followed([Batch(EPOCH, 1, (listing("NVX"), Trade("NVX", 5, 1, Side.BUY, NOW)))])
    shared = replica.news_since(1)
    replica.receive(Batch(EPOCH, 3, ()), ts=NOW + 900)
    assert (replica.ts, replica.sequence, replica.newest_ms) == (NOW, 2, NOW)
    assert replica.news_since(1) is shared


def test_the_newest_trades_are_those_of_the_symbols_in_order() -> None:
    trades = [
        Trade(symbol, price, 1, Side.BUY, NOW)
        for price, symbol in enumerate(("NVX", "ORB", "NVX", "NVX", "ORB"), 1)
    ]
    replica = followed([Batch(EPOCH, 1, (listing("NVX"), listing("ORB"), *trades))])
    found = lambda *asked: [trade.sequence for trade in replica.recent_trades(*asked)]
    assert found(None) == [3, 4, 5, 6, 7]
    assert found(None, 2) == [6, 7]
    assert found({"NVX"}) == [3, 5, 6]
    assert found({"NVX"}, 2) == [5, 6]
    assert found({"QAL"}) == []


@pytest.mark.parametrize(
    ("position", "is_near", "is_ahead"),
    [
        (Position(EPOCH, 0), True, False),
        (Position(EPOCH, 2), True, False),
        (Position(EPOCH, 3), True, True),
        (Position(EPOCH, 60_002), True, True),
        (Position(EPOCH, 60_003), False, False),
        (Position("e2", 2), False, False),
        (Position("e2", 3), False, False),
        (Position("", 3), False, False),
    ],
)
def test_a_reader_may_be_ahead_by_60_000_events(
    position: Position, *, is_near: bool, is_ahead: bool
) -> None:
    replica = followed([Batch(EPOCH, 1, (listing("NVX"), listing("ORB")))])
    assert (replica.has_or_awaits(position), replica.awaits(position)) == (is_near, is_ahead)


def test_before_a_market_has_begun_no_position_is_known() -> None:
    replica = Replica("", Board(), capacity=10, ts=NOW)
    assert not replica.has_or_awaits(Position("", 0))
    assert not replica.reaches(Position("", 0))
