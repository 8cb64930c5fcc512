"""Readers of bars have the bars of the market, whatever their pace, and see what they missed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery import bar_texts
from dashboard.delivery.bar_texts import CLOSED_BARS
from dashboard.delivery.outboxes.bars import BarsOutbox
from dashboard.delivery.replica import Replica
from dashboard.loadtest.reader import Reader
from dashboard.people.access import Access
from dashboard.wire.registry import BAR_LIMIT, RECENT_BARS, Error
from feeds.market.bars import DAY, LEVEL_OF, MINUTE, SPANS
from feeds.market.board import Board
from feeds.market.delayed_keys import delayed
from feeds.market.events import Batch, Delisting, Event, Listing, Position, Side, Trade
from tests.support.listener import Listener
from tests.support.market_script import NOW, SYMBOLS, batches, definition, listing, scripts
from tests.support.places import GOLDEN

FRAMES = GOLDEN / "bars.json"
SECONDS = LEVEL_OF["1s"]
PAIRS = [(symbol, level) for symbol in SYMBOLS[:2] for level in (SECONDS, MINUTE, DAY)]


def replica_of(*events: Event, epoch: str = "e1") -> Replica:
    replica = Replica(epoch, Board(), capacity=1000, ts=NOW)
    happen(replica, *events)
    return replica


def happen(replica: Replica, *events: Event) -> None:
    replica.receive(Batch(replica.epoch, replica.sequence + 1, events), ts=NOW)


def trade(at_s: int, price: int = 10_000, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW, NOW + 1000 * at_s)


def read(reader: Reader, frames: list[str]) -> list[dict[str, Any]]:
    """Fold frames; return their entries."""
    decoded = [json.loads(frame) for frame in frames]
    for frame in decoded:
        reader.apply(frame)
    return [entry for frame in decoded for entry in frame["data"]]


def starts(reader: Reader, interval: str = "1s", symbol: str = "NVX") -> list[int]:
    return [(t - NOW) // 1000 for t in sorted(reader.bars.get((symbol, interval), {}))]


@given(
    scripts,
    st.lists(st.integers(0, 70), max_size=8),
    st.lists(st.booleans(), min_size=80, max_size=80),
)
def test_snapshot_and_updates_are_the_snapshot(events, cuts, taking) -> None:
    replica, outbox, reader = replica_of(*events[:3]), BarsOutbox(), Reader()
    read(reader, outbox.add(replica, PAIRS))
    for batch, takes in zip(batches("e1", events[3:], cuts), taking, strict=False):
        happen(replica, *batch.events)
        read(reader, outbox.take(replica) if takes else [])
    read(reader, outbox.take(replica))
    fresh = Reader()
    read(fresh, BarsOutbox().add(replica, PAIRS))
    for key, bars in fresh.bars.items():
        assert {t: reader.bars[key].get(t) for t in bars} == bars


def test_an_entry_says_what_a_bar_is() -> None:
    replica, outbox = replica_of(listing("NVX"), trade(0), trade(0, 10_010)), BarsOutbox()
    (entry,) = read(Reader(), outbox.add(replica, [("NVX", SECONDS)]))
    assert entry == {
        "s": "NVX", "iv": "1s", "t": NOW, "o": 100.0, "h": 100.1, "l": 100.0, "c": 100.1,
        "v": 10, "n": 2,
    }  # fmt: skip


def test_the_live_bar_merges_and_closed_ones_are_sent_once() -> None:
    replica, outbox, reader = replica_of(listing("NVX")), BarsOutbox(), Reader()
    read(reader, outbox.add(replica, [("NVX", SECONDS)]))
    happen(replica, trade(0), trade(0, 10_020), trade(1), trade(2, 9_000), trade(2, 9_500))
    entries = read(reader, outbox.take(replica))
    assert [(bar["t"] - NOW, bar.get("closed", False)) for bar in entries] == [
        (0, True),
        (1000, True),
        (2000, False),
    ]
    assert outbox.updates == 3
    happen(replica, trade(3))
    entries = read(reader, outbox.take(replica))
    assert [(bar["t"] - NOW, bar.get("closed", False)) for bar in entries] == [
        (2000, True),
        (3000, False),
    ]
    assert outbox.take(replica) == []
    happen(replica, trade(9, symbol="NVX"))
    happen(replica, Delisting("NVX", NOW))
    assert outbox.take(replica) == []


def test_a_reader_begins_with_the_newest_bars() -> None:
    replica = replica_of(listing("NVX"), *(trade(n) for n in range(RECENT_BARS + 20)))
    reader = Reader()
    entries = read(reader, BarsOutbox().add(replica, [("NVX", SECONDS), ("NVX", MINUTE)]))
    assert len(entries) == RECENT_BARS + 2
    assert starts(reader) == list(range(20, RECENT_BARS + 20))


def test_a_reader_resumes_and_one_that_fell_behind_gets_a_gap() -> None:
    replica, reader = replica_of(listing("NVX"), trade(0), trade(1)), Reader()
    read(reader, BarsOutbox().add(replica, [("NVX", SECONDS)]))
    position = Position("e1", replica.sequence)
    happen(replica, trade(2), trade(3))
    outbox = BarsOutbox()
    assert outbox.resume(replica, [("NVX", SECONDS)], position)
    assert len(read(reader, outbox.take(replica))) == 3
    assert starts(reader) == [0, 1, 2, 3]
    happen(replica, *(trade(n) for n in range(4, CLOSED_BARS + 10)))
    assert not BarsOutbox().resume(replica, [("NVX", SECONDS)], position)
    frames = outbox.take(replica)
    assert json.loads(frames[0])["gap"]
    read(reader, frames)
    assert starts(reader)[:4] == [0, 1, 2, 3]
    assert starts(reader)[-RECENT_BARS:] == list(range(10, CLOSED_BARS + 10))


@pytest.mark.parametrize("since", [Position("e2", 1), Position("e1", 99_999)])
def test_a_position_of_elsewhere_is_not_resumed(since: Position) -> None:
    replica = replica_of(listing("NVX"), trade(0))
    assert not BarsOutbox().resume(replica, [("NVX", SECONDS)], since)


def test_an_open_channel_goes_back_to_mend_but_never_ahead() -> None:
    replica, outbox = replica_of(listing("NVX"), trade(0), trade(1)), BarsOutbox()
    outbox.add(replica, [("NVX", SECONDS)])
    happen(replica, trade(2))
    assert not outbox.resume(replica, [("NVX", SECONDS)], replica.position)
    assert not outbox.resume(replica, [("NVX", MINUTE)], Position("e1", 2))
    assert outbox.resume(replica, [("NVX", SECONDS)], Position("e1", 3))
    assert outbox.resume(replica, [("NVX", SECONDS)], Position("e1", 2))
    assert len(json.loads(outbox.take(replica)[0])["data"]) == 3


def test_another_epoch_is_a_gap_and_keeps_what_is_older() -> None:
    outbox, reader = BarsOutbox(), Reader()
    read(reader, outbox.add(replica_of(listing("NVX"), trade(0), trade(1)), [("NVX", SECONDS)]))
    other = replica_of(listing("NVX"), trade(1, 7), trade(5), epoch="e2")
    frames = outbox.take(other)
    assert json.loads(frames[0])["gap"]
    read(reader, frames)
    assert starts(reader) == [0, 1, 5]
    assert reader.bars["NVX", "1s"][NOW + 1000]["o"] == 0.07


def test_a_late_starter_knows_the_live_bars_and_not_what_closed_before() -> None:
    mirror = Board()
    for sequence, event in enumerate([listing("NVX"), trade(0), trade(2)], 1):
        mirror.apply(sequence, event)
    replica = Replica("e1", mirror.copy(), capacity=10, ts=NOW)
    entries = read(Reader(), BarsOutbox().add(replica, [("NVX", SECONDS), ("NVX", MINUTE)]))
    assert [(bar["iv"], bar["n"]) for bar in entries] == [("1s", 1), ("1m", 2)]
    assert not BarsOutbox().resume(replica, [("NVX", SECONDS)], Position("e1", 2))


def test_a_delayed_reader_has_the_bars_of_that_time() -> None:
    twin = delayed("NVX", 15)
    replica = replica_of(listing("NVX"), listing(twin), trade(0), trade(900), trade(0, 7, twin))
    access = Access(frozenset({"lab"}), frozenset({"lab~15"}))
    outbox = BarsOutbox(access)
    entries = read(Reader(), outbox.add(replica, [(twin, SECONDS)]))
    assert [(bar["s"], bar["t"], bar["o"]) for bar in entries] == [("NVX", NOW, 0.07)]


def test_answers_for_many_positions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_texts, "SHARED_ANSWERS", 2)
    replica = replica_of(listing("NVX"), trade(0), trade(1), trade(2))
    counts = []
    for sequence in (1, 2, 3, 4, 1):
        counts.append(len(replica.bars.since("NVX", SECONDS, sequence) or []))
        assert len(replica.bars._news) <= 2
    assert counts == [3, 3, 2, 0, 3]
    assert replica.bars.since("XYZ", SECONDS, 1) == []
    assert replica.bars.amended_since("XYZ", SECONDS, 1) == []
    replica.board.bars.symbols["NVX"].amended_floor = 3
    amended = [replica.bars.amended_since("NVX", SECONDS, sequence) for sequence in (2, 3, 4)]
    assert amended == [None, [], []]


def test_readers_at_one_place_share_their_bars_until_the_market_moves() -> None:
    replica = replica_of(listing("NVX"), trade(0))
    shared = replica.bars.since("NVX", SECONDS, 1)
    assert replica.bars.since("NVX", SECONDS, 2) == []
    assert replica.bars.since("NVX", SECONDS, 1) is shared
    happen(replica, trade(0))
    assert replica.bars.since("NVX", SECONDS, 1) is not shared


def test_amended_bars_that_are_no_longer_known_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    replica, outbox = replica_of(listing("NVX"), trade(0)), BarsOutbox()
    outbox.corrections = True
    outbox.add(replica, [("NVX", SECONDS)])
    happen(replica, trade(1))
    monkeypatch.setattr(replica.bars, "amended_since", lambda *_: None)
    (frame,) = map(json.loads, outbox.take(replica))
    assert (frame["type"], frame["gap"], frame["seq"]) == ("snapshot", True, 3)
    assert outbox.take(replica) == []


def test_nobody_gets_bars_of_symbols_that_are_not_theirs() -> None:
    hidden = Listing("secret", definition("HID"), NOW)
    market = listing("NVX"), hidden, trade(0), trade(0, symbol="HID")
    replica, reader = replica_of(*market), Reader()
    outbox = BarsOutbox(Access(restricted=frozenset({"secret"})))
    symbols = lambda frames: [bar["s"] for bar in read(reader, frames)]
    assert symbols(outbox.add(replica, [("NVX", SECONDS), ("HID", SECONDS)])) == ["NVX"]
    happen(replica, trade(0, symbol="HID"), trade(0, 7))
    assert symbols(outbox.take(replica)) == ["NVX"]
    assert symbols(outbox.take(replica_of(*market, epoch="e2"))) == ["NVX"]


def test_only_a_snapshot_after_something_lost_names_a_gap() -> None:
    gaps = lambda frames: [json.loads(frame).get("gap", False) for frame in frames]
    replica, outbox = replica_of(listing("NVX"), listing("ORB"), trade(0)), BarsOutbox()
    assert gaps(outbox.add(replica, [("NVX", SECONDS)])) == [False]
    happen(replica, trade(1))
    assert gaps(outbox.add(replica, [("ORB", SECONDS)])) == [False, False]
    assert gaps(outbox.take(replica_of(listing("NVX"), trade(0), epoch="e2"))) == [True]


# --- commands -------------------------------------------------------------------------------
def ask(listener: Listener, **params: Any) -> dict[str, Any]:
    listener.texts.clear()
    listener.send("subscribe", channel="bars", **params)
    return json.loads(listener.texts[0])


def opened() -> Listener:
    listener = Listener()
    listener.happen(
        Batch("e1", 1, (listing("NVX"), listing("ORB"), trade(0), trade(0, symbol="ORB")))
    )
    return listener


def test_symbols_name_their_interval_or_take_the_common_one() -> None:
    listener = opened()
    answer = ask(listener, symbols=["NVX", "ORB@1d", "NONE", "NVX@5s"], interval="15m")
    assert answer["result"]["symbols"] == ["NVX", "ORB@1d", "NVX@5s"]
    assert answer["result"]["rejected"] == {"NONE": "unknown symbol"}
    data = json.loads(listener.texts[1])["data"]
    assert [(bar["s"], bar["iv"]) for bar in data] == [("NVX", "15m"), ("ORB", "1d"), ("NVX", "5s")]
    listener.send("unsubscribe", channel="bars", symbols=["ORB@1d", "NVX"], interval="15m")
    listener.texts.clear()
    listener.happen(Batch("e1", 5, (trade(1), trade(1, symbol="ORB"))))
    listener.listen()
    assert [bar["iv"] for bar in json.loads(listener.texts[0])["data"]] == ["5s"]


@pytest.mark.parametrize(
    "params",
    [
        {"symbols": ["NVX"], "interval": "2m"},
        {"symbols": ["NVX@"], "interval": ""},
        {"symbols": ["NVX@7"]},
        {"symbols": ["NVX@1m@1m"]},
        {"symbols": ["*"]},
        {"symbols": ["*@1m"]},
        {"symbols": ["NVX"], "interval": 5},
        {"symbols": "NVX"},
    ],
)
def test_what_cannot_be_asked_is_refused(params: dict[str, Any]) -> None:
    answer = ask(opened(), **params)
    assert not answer["success"]
    assert answer["error"]["code"] == Error.BAD_PARAMETERS


def test_there_is_a_limit() -> None:
    listener = opened()
    symbols = [f"S{number}" for number in range(BAR_LIMIT + 1)]
    assert ask(listener, symbols=symbols)["error"]["code"] == Error.TOO_MANY_SYMBOLS
    assert ask(listener, symbols=symbols[1:])["success"]
    assert ask(listener, symbols=["NVX", "ORB"])["success"]
    assert ask(listener, symbols=symbols[2:])["error"]["code"] == Error.TOO_MANY_SYMBOLS


def test_a_market_that_has_not_begun_is_unavailable() -> None:
    assert ask(Listener(""), symbols=["NVX"])["error"]["code"] == Error.UNAVAILABLE


# --- golden frames --------------------------------------------------------------------------
def play() -> list[dict[str, Any]]:
    """Return the frames of a market that does all that bars can do, and the bars they make."""
    replica, outbox, reader = replica_of(listing("NVX"), trade(0), trade(1)), BarsOutbox(), Reader()
    steps: list[dict[str, Any]] = []

    def tell(name: str, frames: list[str]) -> None:
        read(reader, frames)
        bars = {f"{s}@{iv}": list(known.values()) for (s, iv), known in reader.bars.items()}
        position = str(reader.positions["bars"])
        decoded = [json.loads(frame) for frame in frames]
        steps.append({"name": name, "frames": decoded, "bars": bars, "position": position})

    tell("begin", outbox.add(replica, [("NVX", SECONDS)]))
    happen(replica, listing("QAL"))
    tell("no bar yet", outbox.add(replica, [("QAL", MINUTE)]))
    happen(replica, trade(1, 10_050), trade(61))
    tell("closed and live", outbox.take(replica))
    happen(replica, listing("ORB"), trade(62, 3, "ORB"))
    tell("another pair", outbox.add(replica, [("ORB", MINUTE)]))
    happen(replica, *(trade(n) for n in range(62, 62 + CLOSED_BARS + 5)))
    tell("gap", outbox.take(replica))
    tell(
        "set back in another epoch",
        outbox.take(replica_of(listing("NVX"), trade(61, 9_000), epoch="e2")),
    )
    return steps


def test_the_golden_bars_are_what_the_market_says(pytestconfig: Any) -> None:
    steps = play()
    if pytestconfig.getoption("--update-golden"):
        FRAMES.write_text(json.dumps(steps, indent=1) + "\n")
    assert steps == json.loads(FRAMES.read_text())
    frames = [frame for step in steps for frame in step["frames"]]
    assert any(frame.get("gap") for frame in frames)
    assert SPANS[MINUTE] == 60_000
