"""A reader that knows more than this process waits for it: it loses nothing, and sees no gap."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.delivery.outboxes.bars import BarsOutbox
from dashboard.delivery.outboxes.market import StatusOutbox, TickerOutbox, TradesOutbox
from dashboard.delivery.replica import AHEAD_EVENTS, Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.exceptions import CommandRefused
from dashboard.loadtest.reader import Reader
from dashboard.wire.commands import Subscribe
from dashboard.wire.registry import Error
from feeds.clock import Moment
from feeds.market.board import Board
from feeds.market.events import Batch, Delisting, Event, Phase, Position, Quote, Side, Status, Trade
from tests.support.market_script import NOW, SYMBOLS, batches, listing, scripts

EPOCH = "e1"
PAIRS = [(symbol, 0) for symbol in SYMBOLS[:3]]
Outbox = TickerOutbox | TradesOutbox | StatusOutbox | BarsOutbox
cuts = st.lists(st.integers(4, 70), max_size=12)


def in_order(events: list[Event]) -> list[Event]:
    """Return events whose trades follow each other in time: a clock set back begins bars anew."""
    newest_ms, moved = 0, []
    for event in events:
        if isinstance(event, Trade):
            newest_ms = max(newest_ms, event.ts_event)
            event = replace(event, ts_event=newest_ms)
        moved.append(event)
    return moved


steady_scripts = scripts.map(in_order)


def begin(replica: Replica) -> tuple[list[Outbox], list[str]]:
    """Return the outboxes of a reader that begins at a process, and its first frames."""
    ticker, trades, status, bars = TickerOutbox(), TradesOutbox(), StatusOutbox(), BarsOutbox()
    status.open(replica, None)
    frames = status.take(replica) + ticker.add(replica, SYMBOLS[:3])
    frames += trades.add(replica, SYMBOLS[:3]) + bars.add(replica, PAIRS)
    return [ticker, trades, status, bars], frames


def resume(replica: Replica, since: Position) -> tuple[list[Outbox], bool]:
    """Return the outboxes of a reader that goes on at a process, and whether all channels do."""
    ticker, trades, status, bars = TickerOutbox(), TradesOutbox(), StatusOutbox(), BarsOutbox()
    is_resumed = (
        ticker.resume(replica, SYMBOLS[:3], since)
        and trades.resume(replica, SYMBOLS[:3], since)
        and status.open(replica, since)
        and bars.resume(replica, PAIRS, since)
    )
    return [ticker, trades, status, bars], is_resumed


def take(outboxes: list[Outbox], replica: Replica) -> list[dict[str, Any]]:
    return [json.loads(frame) for outbox in outboxes for frame in outbox.take(replica)]


def replica_of(*events: Event, capacity: int = 1000) -> Replica:
    replica = Replica(EPOCH, Board(), capacity=capacity, ts=NOW)
    happen(replica, *events)
    return replica


def happen(replica: Replica, *events: Event) -> None:
    replica.receive(Batch(EPOCH, replica.sequence + 1, events), ts=NOW)


def quote(bid: int, symbol: str = "NVX") -> Quote:
    return Quote(symbol, bid, bid + 1, 100, 100, NOW)


def trade(price: int) -> Trade:
    return Trade("NVX", price, 5, Side.BUY, NOW)


@pytest.mark.slow
@given(steady_scripts, st.tuples(st.integers(3, 70), st.integers(3, 70)), cuts, cuts)
def test_at_a_process_that_lags_it_waits_and_then_goes_on(
    events: list[Event], places: tuple[int, int], cuts: list[int], other_cuts: list[int]
) -> None:
    """Wherever the two processes stand, and however batches come, the end is the same."""
    reached, known = sorted(min(place, len(events)) for place in places)
    there, late = replica_of(), replica_of()
    for batch in batches(EPOCH, events, [*cuts, known]):
        if batch.last <= known:
            there.receive(batch, ts=NOW)
    reader = Reader()
    for text in begin(there)[1]:
        reader.apply(json.loads(text))
    first = [entry and entry["i"] for entry in reader.trades]
    rest = batches(EPOCH, events, [*other_cuts, reached])
    for batch in rest:
        if batch.last <= reached:
            late.receive(batch, ts=NOW)
    outboxes, is_resumed = resume(late, there.position)
    assert is_resumed
    for batch in [None, *(batch for batch in rest if batch.first > reached)]:
        if batch is not None:
            late.receive(batch, ts=NOW)
        frames = take(outboxes, late)
        assert not frames or late.sequence > known
        assert not any("type" in frame for frame in frames)
        for frame in frames:
            reader.apply(frame)
    fresh = Reader()
    for text in begin(late)[1]:
        fresh.apply(json.loads(text))
    assert (reader.rows, reader.feeds) == (fresh.rows, fresh.feeds)
    assert reader.instruments == fresh.instruments
    ticks = [e.symbol for e in events[known:] if isinstance(e, Quote | Trade)]
    assert all(reader.ticks.get(s, 0) == ticks.count(s) for s in SYMBOLS[:3])
    later = [n for n, e in enumerate(events, 1) if n > known and isinstance(e, Trade)]
    mine = [n for n in later if events[n - 1].symbol in SYMBOLS[:3]]
    assert [entry and entry["i"] for entry in reader.trades] == first + mine


@given(steady_scripts, st.integers(3, 70), st.integers(0, 70))
def test_a_process_that_begins_again_at_an_older_board_takes_nobody_back(
    events: list[Event], known: int, begun: int
) -> None:
    """The board that a process begins with may be a second old; its readers know more."""
    known = min(known, len(events))
    before, older = replica_of(*events[:known]), replica_of(*events[: min(begun, known)])
    outboxes, texts = begin(before)
    reader = Reader()
    for text in texts:
        reader.apply(json.loads(text))
    for event in [None, *events[older.sequence :]]:
        if event is not None:
            happen(older, event)
        for frame in take(outboxes, older):
            assert "type" not in frame
            assert frame["from"] >= known
            reader.apply(frame)
    ticks = [e.symbol for e in events[known:] if isinstance(e, Quote | Trade)]
    assert all(reader.ticks.get(s, 0) == ticks.count(s) for s in SYMBOLS[:3])


def test_receipts_stay_exact_when_the_counts_no_longer_reach_back() -> None:
    """A paused reader does not look when the process catches up: then only a snapshot is exact."""
    replica = replica_of(listing("NVX"), quote(10), capacity=4)
    outbox, reader = TickerOutbox(), Reader()
    assert outbox.resume(replica, ["NVX"], Position(EPOCH, 5))
    happen(replica, *(quote(number) for number in range(1, 40)))
    assert outbox.behind(replica) == 0  # nobody can say how many
    (frame,) = outbox.take(replica)
    reader.apply(json.loads(frame))
    assert json.loads(frame)["type"] == "snapshot"
    happen(replica, quote(50), quote(51))
    assert outbox.behind(replica) == 2
    for frame in outbox.take(replica):
        reader.apply(json.loads(frame))
    assert reader.ticks == {"NVX": 2}


def test_a_reader_that_waits_is_counted_right_even_if_it_looks_long_after() -> None:
    replica = replica_of(listing("NVX"), listing("ORB"), quote(10), capacity=4)
    outbox, reader = TickerOutbox(), Reader()
    reader.positions["ticker"] = Position(EPOCH, 5)
    assert outbox.resume(replica, ["NVX", "ORB"], Position(EPOCH, 5))
    happen(replica, quote(11), quote(12, "ORB"))
    assert outbox.take(replica) == []
    happen(replica, quote(13))
    for text in outbox.take(replica):
        reader.apply(json.loads(text))
    happen(replica, *(quote(number, "ORB") for number in range(1, 40)))
    for text in outbox.take(replica):
        reader.apply(json.loads(text))
    assert reader.ticks == {"NVX": 1, "ORB": 39}


@pytest.mark.parametrize(("more", "is_resumed"), [(0, True), (1, False)])
def test_a_position_that_the_feed_cannot_have_published_is_lost(
    more: int, is_resumed: bool
) -> None:
    replica = replica_of(listing("NVX"), trade(1))
    since = Position(EPOCH, replica.sequence + AHEAD_EVENTS + more)
    ticker, trades, status, bars = TickerOutbox(), TradesOutbox(), StatusOutbox(), BarsOutbox()
    assert ticker.resume(replica, ["NVX"], since) is is_resumed
    assert status.open(replica, since) is is_resumed
    assert bars.resume(replica, [("NVX", 0)], since) is is_resumed
    assert trades.resume(replica, ["NVX"], since) is is_resumed
    named = [json.loads(frame).get("gap", False) for frame in trades.take(replica)]
    assert named == ([] if is_resumed else [True])


class Client:
    """A subscriber, and a process that is behind it."""

    def __init__(self, *, is_whole_at_once: bool = False) -> None:
        self.now = Moment(NOW, 100.0)
        self.replica = replica_of(listing("NVX"), listing("ORB"), quote(10), trade(11))
        self.subscriber = Subscriber(
            heartbeat_ms=5000, now=self.now, is_whole_at_once=is_whole_at_once
        )

    def subscribe(self, channel: str, **params: object) -> list[dict[str, Any]]:
        return self.do("subscribe", channel, **params)

    def do(self, method: str, channel: str, **params: object) -> list[dict[str, Any]]:
        params |= {"channel": channel}
        message = json.dumps({"method": method, "params": params, "id": 1})
        texts = self.subscriber.receive(message, self.replica, self.now)
        return [json.loads(text) for text in texts]

    def begin(self, **since: str | None) -> None:
        """Subscribe as a request over HTTP does: each channel from its position."""
        commands = [
            Subscribe(channel, symbols=None if channel == "status" else ("NVX",), since=position)
            for channel, position in since.items()
        ]
        self.subscriber.begin(commands, self.replica, self.now)

    def frames(self) -> list[dict[str, Any]]:
        self.now = Moment(self.now.wall_ms + 1000, self.now.mono_s + 1)
        texts = self.subscriber.frames(self.replica, self.now)
        return [json.loads(text) for text in texts]


@pytest.mark.parametrize("channel", ["ticker", "trades", "bars", "depth", "status"])
def test_a_socket_is_silent_until_the_process_has_caught_up(channel: str) -> None:
    client = Client()
    names = {} if channel == "status" else {"symbols": ["NVX"]}
    (answer,) = client.subscribe(channel, since="e1:6", **names)
    assert answer["result"]["resumed"] is True
    assert client.frames() == []
    happen(client.replica, quote(12), trade(12))
    assert client.frames() == []
    happen(client.replica, trade(13), Status("NVX", Phase.HALTED, "news", NOW))
    (frame,) = client.frames()
    assert (frame["channel"], frame["from"], frame["seq"]) == (channel, 6, 8)


@pytest.mark.parametrize(
    ("channel", "params"),
    [
        ("ticker", {"symbols": ["ORB"]}),
        ("ticker", {"symbols": ["NVX"], "since": "e1:6"}),
        ("trades", {"symbols": ["ORB"]}),
        ("bars", {"symbols": ["ORB"]}),
        ("depth", {"symbols": ["ORB"]}),
    ],
)
def test_what_would_take_an_open_channel_back_is_asked_for_again_later(
    channel: str, params: dict[str, Any]
) -> None:
    client = Client()
    client.subscribe(channel, symbols=["NVX"], since="e1:6")
    (answer,) = client.subscribe(channel, **params)
    assert answer["error"]["name"] == "unavailable"
    assert answer["error"]["retry"]
    happen(client.replica, quote(12), trade(12))
    assert client.subscribe(channel, **params)[0]["success"]


@pytest.mark.parametrize("channel", ["ticker", "trades", "bars", "depth"])
def test_a_channel_that_was_closed_begins_at_once_where_the_process_is(channel: str) -> None:
    client = Client()
    client.subscribe(channel, symbols=["NVX"], since="e1:6")
    (closed,) = client.do("unsubscribe", channel, symbols=["NVX"])
    assert closed["success"]
    answer, snapshot = client.subscribe(channel, symbols=["NVX"])
    assert (answer["success"], snapshot["type"], snapshot["seq"]) == (True, "snapshot", 4)


@pytest.mark.parametrize("channel", ["ticker", "trades", "bars", "depth"])
def test_a_symbol_that_is_on_its_way_is_not_rejected(channel: str) -> None:
    client = Client()
    (answer,) = client.subscribe(channel, symbols=["NVX", "ZED"], since="e1:6")
    assert answer["error"]["name"] == "unavailable"
    happen(client.replica, listing("ZED"), quote(12))
    answer, *_ = client.subscribe(channel, symbols=["NVX", "ZED"], since="e1:6")
    assert answer["result"]["rejected"] == {}


def test_a_symbol_that_has_left_where_the_reader_was_leaves_once() -> None:
    client = Client()
    client.subscribe("ticker", symbols=["NVX"], since="e1:5")
    happen(client.replica, Delisting("NVX", NOW))
    assert client.frames() == []
    happen(client.replica, listing("NVX"))
    (frame,) = client.frames()
    assert "gone" not in frame["data"]["NVX"]


def test_a_request_waits_as_a_whole_and_keeps_its_position() -> None:
    client = Client(is_whole_at_once=True)
    client.begin(status="e1:6", ticker="e1:6", trades="e1:6", bars="e1:6")
    assert client.frames() == []
    assert client.subscriber.settle(client.replica) is None
    assert client.subscriber.whole_position(client.replica) == Position(EPOCH, 6)
    happen(client.replica, quote(12), trade(12))
    assert client.frames() == []
    assert client.subscriber.whole_position(client.replica) == Position(EPOCH, 6)
    happen(client.replica, trade(13))
    assert {frame["channel"] for frame in client.frames()} == {"ticker", "trades", "bars"}
    assert client.subscriber.whole_position(client.replica) == Position(EPOCH, 7)


@pytest.mark.parametrize(
    "since",
    [
        {"ticker": None, "trades": "e1:6"},
        {"ticker": "e1:6", "trades": "e1:5"},
        {"ticker": "e1:6", "trades": "e1:3"},
        {"trades": "e1:6", "bars": "e0:6"},
        {"status": None, "ticker": "e1:6"},
        {"status": "e1:6", "trades": "e1:99999"},
    ],
)
def test_a_request_that_cannot_go_on_in_all_channels_comes_again(
    since: dict[str, str | None],
) -> None:
    client = Client(is_whole_at_once=True)
    with pytest.raises(CommandRefused) as refused:
        client.begin(**since)
    assert refused.value.code == Error.UNAVAILABLE


def test_a_heartbeat_names_no_position_that_is_missing_something() -> None:
    client = Client()
    client.subscribe("ticker", symbols=["NVX"], since="e1:6")
    client.subscribe("trades", symbols=["NVX"])
    client.now = Moment(NOW + 6000, 106.0)
    (beat,) = [frame for frame in client.frames() if frame["channel"] == "heartbeat"]
    assert beat["seq"] == 4
    assert client.subscriber.lag(client.replica) == 0


def test_a_reader_that_was_ahead_of_two_replicas_gets_exact_receipts() -> None:
    """It has noted no counts, as those at its position were not known; later ones are."""
    first, outbox = Replica("e1", Board(), capacity=1000, ts=NOW), TickerOutbox()
    first.receive(Batch("e1", 1, (listing("NVX"), Quote("NVX", 1, 2, 1, 1, NOW))), ts=NOW)
    assert outbox.resume(first, ["NVX"], Position("e1", 4))
    assert outbox.take(first) == []
    second = Replica("e1", first.board.copy(), capacity=1000, ts=NOW)
    second.follow(first)
    assert outbox.take(second) == []
    quotes = [Quote("NVX", bid, bid + 1, 1, 1, NOW) for bid in (3, 4, 5, 6, 7)]
    second.receive(Batch("e1", 3, tuple(quotes)), ts=NOW)
    (frame,) = map(json.loads, outbox.take(second))
    assert (frame["from"], frame["seq"], frame["data"]["NVX"]["n"]) == (4, 7, 3)
    assert (outbox.updates, outbox.merged) == (1, 3)
