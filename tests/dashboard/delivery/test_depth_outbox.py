"""Readers of books have those of the market, whatever their pace, and others cost nothing."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery import replica as replica_module
from dashboard.delivery.outboxes.depth import DepthOutbox
from dashboard.delivery.outboxes.market import TickerOutbox
from dashboard.delivery.replica import Replica
from dashboard.loadtest.reader import Reader
from dashboard.people.access import Access
from dashboard.wire.frames import book_of
from dashboard.wire.registry import DEPTH_LIMIT, LEVELS, Error
from feeds.market.board import Board
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    Listing,
    Position,
    Quote,
    Side,
    Trade,
    Withdrawal,
)
from tests.support.listener import Listener
from tests.support.market_script import (
    NOW,
    SYMBOLS,
    batches,
    definition,
    levels,
    listing,
    scripts,
)
from tests.support.places import GOLDEN

FRAMES = GOLDEN / "depth.json"


def replica_of(*events: Event, epoch: str = "e1") -> Replica:
    replica = Replica(epoch, Board(), capacity=1000, ts=NOW)
    happen(replica, *events)
    return replica


def happen(replica: Replica, *events: Event) -> None:
    replica.receive(Batch(replica.epoch, replica.sequence + 1, events), ts=NOW)


def quote(bid: int, symbol: str = "NVX", *, behind: int = 0) -> Quote:
    """Return a quote with some levels behind the best."""
    bids = levels((bid - n, 10 * n) for n in range(1, behind + 1))
    asks = levels((bid + 2 + n, 20 * n) for n in range(1, behind + 1))
    return Quote(symbol, bid, bid + 2, 5, 6, NOW, bids, asks)


def trade(price: int = 10_000, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW)


def read(reader: Reader, frames: list[str]) -> list[dict[str, Any]]:
    """Fold frames; return their data."""
    decoded = [json.loads(frame) for frame in frames]
    for frame in decoded:
        reader.apply(frame)
    return [frame["data"] for frame in decoded]


def books(replica: Replica) -> dict[str, Any]:
    """Return the books of the market, as REST has them."""
    return {
        symbol: json.loads(msgspec.json.encode(book_of(row)))
        for symbol, row in replica.board.rows.items()
    }


@given(
    scripts,
    st.lists(st.integers(0, 70), max_size=8),
    st.lists(st.booleans(), min_size=80, max_size=80),
)
def test_snapshot_and_updates_are_the_books_of_the_market(events, cuts, taking) -> None:
    replica, outbox, reader = replica_of(*events[:3]), DepthOutbox(), Reader()
    read(reader, outbox.add(replica, SYMBOLS[:3]))
    for batch, takes in zip(batches("e1", events[3:], cuts), taking, strict=False):
        happen(replica, *batch.events)
        read(reader, outbox.take(replica) if takes else [])
    read(reader, outbox.take(replica))
    wanted = {symbol: book for symbol, book in books(replica).items() if symbol in SYMBOLS[:3]}
    assert {s: book for s, book in reader.books.items() if not book.get("gone")} == wanted


def test_a_book_has_five_levels_of_each_side() -> None:
    replica, outbox = replica_of(listing("NVX"), quote(10_000, behind=7)), DepthOutbox()
    (data,) = read(Reader(), outbox.add(replica, ["NVX"]))
    book = data["NVX"]
    assert [len(book["bids"]), len(book["asks"])] == [LEVELS, LEVELS]
    assert book["bids"][:2] == [[100.0, 5], [99.99, 10]]
    assert book["asks"][:2] == [[100.02, 6], [100.03, 20]]


def test_who_adds_or_leaves_a_symbol_keeps_the_books_it_knows() -> None:
    replica, outbox = replica_of(listing("NVX"), listing("ORB"), quote(9_000)), DepthOutbox()
    read(Reader(), outbox.add(replica, ["NVX"]))
    read(Reader(), outbox.add(replica, ["ORB"]))
    happen(replica, trade())
    assert outbox.take(replica) == []
    outbox.remove(["NVX"])
    outbox.add(replica, ["NVX"])
    outbox.remove(["ORB"])
    happen(replica, trade())
    assert (outbox.take(replica), outbox.is_open) == ([], True)
    outbox.remove(None)
    assert (outbox.symbols, outbox.is_open) == ((), False)


def test_quotes_merge_and_what_moves_no_book_sends_nothing() -> None:
    replica, outbox, reader = replica_of(listing("NVX"), listing("ORB")), DepthOutbox(), Reader()
    assert read(reader, outbox.add(replica, ["NVX"])) == [{"NVX": {"bids": [], "asks": []}}]
    happen(replica, quote(10_000), quote(9_000), quote(9_500), quote(7, "ORB"))
    assert [[*data] for data in read(reader, outbox.take(replica))] == [["NVX"]]
    assert reader.books["NVX"]["bids"] == [[95.0, 5]]
    happen(replica, trade(), quote(9_500), quote(8, "ORB"))
    assert outbox.take(replica) == []
    happen(replica, quote(9_500, behind=1))
    assert [[*data] for data in read(reader, outbox.take(replica))] == [["NVX"]]
    assert outbox.updates == 2


def test_a_book_that_is_taken_back_is_empty_and_a_delisted_one_gone() -> None:
    replica, outbox, reader = replica_of(listing("NVX"), quote(10_000)), DepthOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, Withdrawal("NVX", NOW))
    assert read(reader, outbox.take(replica)) == [{"NVX": {"bids": [], "asks": []}}]
    happen(replica, Delisting("NVX", NOW))
    assert read(reader, outbox.take(replica)) == [{"NVX": {"gone": True}}]
    happen(replica, listing("NVX"), quote(10_000))
    assert read(reader, outbox.take(replica))[0]["NVX"]["bids"] == [[100.0, 5]]


def test_a_reader_goes_on_where_it_was_and_begins_anew_in_another_epoch() -> None:
    replica = replica_of(listing("NVX"), quote(1), listing("ORB"), quote(2), quote(3, "ORB"))
    outbox = DepthOutbox()
    assert outbox.resume(replica, ["NVX", "ORB"], Position("e1", 4))
    (frame,) = outbox.take(replica)
    assert (json.loads(frame)["from"], [*json.loads(frame)["data"]]) == (4, ["ORB"])
    assert not outbox.resume(replica, ["NVX"], Position("e1", 4))
    assert not DepthOutbox().resume(replica, ["NVX"], Position("e9", 4))
    (frame,) = outbox.take(replica_of(listing("NVX"), quote(9), epoch="e2"))
    said = json.loads(frame)
    assert (said["type"], said["epoch"]) == ("snapshot", "e2")
    assert said["data"]["NVX"]["bids"] == [[0.09, 5]]


def test_symbols_are_added_at_one_position() -> None:
    replica, outbox = replica_of(listing("NVX"), listing("ORB"), quote(1)), DepthOutbox()
    outbox.add(replica, ["NVX"])
    happen(replica, quote(2))
    update, snapshot = map(json.loads, outbox.add(replica, ["ORB"]))
    assert ([*update["data"]], [*snapshot["data"]]) == (["NVX"], ["ORB"])
    assert update["seq"] == snapshot["seq"] == 4


def test_a_delayed_reader_has_the_book_of_that_time_and_others_none() -> None:
    twin = delayed("NVX", 15)
    replica = replica_of(listing("NVX"), listing(twin), quote(10_000), quote(7, twin))
    outbox = DepthOutbox(Access(frozenset({"lab"}), frozenset({"lab~15"})))
    (data,) = read(Reader(), outbox.add(replica, [twin]))
    assert data["NVX"]["bids"] == [[0.07, 5]]
    happen(replica, quote(10_001))
    assert outbox.take(replica) == []


def test_nobody_gets_the_book_of_a_symbol_that_is_not_theirs_any_more() -> None:
    replica = replica_of(listing("NVX"), listing("HID"), quote(1), quote(1, "HID"))
    outbox, reader = DepthOutbox(Access(restricted=frozenset({"secret"}))), Reader()
    symbols = lambda frames: [[*data] for data in read(reader, frames)]
    assert symbols(outbox.add(replica, ["NVX", "HID"])) == [["NVX", "HID"]]
    hidden = Listing("secret", definition("HID"), NOW)
    happen(replica, hidden, quote(2), quote(2, "HID"))
    assert symbols(outbox.take(replica)) == [["NVX"]]
    other = replica_of(listing("NVX"), hidden, quote(3), quote(3, "HID"), epoch="e2")
    assert symbols(outbox.take(other)) == [["NVX"]]


def test_a_book_that_nobody_reads_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No book is encoded while nobody subscribes, and one serves all readers of a position."""
    made: list[str] = []
    encode = replica_module.encode_book
    monkeypatch.setattr(
        replica_module, "encode_book", lambda s, row: made.append(s) or encode(s, row)
    )
    replica, ticker = replica_of(listing("NVX"), listing("ORB")), TickerOutbox()
    ticker.add(replica, ["NVX", "ORB"])
    happen(replica, quote(10_000), quote(10_000, "ORB"))
    assert ticker.take(replica)
    assert made == []
    outboxes = [DepthOutbox() for _ in range(3)]
    for outbox in outboxes:
        outbox.add(replica, ["NVX"])
    happen(replica, quote(10_001), quote(10_001, "ORB"))
    assert len({outbox.take(replica)[0] for outbox in outboxes}) == 1
    assert made == ["NVX", "NVX"]


# --- commands -------------------------------------------------------------------------------
def ask(listener: Listener, **params: Any) -> dict[str, Any]:
    listener.texts.clear()
    listener.send("subscribe", channel="depth", **params)
    return json.loads(listener.texts[0])


def opened() -> Listener:
    listener = Listener()
    listener.happen(Batch("e1", 1, (listing("NVX"), listing("ORB"), quote(1), quote(1, "ORB"))))
    return listener


def test_symbols_are_answered_one_by_one_and_left_one_by_one() -> None:
    listener = opened()
    result = ask(listener, symbols=["nvx", "NONE", "ORB"])["result"]
    assert result == {
        "channel": "depth", "symbols": ["NVX", "ORB"],
        "rejected": {"NONE": "unknown symbol"}, "resumed": False,
    }  # fmt: skip
    assert [*json.loads(listener.texts[1])["data"]] == ["NVX", "ORB"]
    listener.send("unsubscribe", channel="depth", symbols=["nvx"])
    listener.texts.clear()
    listener.happen(Batch("e1", 5, (quote(2), quote(2, "ORB"))))
    listener.listen()
    assert [[*json.loads(text)["data"]] for text in listener.texts] == [["ORB"]]


@pytest.mark.parametrize("symbols", [["*"], ["NVX", "*"]])
def test_books_are_of_named_symbols(symbols: list[str]) -> None:
    error = ask(opened(), symbols=symbols)["error"]
    assert (error["code"], error["message"]) == (Error.BAD_PARAMETERS, "depth is of named symbols")


def test_a_reader_names_only_so_many_books() -> None:
    listener = opened()
    symbols = [f"S{number}" for number in range(DEPTH_LIMIT + 1)]
    assert ask(listener, symbols=symbols)["error"]["code"] == Error.TOO_MANY_SYMBOLS
    ask(listener, symbols=["NVX"])
    assert ask(listener, symbols=symbols[:-1])["error"]["code"] == Error.TOO_MANY_SYMBOLS
    assert ask(listener, symbols=["NVX", *symbols[:-2]])["success"]


def test_a_market_that_has_not_begun_is_unavailable() -> None:
    assert ask(Listener(""), symbols=["NVX"])["error"]["code"] == Error.UNAVAILABLE


# --- golden frames --------------------------------------------------------------------------
def play() -> list[dict[str, Any]]:
    """Return the frames of a market that does all that books can do, and the books they make."""
    replica, outbox, reader = replica_of(listing("NVX"), listing("ORB")), DepthOutbox(), Reader()
    steps: list[dict[str, Any]] = []

    def tell(name: str, frames: list[str]) -> None:
        read(reader, frames)
        position = str(reader.positions["depth"])
        decoded = [json.loads(frame) for frame in frames]
        steps.append(
            {"name": name, "frames": decoded, "books": dict(reader.books), "position": position}
        )

    tell("no orders yet", outbox.add(replica, ["NVX"]))
    happen(replica, quote(10_000, behind=6), quote(9_999, behind=4))
    tell("merged", outbox.take(replica))
    happen(replica, quote(500, "ORB"), Quote("NVX", 0, 10_010, 0, 7, NOW))
    tell("one side, and another symbol", outbox.add(replica, ["ORB"]))
    happen(replica, Withdrawal("NVX", NOW), Delisting("ORB", NOW))
    tell("taken back, and gone", outbox.take(replica))
    tell("another epoch", outbox.take(replica_of(listing("NVX"), quote(9_000), epoch="e2")))
    return steps


def test_the_golden_books_are_what_the_market_says(pytestconfig: Any) -> None:
    steps = play()
    if pytestconfig.getoption("--update-golden"):
        FRAMES.write_text(json.dumps(steps, indent=1) + "\n")
    assert steps == json.loads(FRAMES.read_text())
    assert {"gone": True} in [book for step in steps for book in step["books"].values()]
