"""The checker must be able to say no: each test tells it one lie, and it must say which."""

from collections.abc import Callable
from typing import Any

import pytest

from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
)
from tests.oracle.audit import ReaderAudit
from tests.oracle.tape import Account, EngineTape
from tests.support.market_script import NOW, definition, listing

ACCOUNT = Account(1, {"demo": 0})
FIELDS = ("p", "b")


def quote(bid: int, symbol: str = "NVX") -> Quote:
    return Quote(symbol, bid, bid + 1, 1, 1, NOW)


def trade(price: int, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW)


def publish(tape: EngineTape, *events: Event, epoch: str = "e1", at_ms: int = NOW) -> None:
    last = tape.epochs[epoch].last if epoch in tape.epochs else 0
    tape.take(Batch(epoch, last + 1, events), at_ms)


@pytest.fixture
def tape() -> EngineTape:
    """NVX and ORB are listed and open, at 1 to 4; then a quote, a trade, a quote of NVX."""
    tape = EngineTape(minute_ms=1_000)
    opened = [Status(symbol, Phase.OPEN, "", NOW) for symbol in ("NVX", "ORB")]
    publish(tape, listing("NVX"), listing("ORB"), *opened)
    publish(tape, quote(100), trade(101), quote(102))
    return tape


@pytest.fixture
def audit(tape: EngineTape) -> ReaderAudit:
    """A reader of NVX that has the snapshot at 4."""
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.ticker.fields = FIELDS
    audit.subscribe("ticker", ["NVX"], has_position=False)
    audit.subscribe("trades", ["NVX"], has_position=False)
    audit.take(snapshot({"NVX": {"p": None, "b": None, "ms": None}}, 4))
    audit.take(snapshot([], 4, channel="trades"))
    return audit


def snapshot(data: Any, seq: int, *, channel: str = "ticker", **more: Any) -> dict[str, Any]:
    head = {"channel": channel, "type": "snapshot", "epoch": "e1", "seq": seq, "ts": NOW}
    return head | {"data": data} | more


def update(since: int, seq: int, *, channel: str = "ticker", **data: Any) -> dict[str, Any]:
    return {"channel": channel, "from": since, "seq": seq, "ts": NOW, "data": data}


def trades(since: int, seq: int, *numbers: int) -> dict[str, Any]:
    entry = {"s": "NVX", "p": 1.01, "q": 5, "side": "BUY", "et": NOW, "ms": 0}
    data = [entry | {"i": number} for number in numbers]
    return update(since, seq, channel="trades") | {"data": data}


GOOD = {"p": 1.01, "b": 1.02, "ms": 0, "n": 3}


def test_the_truth_is_accepted(audit: ReaderAudit) -> None:
    audit.take(update(4, 7, NVX=GOOD))
    audit.take(trades(4, 7, 6))
    audit.take({"channel": "heartbeat", "seq": 7, "ts": NOW})
    assert (audit.wrong, audit.behind()) == ([], [])
    assert (audit.ticker.ticks, audit.ticker.merged, audit.trades.trades) == (3, 2, 1)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (GOOD | {"n": 2}, "receipts say 2, the tape 3"),
        (GOOD | {"n": 4}, "receipts say 4, the tape 3"),
        (GOOD | {"b": 1.0}, "NVX at 7 was"),
        (GOOD | {"ms": 5}, "NVX at 7 was"),
        (GOOD | {"a": 1.03}, "had the fields ['a']"),
        ({"gone": True, "n": 3}, "NVX at 7 was None"),
    ],
)
def test_a_wrong_entry_is_found(audit: ReaderAudit, entry: Any, complaint: str) -> None:
    audit.take(update(4, 7, NVX=entry))
    assert complaint in "\n".join(audit.wrong)


def test_a_symbol_that_is_not_subscribed_is_found(audit: ReaderAudit) -> None:
    audit.take(update(4, 7, NVX=GOOD, ORB={"n": 0}))
    assert audit.wrong == ["reader: ticker had ORB, which is not subscribed"]


def test_a_channel_that_goes_on_after_its_end_is_found(audit: ReaderAudit) -> None:
    audit.unsubscribe("ticker")
    audit.take(update(4, 7, NVX=GOOD))
    assert "though it is not subscribed" in audit.wrong[0]


def test_a_position_that_goes_back_is_found(audit: ReaderAudit) -> None:
    audit.take(update(4, 7, NVX=GOOD))
    audit.take(snapshot({"NVX": {"p": 1.01, "b": 1.0, "ms": 0}}, 6))
    assert audit.wrong == ["reader: ticker went back from 7 to 6"]


def test_a_frame_applied_in_spite_of_a_gap_is_found(audit: ReaderAudit) -> None:
    audit.take(update(5, 7, NVX=GOOD))
    assert "in spite of a gap" in audit.wrong[0]


@pytest.mark.parametrize("seq", [5, 6, 7])
def test_a_heartbeat_that_skips_ticks_is_found(audit: ReaderAudit, seq: int) -> None:
    audit.take({"channel": "heartbeat", "seq": seq, "ts": NOW})
    assert any("receipts say 0" in text for text in audit.wrong)
    assert any("skipped the trades [6]" in text for text in audit.wrong) is (seq >= 6)


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (trades(4, 7), "trades in (4, 7] were [], the tape has [6]"),
        (trades(4, 7, 6, 6), "out of order"),
        (trades(4, 7, 6, 5), "out of order"),
        (trades(4, 7, 7), "were [7], the tape has [6]"),
        (snapshot([], 7, channel="trades"), "trades were lost without a mark"),
    ],
)
def test_lost_doubled_and_invented_trades_are_found(
    audit: ReaderAudit, frame: Any, complaint: str
) -> None:
    audit.take(frame)
    assert complaint in "\n".join(audit.wrong)


def test_a_trade_that_comes_twice_is_found(audit: ReaderAudit) -> None:
    audit.take(trades(4, 7, 6))
    audit.take(snapshot(trades(0, 0, 6)["data"], 7, channel="trades", gap=True))
    assert audit.wrong == ["reader: the trades [6] came twice"]


def test_a_snapshot_that_is_interrupted_counts_for_nothing(tape: EngineTape) -> None:
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.subscribe("trades", ["NVX"], has_position=False)
    audit.take(snapshot(trades(0, 0, 6)["data"], 7, channel="trades", more=True))
    audit.begin_line()
    audit.take(snapshot(trades(0, 0, 6)["data"], 7, channel="trades"))
    assert audit.wrong == []
    audit.take(snapshot(trades(0, 0, 6)["data"], 7, channel="trades", gap=True, more=True))
    audit.take(snapshot(trades(0, 0, 6)["data"], 7, channel="trades", gap=True))
    assert "out of order: [6, 6]" in audit.wrong[0]


def test_a_gap_mark_where_nothing_is_missed_is_found(tape: EngineTape) -> None:
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.subscribe("trades", ["NVX"], has_position=False)
    audit.take(snapshot([], 4, channel="trades", gap=True))
    assert audit.wrong == ["reader: trades had a gap mark where nothing was missed"]


@pytest.mark.parametrize(("feeds", "is_behind"), [({"demo": 0}, True), ({"lab": 0}, False)])
def test_a_channel_without_anything_to_see_is_never_behind(
    tape: EngineTape, audit: ReaderAudit, feeds: dict[str, int], is_behind: bool
) -> None:
    audit.see(Account(1, feeds))
    publish(tape, listing("NVX"), epoch="e2")
    audit.take({"channel": "heartbeat", "seq": 99, "ts": NOW})
    assert bool(audit.behind()) is is_behind


def test_a_reader_that_does_not_follow_is_behind(audit: ReaderAudit) -> None:
    assert any("receipts say 0, the tape 3" in text for text in audit.behind())
    assert audit.wrong == []


def test_a_reader_of_another_epoch_is_behind(tape: EngineTape, audit: ReaderAudit) -> None:
    publish(tape, listing("NVX"), epoch="e2")
    assert any("the tape is in e2" in text for text in audit.behind())


def test_what_is_beyond_the_tape_is_checked_when_the_tape_arrives(
    tape: EngineTape, audit: ReaderAudit
) -> None:
    audit.take(update(4, 7, NVX=GOOD))
    audit.take(update(7, 8, NVX={"b": 9.99, "ms": 0}))
    assert audit.wrong == []
    publish(tape, quote(103))
    assert audit.check()
    assert "NVX at 8 was" in audit.wrong[0]


def test_personal_data_of_another_is_found(audit: ReaderAudit) -> None:
    mine, other = ({"channel": "watchlist", "data": [f"canary-{user}-1"]} for user in (1, 12))
    audit.take(mine)
    assert audit.wrong == []
    audit.take(other)
    assert audit.wrong == ["reader: watchlist had data of the users ['12']"]


# --- statuses and bars ---

STATUS = {"s": "NVX", "name": "Novexa", "sector": "Technology", "feed": "demo", "d": 2}
OPENED = STATUS | {"tick": 0.01, "ph": "OPEN", "reason": "", "t": NOW}
HALTED = OPENED | {"ph": "HALTED", "reason": "news"}


@pytest.fixture
def status_audit(tape: EngineTape) -> ReaderAudit:
    """A reader of the statuses; NVX is halted at 8."""
    publish(tape, Status("NVX", Phase.HALTED, "news", NOW))
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.subscribe("status", has_position=False)
    audit.take(snapshot([OPENED, OPENED | {"s": "ORB"}], 7, channel="status"))
    assert audit.wrong == []
    return audit


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([HALTED], None),
        ([], "instruments at 8 were"),
        ([HALTED | {"reason": "other news"}], "instruments at 8 were"),
        ([HALTED, OPENED | {"s": "LAB"}], "LAB, which this account does not see"),
        ([HALTED, {"feed": "lab"}], "lab, which this account does not see"),
    ],
)
def test_a_wrong_status_is_found(
    status_audit: ReaderAudit, entries: list[Any], complaint: str | None
) -> None:
    status_audit.take(update(7, 8, channel="status") | {"data": entries})
    if complaint is None:
        assert (status_audit.wrong, status_audit.behind()) == ([], [])
    else:
        assert complaint in "\n".join(status_audit.wrong)


def test_a_heartbeat_that_skips_a_halt_is_found(status_audit: ReaderAudit) -> None:
    status_audit.take({"channel": "heartbeat", "seq": 8, "ts": NOW})
    assert "instruments at 8 were" in status_audit.wrong[0]


BAR = {"s": "NVX", "iv": "1s", "t": NOW, "o": 1.01, "h": 1.01, "l": 1.01, "c": 1.01, "v": 5, "n": 1}


@pytest.mark.parametrize(
    ("bars", "complaint"),
    [
        ([BAR], None),
        ([BAR | {"v": 6}], "bars of NVX@1s at 7 were"),
        ([BAR | {"n": 2}], "bars of NVX@1s at 7 were"),
        ([BAR | {"h": 1.02}], "bars of NVX@1s at 7 were"),
        ([BAR | {"closed": True}], "bars of NVX@1s at 7 were"),
        ([BAR, BAR | {"t": NOW + 1_000}], "bars of NVX@1s at 7 were"),
        ([BAR | {"iv": "5s"}], "('NVX', '5s'), which is not subscribed"),
        ([BAR | {"s": "ORB"}], "('ORB', '1s'), which is not subscribed"),
    ],
)
def test_a_wrong_bar_is_found(tape: EngineTape, bars: list[Any], complaint: str | None) -> None:
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.subscribe("bars", [("NVX", "1s")], has_position=False)
    audit.take(snapshot(bars, 7, channel="bars"))
    if complaint is None:
        assert (audit.wrong, audit.behind()) == ([], [])
    else:
        assert complaint in "\n".join(audit.wrong)


@pytest.mark.parametrize(
    ("has_position", "is_mark", "complaint"),
    [
        (False, False, None),
        (False, True, "bars had a gap mark where nothing was missed"),
        (True, True, None),
        (True, False, "bars were lost without a mark"),
    ],
)
def test_bars_that_are_left_out_must_be_marked(
    tape: EngineTape, has_position: bool, is_mark: bool, complaint: str | None
) -> None:
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.subscribe("bars", [("NVX", "1s")], has_position=has_position)
    audit.take(snapshot([BAR], 7, channel="bars", gap=is_mark))
    assert audit.wrong == ([] if complaint is None else [f"reader: {complaint}"])


# --- delays, and the tape itself ---


def delayed(event: Event) -> Event:
    match event:
        case Listing():
            return Listing("lab~1", definition("LAB~1"), event.ts_event)
    return type(event)("LAB~1", *[getattr(event, name) for name in event.__struct_fields__[1:]])


@pytest.mark.parametrize(("after_ms", "is_early"), [(999, True), (1_000, False)])
@pytest.mark.parametrize("make", [lambda: quote(5, "LAB"), lambda: trade(5, "LAB")])
def test_delayed_data_that_is_too_young_is_found(
    tape: EngineTape, make: Callable[[], Event], after_ms: int, is_early: bool
) -> None:
    first = Listing("lab", definition("LAB"), NOW)
    publish(tape, first, delayed(first), make())
    publish(tape, delayed(make()), at_ms=NOW + after_ms)
    assert bool(tape.wrong) is is_early


def test_delayed_data_that_never_happened_is_found(tape: EngineTape) -> None:
    first = Listing("lab", definition("LAB"), NOW)
    publish(tape, first, delayed(first))
    publish(tape, Status("LAB~1", Phase.HALTED, "news", NOW), at_ms=NOW + 9_000)
    assert "after None ms" in tape.wrong[0]


def test_live_data_of_a_delayed_reader_is_found(tape: EngineTape) -> None:
    first = Listing("lab", definition("LAB"), NOW)
    publish(tape, first, delayed(first), quote(5, "LAB"))
    audit = ReaderAudit(tape, Account(2, {"lab": 1}), "late reader")
    audit.ticker.fields = FIELDS
    audit.subscribe("ticker", ["LAB"], has_position=False)
    audit.take(snapshot({"LAB": {"p": None, "b": 0.05, "ms": 0}}, 10))
    assert "LAB at 10 was" in audit.wrong[0]


def test_a_symbol_that_is_not_seen_is_found(tape: EngineTape) -> None:
    publish(tape, Listing("lab", definition("LAB"), NOW))
    audit = ReaderAudit(tape, ACCOUNT, "reader")
    audit.subscribe("ticker", ["*"], has_position=False)
    audit.take(snapshot({"LAB": {"p": None}}, 8))
    assert "ticker had LAB, which this account does not see" in audit.wrong[0]


def test_a_hole_and_a_second_writer_on_the_tape_are_found(tape: EngineTape) -> None:
    tape.take(Batch("e1", 9, (quote(7),)), NOW)
    assert tape.wrong == ["batch began at 9, the last event was 7"]
    publish(tape, listing("NVX"), epoch="e2")
    publish(tape, quote(8))
    assert tape.wrong[1:] == ["epoch e1 came back after e2"]


def test_a_row_that_is_gone_stays_gone(tape: EngineTape) -> None:
    publish(tape, Delisting("NVX", NOW))
    epoch = tape.epochs["e1"]
    assert epoch.row("NVX", 7) is not None
    assert epoch.row("NVX", 8) is None
    assert epoch.ticks("NVX", 8) == 3


def test_bars_are_folded_from_trades(tape: EngineTape) -> None:
    publish(
        tape, Trade("NVX", 99, 2, Side.SELL, NOW + 900), Trade("NVX", 110, 1, Side.BUY, NOW + 1_000)
    )
    first, second = tape.epochs["e1"].bars("NVX", "1s", 9)
    assert first == {"t": NOW, "o": 1.01, "h": 1.01, "l": 0.99, "v": 7, "n": 2, "c": 0.99}
    assert (second["t"], second["c"]) == (NOW + 1_000, 1.1)
