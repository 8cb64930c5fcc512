"""Every trade once and in order, whatever the pauses; a reader off the tape sees the gap."""

import json
from datetime import date
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery.outboxes.bars import BarsOutbox
from dashboard.delivery.outboxes.market import StatusOutbox, TradesOutbox
from dashboard.delivery.replica import TRADE_CAPACITY, Replica
from dashboard.loadtest.reader import Reader
from dashboard.people.access import Access
from dashboard.wire.registry import RECENT_TRADES, TRADE_ENTRIES
from feeds.engine.virtual_clock import demo_plan, tape_of
from feeds.market.bars import MINUTE, MINUTE_MS
from feeds.market.board import Board
from feeds.market.events import Batch, Event, Listing, Position, Side, Trade
from feeds.plan.calendars import EXCHANGES, Calendar
from tests.support.market_script import NOW, SYMBOLS, batches, definition, listing, scripts
from tests.support.places import GOLDEN

FRAMES = GOLDEN / "trades.json"
EPOCH = "e1"
EXCHANGE_MS = 1_767_612_345_678


def replica_of(events: list[Event]) -> Replica:
    replica = Replica(EPOCH, Board(), capacity=1000, ts=NOW)
    happen(replica, *events)
    return replica


def happen(replica: Replica, *events: Event) -> None:
    replica.receive(Batch(replica.epoch, replica.sequence + 1, events), ts=NOW)


def trade(price: int, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW - 3)


def read(reader: Reader, frames: list[str]) -> None:
    for frame in frames:
        reader.apply(json.loads(frame))


def sequences(reader: Reader) -> list[int | None]:
    return [entry and entry["i"] for entry in reader.trades]


@pytest.mark.slow
@given(scripts, st.lists(st.integers(0, 70), max_size=12), st.lists(st.booleans(), min_size=80))
def test_every_trade_after_the_start_is_sent_once_and_in_order(events, cuts, taking) -> None:
    replica, outbox, reader = replica_of(events[:3]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, SYMBOLS[:2]))
    for batch, takes in zip(batches(EPOCH, events, [*cuts, 3]), taking, strict=False):
        if batch.first > 3:
            replica.receive(batch, ts=NOW)
            read(reader, outbox.take(replica) if takes else [])
    rest = [batch for batch in batches(EPOCH, events, []) if batch.last > replica.sequence]
    for batch in rest:
        happen(replica, *batch.events[replica.sequence + 1 - batch.first :])
    read(reader, outbox.take(replica))
    numbered = enumerate(events, 1)
    wanted = [n for n, e in numbered if n > 3 and isinstance(e, Trade) and e.symbol in SYMBOLS[:2]]
    assert sequences(reader) == wanted


def test_a_trade_says_what_happened_and_when() -> None:
    replica, outbox, reader = replica_of([listing("NVX")]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, Trade("NVX", 10_125, 5, Side.BUY, NOW - 3, EXCHANGE_MS))
    read(reader, outbox.take(replica))
    assert list(reader.trades) == [
        {"s": "NVX", "p": 101.25, "q": 5, "side": "BUY", "i": 2, "et": EXCHANGE_MS, "t": NOW - 3}
    ]


def test_who_leaves_one_symbol_keeps_the_others_until_all_are_left() -> None:
    replica, outbox, reader = replica_of([listing("NVX"), listing("ORB")]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX", "ORB"]))
    outbox.corrections = True
    outbox.remove(["NVX", "QAL"])
    assert (outbox.symbols, outbox.is_open, outbox.corrections) == ({"ORB"}, True, True)
    happen(replica, trade(1), trade(2, "ORB"))
    read(reader, outbox.take(replica))
    assert sequences(reader) == [4]
    outbox.remove(None)
    assert (outbox.symbols, outbox.is_open, outbox.corrections) == (set(), False, False)
    happen(replica, trade(3, "ORB"))
    assert outbox.take(replica) == []


def test_nobody_gets_trades_of_symbols_that_are_not_theirs_or_not_named() -> None:
    hidden = Listing("secret", definition("HID"), NOW)
    replica = replica_of([listing("NVX"), listing("ORB"), hidden])
    some, everything = (TradesOutbox(Access(restricted=frozenset({"secret"}))) for _ in range(2))
    some.add(replica, ["NVX", "HID"])
    everything.want_everything()
    everything.add(replica, [])
    happen(replica, trade(1), trade(2, "ORB"), trade(3, "HID"))
    for outbox, wanted in ((some, ["NVX"]), (everything, ["NVX", "ORB"])):
        (frame,) = map(json.loads, outbox.take(replica))
        assert [entry["s"] for entry in frame["data"]] == wanted


def test_a_reader_is_behind_only_in_an_open_channel_of_this_epoch() -> None:
    replica, outbox = replica_of([listing("NVX"), trade(10_000)]), TradesOutbox()
    outbox.place.stand_at(Position(EPOCH, 1))
    assert outbox.behind(replica) == 0, "nobody reads it"
    outbox.add(replica, ["NVX"])
    happen(replica, trade(10_100), listing("ORB"), trade(1, "ORB"), trade(10_200))
    assert outbox.behind(replica) == 2
    outbox.want_everything()
    assert outbox.behind(replica) == 3
    outbox.place.stand_at(Position("e0", 1))
    assert outbox.behind(replica) == 0, "in another epoch nobody can count"


def test_a_feed_without_a_clock_of_its_own_has_our_time() -> None:
    replica, outbox, reader = replica_of([listing("NVX")]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, trade(10_125))
    read(reader, outbox.take(replica))
    assert reader.trades[0]["et"] == NOW - 3


@pytest.mark.slow
def test_a_program_can_fold_the_bars_of_a_compressed_day_itself() -> None:
    """The demo's day takes half an hour: trades of one of our seconds belong to several bars."""
    calendar = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    plan = demo_plan(calendar, seed=7, rate=200, instruments=3, day_ms=600_000)
    symbols = [definition.symbol for definition in plan.definitions]
    replica = Replica("virtual", Board(), capacity=1000, ts=NOW)
    trades, bars = TradesOutbox(), BarsOutbox()
    folded: dict[tuple[str, int], list[float]] = {}
    served: dict[tuple[str, int], list[float]] = {}
    for number, batch in enumerate(tape_of(plan, 90)):
        replica.receive(batch, ts=batch.last)
        if number == 0:
            trades.add(replica, symbols)
            bars.add(replica, [(symbol, MINUTE) for symbol in symbols])
        for frame in map(json.loads, chain(*iter(lambda: trades.take(replica), []))):
            for entry in frame["data"]:
                key = (entry["s"], entry["et"] - entry["et"] % MINUTE_MS)
                fold(folded, key, entry["p"], entry["q"])
        for frame in map(json.loads, bars.take(replica)):
            for entry in frame["data"]:
                key = (entry["s"], entry["t"])
                served[key] = [entry[name] for name in ("o", "h", "l", "c", "v", "n")]
    assert len(served) > 50
    assert folded == served


def fold(
    bars: dict[tuple[str, int], list[float]], key: tuple[str, int], price: float, size: int
) -> None:
    bar = bars.setdefault(key, [price, price, price, price, 0, 0])
    bar[1], bar[2], bar[3] = max(bar[1], price), min(bar[2], price), price
    bar[4], bar[5] = bar[4] + size, bar[5] + 1


def test_many_trades_come_in_frames_of_bounded_size() -> None:
    replica, outbox, reader = replica_of([listing("NVX")]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, *(trade(n) for n in range(1, 2 * TRADE_ENTRIES + 2)))
    sizes = []
    while frames := outbox.take(replica):
        sizes += [len(json.loads(frame)["data"]) for frame in frames]
        read(reader, frames)
    assert sizes == [TRADE_ENTRIES, TRADE_ENTRIES, 1]
    assert None not in reader.trades


@pytest.mark.slow
def test_a_reader_resumes_and_one_that_fell_out_gets_a_gap() -> None:
    replica = replica_of([listing("NVX"), *(trade(n) for n in range(1, 100))])
    outbox, reader = TradesOutbox(), Reader()
    reader.positions["trades"] = Position(EPOCH, 90)
    assert outbox.resume(replica, ["NVX"], Position(EPOCH, 90))
    read(reader, outbox.take(replica))
    assert sequences(reader) == list(range(91, 101))
    happen(replica, *(trade(n) for n in range(1, TRADE_CAPACITY + 50)))
    assert not TradesOutbox().resume(replica, ["NVX"], Position(EPOCH, 90))
    read(reader, outbox.take(replica))
    assert sequences(reader)[10] is None
    assert len(reader.trades) == 10 + 1 + RECENT_TRADES


def test_another_epoch_is_a_gap() -> None:
    outbox, reader = TradesOutbox(), Reader()
    read(reader, outbox.add(replica_of([listing("NVX"), trade(1)]), ["NVX"]))
    other = Replica("e2", Board(), capacity=10, ts=NOW)
    happen(other, listing("NVX"), trade(2))
    read(reader, outbox.take(other))
    assert [entry and entry["p"] for entry in reader.trades] == [0.01, None, 0.02]


def test_a_new_epoch_is_sent_from_its_first_trade() -> None:
    outbox, reader = TradesOutbox(), Reader()
    read(reader, outbox.add(replica_of([listing("NVX"), trade(1)]), ["NVX"]))
    other = Replica("e2", Board(), capacity=10, ts=NOW)
    count = RECENT_TRADES + 10
    happen(other, listing("NVX"), *(trade(number) for number in range(1, count + 1)))
    while frames := outbox.take(other):
        read(reader, frames)
    assert sequences(reader) == [2, None, *range(2, 2 + count)]


def next_epoch(former: Replica, epoch: str, *events: Event) -> Replica:
    """Return the replica that takes the place of another one when a feed begins again."""
    replica = Replica(epoch, Board(), capacity=1000, ts=NOW)
    replica.follow(former)
    happen(replica, *events)
    return replica


def read_all(reader: Reader, outbox: TradesOutbox, replica: Replica) -> None:
    while frames := outbox.take(replica):
        read(reader, frames)


@pytest.mark.parametrize("missed", [1, TRADE_ENTRIES, TRADE_ENTRIES + 1, 3 * TRADE_ENTRIES + 5])
def test_the_rest_of_the_former_epoch_comes_before_a_new_one(missed: int) -> None:
    replica, outbox, reader = replica_of([listing("NVX"), trade(1)]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, *(trade(number) for number in range(1, missed + 1)))
    other = next_epoch(replica, "e2", listing("NVX"), trade(7))
    read_all(reader, outbox, other)
    assert sequences(reader) == [2, *range(3, 3 + missed), None, 2][-reader.trades.maxlen :]
    assert outbox.updates == missed + 1


def test_a_reader_that_comes_back_gets_the_rest_of_the_former_epoch() -> None:
    replica = replica_of([listing("NVX"), *(trade(number) for number in range(1, 10))])
    other = next_epoch(replica, "e2", listing("NVX"), trade(7))
    outbox, reader = TradesOutbox(), Reader()
    reader.positions["trades"] = Position(EPOCH, 8)
    assert not outbox.resume(other, ["NVX"], Position(EPOCH, 8))
    read_all(reader, outbox, other)
    assert sequences(reader) == [9, 10, None, 2]


def test_a_reader_ahead_of_the_former_epoch_goes_on_in_the_new_one() -> None:
    replica = replica_of([listing("NVX"), trade(1)])
    other = next_epoch(replica, "e2", listing("NVX"), trade(7))
    outbox, reader = TradesOutbox(), Reader()
    reader.positions["trades"] = Position(EPOCH, 50)
    outbox.resume(other, ["NVX"], Position(EPOCH, 50))
    read_all(reader, outbox, other)
    assert sequences(reader) == [None, 2]


def test_only_the_last_epoch_is_kept_also_when_a_board_is_read_again() -> None:
    first = replica_of([listing("NVX"), trade(1), trade(2)])
    second = next_epoch(first, "e2", listing("NVX"), trade(3))
    again = Replica("e2", second.board.copy(), capacity=1000, ts=NOW)
    again.follow(second)
    assert again.former is first
    third = next_epoch(again, "e3", listing("NVX"), trade(4))
    assert (third.former, again.former) == (again, None)
    outbox, reader = TradesOutbox(), Reader()
    reader.positions["trades"] = Position(EPOCH, 2)
    outbox.resume(third, ["NVX"], Position(EPOCH, 2))
    read_all(reader, outbox, third)
    assert sequences(reader) == [None, 2]


def test_what_fell_off_the_former_tape_is_a_gap() -> None:
    replica = replica_of([listing("NVX"), *(trade(n) for n in range(1, TRADE_CAPACITY + 50))])
    other = next_epoch(replica, "e2", listing("NVX"), trade(7))
    outbox, reader = TradesOutbox(), Reader()
    reader.positions["trades"] = Position(EPOCH, 3)
    outbox.resume(other, ["NVX"], Position(EPOCH, 3))
    read_all(reader, outbox, other)
    assert sequences(reader) == [None, 2]


def test_nobody_gets_the_rest_of_symbols_that_are_not_theirs() -> None:
    """The instrument is gone in the new epoch, where everything else is theirs."""
    hidden = Listing("secret", definition("HID"), NOW)
    replica = replica_of([listing("NVX"), hidden, trade(1)])
    stranger = Access(restricted=frozenset({"secret"}))
    outbox, reader = TradesOutbox(stranger), Reader()
    read(reader, outbox.add(replica, ["NVX", "HID"]))
    outbox.want_everything()
    happen(replica, trade(2, "HID"), trade(3))
    other = next_epoch(replica, "e2", listing("NVX"), trade(7))
    read_all(reader, outbox, other)
    assert {entry["s"] for entry in reader.trades if entry} == {"NVX"}
    assert sequences(reader) == [3, 5, None, 2]


def test_a_place_of_other_rights_is_not_sent_the_whole_epoch_again() -> None:
    replica = replica_of([listing("NVX"), *(trade(number) for number in range(1, 100))])
    outbox, reader = TradesOutbox(), Reader()
    assert not outbox.resume(replica, ["NVX"], Position("", 50))
    read(reader, outbox.take(replica))
    assert sequences(reader) == [None, *range(101 - RECENT_TRADES, 101)]


def test_a_new_epoch_that_is_not_known_from_its_first_trade_begins_with_the_newest() -> None:
    outbox, reader = TradesOutbox(), Reader()
    read(reader, outbox.add(replica_of([listing("NVX"), trade(1)]), ["NVX"]))
    board = Board()
    board.apply(1, listing("NVX"))
    board.apply(2, trade(5))
    other = Replica("e2", board, capacity=10, ts=NOW)
    other.receive(Batch("e2", 3, tuple(trade(number) for number in range(1, 61))), ts=NOW)
    read(reader, outbox.take(other))
    assert sequences(reader) == [2, None, *range(63 - RECENT_TRADES, 63)]


def test_added_symbols_bring_their_newest_and_lose_nothing_of_the_others() -> None:
    replica = replica_of([listing("NVX"), listing("ORB"), trade(1, "ORB")])
    outbox, reader = TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, trade(2), trade(3, "ORB"))
    read(reader, outbox.add(replica, ["NVX", "ORB"]))
    happen(replica, trade(4, "ORB"))
    read(reader, outbox.take(replica))
    assert sequences(reader) == [4, 3, 5, 6]


def test_everything_includes_what_is_listed_later_and_symbols_can_be_taken_out() -> None:
    replica, outbox, reader = replica_of([listing("NVX")]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    outbox.want_everything()
    happen(replica, listing("ORB"), trade(1, "ORB"))
    read(reader, outbox.take(replica))
    assert sequences(reader) == [3]
    outbox.remove(None)
    happen(replica, trade(2))
    assert outbox.take(replica) == []


def test_asking_for_everything_again_doubles_nothing() -> None:
    replica, outbox, reader = replica_of([listing("NVX")]), TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    outbox.want_everything()
    happen(replica, listing("ORB"), trade(1, "ORB"))
    read(reader, outbox.take(replica))
    read(reader, outbox.add(replica, ["NVX", "ORB"]))
    assert sequences(reader) == [3]


def test_an_open_channel_goes_back_to_mend_a_gap_but_not_for_a_new_symbol() -> None:
    replica = replica_of([listing("NVX"), listing("ORB")])
    outbox, reader = TradesOutbox(), Reader()
    read(reader, outbox.add(replica, ["NVX"]))
    happen(replica, trade(1), trade(2))
    read(reader, outbox.take(replica))
    assert not outbox.resume(replica, ["ORB"], Position(EPOCH, 2))
    happen(replica, trade(3), trade(4, "ORB"))
    assert not outbox.resume(replica, ["NVX"], Position(EPOCH, 6))
    read(reader, outbox.take(replica))
    assert sequences(reader) == [3, 4, 5, 6]
    reader.positions["trades"] = Position(EPOCH, 4)
    assert outbox.resume(replica, ["NVX", "ORB"], Position(EPOCH, 4))
    read(reader, outbox.take(replica))
    assert sequences(reader) == [3, 4, 5, 6, 5, 6]


def gaps(frames: list[str]) -> list[bool]:
    return [frame.get("gap", False) for frame in map(json.loads, frames)]


@pytest.mark.slow
def test_only_a_snapshot_after_something_lost_names_a_gap() -> None:
    replica, outbox = replica_of([listing("NVX"), listing("ORB"), trade(1)]), TradesOutbox()
    assert gaps(outbox.add(replica, ["NVX"])) == [False]
    happen(replica, trade(2))
    assert gaps(outbox.add(replica, ["ORB"])) == [False, False]
    other = Replica("e2", Board(), capacity=10, ts=NOW)
    happen(other, listing("NVX"), trade(3))
    assert gaps(outbox.take(other)) == [True, False]
    happen(other, *(trade(number) for number in range(1, TRADE_CAPACITY + 2)))
    assert gaps(outbox.take(other)) == [True]


# --- golden frames --------------------------------------------------------------------------
def compressed(seconds: int, price: int, symbol: str = "NVX") -> Trade:
    """Return a trade of a day that runs fifteen times as fast as our clock."""
    ms = seconds * 1000
    return Trade(symbol, price, 5, Side.SELL, NOW + ms, EXCHANGE_MS + 15 * ms)


def play() -> list[dict[str, Any]]:
    """Return the frames of a market with trades of both kinds of clocks, and the known trades."""
    replica, outbox, reader = replica_of([listing("NVX"), listing("ORB")]), TradesOutbox(), Reader()
    steps: list[dict[str, Any]] = []

    def tell(name: str, frames: list[str]) -> None:
        read(reader, frames)
        decoded = [json.loads(frame) for frame in frames]
        position = str(reader.positions["trades"])
        known = list(reader.trades)
        steps.append({"name": name, "frames": decoded, "trades": known, "position": position})

    tell("begin", outbox.add(replica, ["NVX", "ORB"]))
    happen(replica, compressed(0, 10_000), compressed(4, 10_010))
    tell("a minute of the exchange in four seconds", outbox.take(replica))
    happen(replica, trade(7, "ORB"))
    tell("no clock of its own", outbox.take(replica))
    other = Replica("e2", Board(), capacity=1000, ts=NOW)
    happen(other, listing("NVX"), compressed(9, 9_990))
    tell("another epoch", outbox.take(other))
    return steps


def test_the_golden_trades_are_what_the_market_says(pytestconfig: Any) -> None:
    steps = play()
    if pytestconfig.getoption("--update-golden"):
        FRAMES.write_text(json.dumps(steps, indent=1) + "\n")
    assert steps == json.loads(FRAMES.read_text())


def begun_late() -> Replica:
    """Return a replica that knows nothing of the tape before position 3."""
    before = replica_of([listing("NVX"), trade(1), trade(2)])
    return Replica(EPOCH, before.board.copy(), capacity=1000, ts=NOW)


def test_a_position_before_the_tape_is_not_resumed_but_named_as_a_gap() -> None:
    replica, outbox = begun_late(), TradesOutbox()
    assert outbox.resume(replica, ["NVX"], Position(EPOCH, 2)) is False
    happen(replica, trade(3))
    (frame,) = map(json.loads, outbox.take(replica))
    assert (frame["type"], frame["gap"], frame["seq"]) == ("snapshot", True, 4)
    assert [entry["p"] for entry in frame["data"]] == [0.03]
    assert outbox.take(replica) == []


def test_a_position_at_the_beginning_of_the_tape_is_resumed() -> None:
    replica, outbox = begun_late(), TradesOutbox()
    assert outbox.resume(replica, ["NVX"], Position(EPOCH, 3)) is True
    happen(replica, trade(3))
    (frame,) = map(json.loads, outbox.take(replica))
    assert (frame["from"], [entry["p"] for entry in frame["data"]]) == (3, [0.03])


def test_the_status_is_resumed_only_where_its_tape_reaches_back() -> None:
    replica = begun_late()
    outboxes = [StatusOutbox(), StatusOutbox()]
    resumed = [
        outbox.open(replica, Position(EPOCH, sequence))
        for outbox, sequence in zip(outboxes, (2, 3), strict=True)
    ]
    assert resumed == [False, True]
    frames = [[json.loads(frame) for frame in outbox.take(replica)] for outbox in outboxes]
    assert [[frame.get("gap") for frame in each] for each in frames] == [[True], []]
