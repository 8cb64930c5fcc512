"""One connection's brain: answers, pace, pause, heartbeats and limits, on a clock of the test."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import BAD_MESSAGES, COMMAND_BURST, COMMANDS_PER_S, Subscriber
from dashboard.loadtest.reader import Reader
from dashboard.people.access import NO_RIGHTS, Rights, Scope
from dashboard.wire.commands import Subscribe
from dashboard.wire.personal import Notice, Personal
from dashboard.wire.registry import MESSAGE_BYTES, SYMBOL_LIMIT, Close
from feeds.clock import Moment
from feeds.market.board import Board
from feeds.market.events import Batch, Event, Phase, Position, Quote, Side, Status, Trade
from tests.support.market_script import NOW, listing


class Client:
    """A subscriber with a market and a clock of the test, in place of hub and transport."""

    def __init__(self, *, heartbeat_ms: int = 5000) -> None:
        self.now = Moment(NOW, 100.0)
        self.replica = Replica("e1", Board(), capacity=1000, ts=NOW)
        self.happen(listing("NVX"), listing("ORB"))
        self.subscriber = Subscriber(heartbeat_ms=heartbeat_ms, now=self.now)
        self.reader = Reader()

    def happen(self, *events: Event) -> None:
        self.replica.receive(Batch("e1", self.replica.sequence + 1, events), ts=self.now.wall_ms)

    def wait(self, seconds: float) -> None:
        self.now = Moment(self.now.wall_ms + round(seconds * 1000), self.now.mono_s + seconds)

    def send(self, method: str, id: int = 1, **params: object) -> list[dict]:
        return self.say(json.dumps({"method": method, "params": params, "id": id}))

    def say(self, message: str | bytes) -> list[dict]:
        return self._read(self.subscriber.receive(message, self.replica, self.now))

    def frames(self) -> list[dict]:
        return self._read(self.subscriber.frames(self.replica, self.now))

    def _read(self, frames: list[str]) -> list[dict]:
        read = [json.loads(frame) for frame in frames]
        for frame in read:
            self.reader.apply(frame)
        return read


def quote(bid: int, symbol: str = "NVX") -> Quote:
    return Quote(symbol, bid, bid + 1, 100, 100, NOW)


def test_the_welcome_names_version_epoch_and_limits() -> None:
    client = Client()
    welcome = json.loads(client.subscriber.welcome(client.replica, client.now))
    assert (welcome["version"], welcome["epoch"], welcome["server_time"]) == (1, "e1", NOW)
    assert welcome["limits"]["symbols"] == SYMBOL_LIMIT


def test_a_subscription_is_answered_symbol_by_symbol_then_with_a_snapshot() -> None:
    answer, snapshot = Client().send("subscribe", channel="ticker", symbols=["NVX", "XYZ"])
    assert answer == {
        "method": "subscribe",
        "success": True,
        "result": {
            "channel": "ticker",
            "symbols": ["NVX"],
            "rejected": {"XYZ": "unknown symbol"},
            "resumed": False,
        },
        "id": 1,
    }
    assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 2)
    assert list(snapshot["data"]) == ["NVX"]


@pytest.mark.parametrize("name", ["BTC/USD", "btc/usd", " m&m ", "^gspc", "brk.b", "es=f"])
def test_symbols_of_the_world_are_read_as_people_type_them(name: str) -> None:
    client, symbol = Client(), name.strip().upper()
    client.happen(listing(symbol))
    answer, snapshot = client.send("subscribe", channel="ticker", symbols=[name, symbol, "nope"])
    assert answer["result"]["symbols"] == [symbol]
    assert answer["result"]["rejected"] == {"nope": "unknown symbol"}
    assert list(snapshot["data"]) == [symbol]
    answer, *_ = client.send("subscribe", channel="bars", symbols=[f"{name}@5m", f"{symbol}@5m"])
    assert (answer["result"]["symbols"], answer["result"]["rejected"]) == ([f"{symbol}@5m"], {})
    client.happen(Trade(symbol, 100, 1, Side.BUY, NOW, NOW))
    client.wait(1)
    assert list(client.frames()[0]["data"]) == [symbol]
    client.send("unsubscribe", channel="ticker", symbols=[name])
    client.send("unsubscribe", channel="bars", symbols=[f"{name}@5m"])
    client.happen(Trade(symbol, 101, 1, Side.BUY, NOW, NOW))
    client.wait(1)
    assert client.frames() == []


@pytest.mark.parametrize("wrong", ["BTC/USD~15", "A//B", "..", "ß", "<script>", "N" * 60])
def test_what_is_no_symbol_is_unknown(wrong: str) -> None:
    client = Client()
    client.happen(listing("BTC/USD"), listing("SS"))
    answer, *_ = client.send("subscribe", channel="ticker", symbols=[wrong])
    assert answer["result"]["rejected"] == {wrong: "unknown symbol"}


def test_a_subscription_since_a_position_is_resumed() -> None:
    client = Client()
    client.happen(quote(10))
    (answer,) = client.send("subscribe", channel="ticker", symbols=["NVX"], since="e1:2")
    assert answer["result"]["resumed"] is True
    client.reader.positions["ticker"] = client.reader.positions.get("ticker") or _position("e1", 2)
    (update,) = client.frames()
    assert (update["from"], update["seq"]) == (2, 3)


def _position(epoch: str, sequence: int):
    from feeds.market.events import Position

    return Position(epoch, sequence)


@pytest.mark.parametrize("since", ["junk", "e1:99999", "e9:1", "", "e1:-1"])
def test_a_lost_position_is_answered_with_a_snapshot(since: str) -> None:
    answer, snapshot = Client().send("subscribe", channel="ticker", symbols=["NVX"], since=since)
    assert answer["result"]["resumed"] is False
    assert snapshot["type"] == "snapshot"


def test_the_first_change_goes_out_at_once_and_the_next_at_the_pace() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"], max_rate=10)
    client.happen(quote(10))
    assert len(client.frames()) == 1
    client.happen(quote(11))
    assert client.frames() == []
    client.happen(quote(12))
    client.wait(0.1)
    (update,) = client.frames()
    assert update["data"]["NVX"]["n"] == 2
    assert update["data"]["NVX"]["b"] == 0.12


def test_a_paused_ticker_sends_nothing_and_catches_up_with_one_update() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    assert client.send("set", paused=True)[0]["result"]["paused"] is True
    for bid in range(10, 20):
        client.happen(quote(bid))
        client.wait(1)
        assert all(frame["channel"] == "heartbeat" for frame in client.frames())
    client.send("set", paused=False)
    (update,) = client.frames()
    assert update["data"]["NVX"]["n"] == 10


def test_a_status_goes_out_at_once_even_when_paused() -> None:
    client = Client()
    client.send("subscribe", channel="status")
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.send("set", paused=True)
    client.happen(Status("NVX", Phase.HALTED, "news", NOW), Status("NVX", Phase.OPEN, "", NOW))
    (update,) = client.frames()
    assert [entry["ph"] for entry in update["data"]] == ["HALTED", "OPEN"]


def test_silence_is_broken_by_a_heartbeat_that_raises_the_position() -> None:
    client = Client(heartbeat_ms=5000)
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.frames()
    client.happen(quote(10, "ORB"))
    client.wait(4.9)
    assert client.frames() == []
    client.wait(0.2)
    (heartbeat,) = client.frames()
    assert (heartbeat["channel"], heartbeat["seq"]) == ("heartbeat", 3)
    client.happen(quote(11))
    (update,) = client.frames()
    assert update["from"] == 3


def test_a_heartbeat_before_any_subscription_raises_nothing() -> None:
    """Otherwise a reader that comes back would resume after what it has missed."""
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.happen(quote(10))
    client.frames()
    client.subscriber = Subscriber(heartbeat_ms=5000, now=client.now)
    client.happen(quote(11))
    client.wait(6)
    (heartbeat,) = client.frames()
    assert (heartbeat["channel"], heartbeat["seq"]) == ("heartbeat", 0)
    client.send("subscribe", channel="ticker", symbols=["NVX"], since="e1:3")
    (update,) = client.frames()
    assert (update["from"], update["seq"], update["data"]["NVX"]["b"]) == (3, 4, 0.11)


def test_a_heartbeat_of_a_paused_ticker_raises_the_status_on_both_sides() -> None:
    client = Client()
    client.send("subscribe", channel="status")
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.happen(quote(10))
    client.frames()
    client.send("set", paused=True)
    client.happen(quote(11))
    client.wait(6)
    (heartbeat,) = client.frames()
    assert heartbeat["seq"] == 3
    client.happen(Status("NVX", Phase.HALTED, "news", NOW))
    (update,) = client.frames()
    assert update["from"] == 3


def test_a_paused_ticker_of_an_old_epoch_raises_nothing_of_the_new_one() -> None:
    client = Client()
    client.send("subscribe", channel="status")
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    for bid in range(10, 20):
        client.happen(quote(bid))
    client.frames()
    client.send("set", paused=True)
    client.replica = Replica("e2", Board(), capacity=1000, ts=NOW)
    client.replica.receive(Batch("e2", 1, (listing("NVX"),)), ts=NOW)
    assert [frame["type"] for frame in client.frames()] == ["snapshot"]
    client.wait(6)
    assert client.frames()[0]["seq"] == 0
    client.replica.receive(Batch("e2", 2, (Status("NVX", Phase.HALTED, "news", NOW),)), ts=NOW)
    (update,) = client.frames()
    assert (update["from"], update["seq"]) == (1, 2)


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.sampled_from(["NVX", "ORB"])),
        st.tuples(st.just("wait"), st.floats(0, 7)),
        st.tuples(st.just("take"), st.none()),
        st.tuples(st.just("pause"), st.booleans()),
        st.tuples(st.just("rate"), st.sampled_from([0.2, 1, 10, 20])),
        st.tuples(st.just("halt"), st.sampled_from(list(Phase))),
    ),
    max_size=40,
)


@given(_steps, st.sampled_from([100, 1000, 5000]))
def test_no_pace_no_pause_and_no_heartbeat_ever_skips_anything(steps, heartbeat_ms: int) -> None:
    """The reader raises Gap on a hole, and ends on the replica's board with every tick counted."""
    client = Client(heartbeat_ms=heartbeat_ms)
    client.send("subscribe", channel="status")
    client.send("subscribe", channel="ticker", symbols=["NVX", "ORB"])
    ticks = 0
    for number, (kind, argument) in enumerate(steps):
        match kind:
            case "tick":
                client.happen(quote(number + 1, argument))
                ticks += 1
            case "wait":
                client.wait(argument)
            case "take":
                client.frames()
            case "pause":
                client.wait(0.1)
                client.send("set", paused=argument)
            case "rate":
                client.wait(0.1)
                client.send("set", max_rate=argument)
            case "halt":
                client.happen(Status("NVX", argument, "", NOW))
    client.wait(1)
    client.send("set", paused=False)
    client.wait(6)
    client.frames()
    fresh = Client()
    fresh.replica = client.replica
    fresh.send("subscribe", channel="ticker", symbols=["NVX", "ORB"])
    assert client.reader.rows == fresh.reader.rows
    assert sum(client.reader.ticks.values()) == ticks


def test_everything_is_named_by_a_star() -> None:
    client = Client()
    answer, snapshot = client.send("subscribe", channel="ticker", symbols=["*"])
    assert answer["result"]["symbols"] == ["*"]
    assert set(snapshot["data"]) == {"NVX", "ORB"}


def test_one_symbol_cannot_be_taken_out_of_everything() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["*"])
    (answer,) = client.send("unsubscribe", channel="ticker", symbols=["NVX"])
    assert answer["error"]["name"] == "bad_parameters"
    client.send("unsubscribe", channel="ticker", symbols=["*"])
    client.happen(quote(10))
    assert client.frames() == []


def test_too_many_symbols_are_refused_and_nothing_is_kept() -> None:
    client = Client()
    symbols = [f"S{number}" for number in range(SYMBOL_LIMIT + 1)]
    (answer,) = client.send("subscribe", channel="ticker", symbols=symbols)
    assert answer["error"]["name"] == "too_many_symbols"
    assert answer["error"]["message"] == f"limit is {SYMBOL_LIMIT} symbols, was {SYMBOL_LIMIT + 1}"
    client.happen(quote(10))
    assert client.frames() == []


def test_unsubscribed_symbols_are_silent() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX", "ORB"])
    client.send("unsubscribe", channel="ticker", symbols=["NVX"])
    client.happen(quote(10), quote(20, "ORB"))
    (update,) = client.frames()
    assert list(update["data"]) == ["ORB"]
    client.send("unsubscribe", channel="ticker")
    client.happen(quote(21, "ORB"))
    client.wait(1)
    assert client.frames() == []


def test_an_unknown_channel_is_refused() -> None:
    (answer,) = Client().send("subscribe", channel="gossip")
    assert answer["error"]["name"] == "unknown_channel"


def test_a_ping_is_answered_with_a_pong() -> None:
    assert Client().send("ping", id=4) == [
        {"method": "pong", "success": True, "result": {"ts": NOW}, "id": 4}
    ]


def test_bad_messages_are_answered_until_there_are_too_many() -> None:
    client = Client()
    for _ in range(BAD_MESSAGES - 1):
        client.wait(1)
        assert client.say("{")[0]["error"]["name"] == "bad_frame"
        assert client.subscriber.closed is None
    client.say(b"\x00")
    assert client.subscriber.closed is Close.BAD_FRAME


@pytest.mark.parametrize("channel", ["ticker", "trades", "depth", "bars"])
def test_who_waits_long_for_a_market_to_begin_is_not_ended(channel: str) -> None:
    client = Client()
    client.replica = Replica("", Board(), capacity=1000, ts=NOW)
    symbols = ["NVX@1m" if channel == "bars" else "NVX"]
    for _ in range(BAD_MESSAGES + 1):
        client.wait(1)
        (answer,) = client.send("subscribe", channel=channel, symbols=symbols)
        assert (answer["error"]["name"], answer["error"]["retry"]) == ("unavailable", True)
    assert client.subscriber.closed is None


def test_a_flood_is_refused_and_ends_the_connection() -> None:
    client = Client()
    for _ in range(COMMAND_BURST):
        assert client.send("ping")[0]["success"] is True
    (answer,) = client.send("ping")
    assert answer["error"]["name"] == "too_many_commands"
    assert client.subscriber.closed is Close.TOO_MANY


def test_a_steady_talker_is_not_a_flood() -> None:
    client = Client()
    for _ in range(10 * COMMAND_BURST):
        client.wait(1 / COMMANDS_PER_S)
        client.send("ping")
    assert client.subscriber.closed is None


@pytest.mark.parametrize("steps", [(3_600_000, -3_600_000), (90_000_000,)])
def test_a_jump_of_the_wall_clock_moves_neither_pace_nor_heartbeat(steps: tuple[int, ...]) -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.happen(quote(10))
    client.frames()
    for step in steps:
        client.now = client.now._replace(wall_ms=client.now.wall_ms + step)
        assert client.frames() == []
    client.happen(quote(11))
    client.wait(0.1)
    assert len(client.frames()) == 1


def test_only_the_fields_that_are_wanted_are_sent_and_every_tick_is_counted() -> None:
    client = Client()
    _, snapshot = client.send("subscribe", channel="ticker", symbols=["NVX"], fields=["p", "b"])
    assert set(snapshot["data"]["NVX"]) == {"p", "b", "ms"}
    client.happen(Quote("NVX", 10, 11, 1, 1, NOW), Quote("NVX", 10, 12, 1, 1, NOW))
    client.frames()
    client.happen(Quote("NVX", 10, 13, 2, 2, NOW))
    client.wait(0.1)
    (update,) = client.frames()
    assert update["data"] == {"NVX": {}}
    assert client.reader.ticks["NVX"] == 3


def test_the_fields_of_an_open_channel_cannot_be_changed_and_are_forgotten_with_it() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"], fields=["p"])
    (answer,) = client.send("subscribe", channel="ticker", symbols=["ORB"], fields=["p", "b"])
    assert answer["error"]["name"] == "bad_parameters"
    (answer,) = client.send("subscribe", channel="ticker", symbols=["ORB"], fields=["zz"])
    assert answer["error"]["message"] == "field was 'zz'"
    _, snapshot = client.send("subscribe", channel="ticker", symbols=["ORB"])
    assert set(snapshot["data"]["ORB"]) == {"p", "ms"}
    client.send("unsubscribe", channel="ticker")
    _, snapshot = client.send("subscribe", channel="ticker", symbols=["ORB"])
    assert "b" in snapshot["data"]["ORB"]


def test_a_market_that_has_not_begun_is_asked_for_again_later() -> None:
    client = Client()
    client.replica = Replica("", Board(), capacity=10, ts=NOW)
    (answer,) = client.send("subscribe", channel="ticker", symbols=["NVX"])
    assert (answer["error"]["name"], answer["error"]["retry"]) == ("unavailable", True)


def test_a_market_that_has_not_begun_is_no_place_to_stand() -> None:
    client = Client()
    client.send("subscribe", channel="status")
    assert client.subscriber.settle(client.replica) is not None
    client.replica = Replica("", Board(), capacity=10, ts=NOW)
    assert Client().subscriber.settle(client.replica) is None


def test_silence_of_the_market_is_announced_at_once_and_so_is_its_end() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.replica.stale_ms = NOW - 3000
    (heartbeat,) = client.frames()
    assert heartbeat["stale"] == NOW - 3000
    assert client.frames() == []
    client.replica.stale_ms = None
    (heartbeat,) = client.frames()
    assert "stale" not in heartbeat


def test_what_was_painted_slows_the_pace_and_the_reader_hears_it() -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    assert client.say('{"method":"ack","params":{"position":"e1:2","paint_ms":38}}') == []
    client.wait(2)
    client.happen(quote(10))
    update, pace = client.frames()
    assert (update["channel"], pace["type"]) == ("ticker", "pace")
    assert (pace["rate"], pace["reason"]) == (3.9, "paint 38 ms")


@pytest.mark.parametrize("method", ["subscribe", "set"])
def test_a_lower_rate_slows_the_prices(method: str) -> None:
    client = Client()
    client.send("subscribe", channel="ticker", symbols=["NVX"])
    client.send(method, max_rate=1, **({"channel": "status"} if method == "subscribe" else {}))
    sent = []
    for step in range(24):
        client.happen(quote(step + 1))
        sent.append(sum(frame["channel"] == "ticker" for frame in client.frames()))
        client.wait(0.125)
    assert sent == [1, 0, 0, 0, 0, 0, 0, 0] * 3


def test_the_answer_says_which_rate_and_pause_hold() -> None:
    client = Client()
    results = [client.send("set", **wanted)[0]["result"] for wanted in ({"max_rate": 2}, {})]
    assert results == [{"max_rate": 2, "paused": False}] * 2


MARKET_CHANNELS = ("ticker", "trades", "bars", "depth", "status")


def happen_everywhere(client: Client, number: int) -> set[str]:
    """Let something happen for every channel of the market; return those that say something."""
    client.happen(
        quote(number),
        Trade("NVX", number, 5, Side.BUY, NOW, NOW + 1000 * number),
        Status("NVX", Phase.HALTED, f"news {number}", NOW),
    )
    client.wait(1)
    return {frame["channel"] for frame in client.frames()}


@pytest.mark.parametrize("channel", MARKET_CHANNELS)
def test_a_reader_that_leaves_a_channel_hears_nothing_more_of_it(channel: str) -> None:
    """Neither at once nor later, and the others go on."""
    client = Client()
    for name in MARKET_CHANNELS:
        client.send("subscribe", channel=name, **({} if name == "status" else {"symbols": ["NVX"]}))
    assert happen_everywhere(client, 10) == set(MARKET_CHANNELS)
    (answer,) = client.send("unsubscribe", channel=channel)
    assert answer["result"] == {"channel": channel}
    for number in (11, 12):
        assert happen_everywhere(client, number) == {*MARKET_CHANNELS} - {channel}


def test_a_reader_that_comes_back_to_the_status_begins_with_the_present() -> None:
    client = Client()
    client.send("subscribe", channel="status")
    client.send("unsubscribe", channel="status")
    client.happen(Status("NVX", Phase.HALTED, "news", NOW))
    _, snapshot = client.send("subscribe", channel="status")
    assert snapshot["type"] == "snapshot"
    assert {entry["s"]: entry["ph"] for entry in snapshot["data"]}["NVX"] == "HALTED"


def test_a_reader_that_leaves_the_personal_channels_hears_nothing_more_of_them() -> None:
    client = Client()
    notice = Notice(id=7, title="n", body="", level="info", t=NOW, read=False)
    outbox = client.subscriber.personal
    for leaves, hears in ((None, 2), ("watchlist", 1), ("notifications", 0)):
        client.send("subscribe", channel="watchlist")
        client.send("subscribe", channel="notifications")
        if leaves is not None:
            client.send("unsubscribe", channel=leaves)
        if hears == 0:
            client.send("unsubscribe", channel="watchlist")
        outbox.offer(Personal(watchlist=("NVX",), unread=1, notices=(notice,)))
        assert outbox.is_open == (hears > 0)
        assert len(client.frames()) == hears


@pytest.mark.parametrize("rights", [NO_RIGHTS, Rights(is_staff=True)])
def test_only_staff_hear_in_heartbeats_what_is_wrong_with_the_database(rights: Rights) -> None:
    client, trouble = Client(), ["The disk is full."]
    client.subscriber = Subscriber(
        heartbeat_ms=5000, now=client.now, rights=rights, read_trouble=lambda: trouble[0]
    )
    client.wait(5)
    (during,) = client.frames()
    assert during.get("trouble") == ("The disk is full." if rights.is_staff else None)
    trouble[0] = ""
    client.wait(5)
    (after,) = client.frames()
    assert "trouble" not in after


def of_size(size: int, letter: str) -> str:
    """Return a ping of so many bytes of UTF-8 that is filled with a letter."""
    head, tail = '{"method":"ping","id":1,"params":{"x":"', '"}}'
    room = size - len(head) - len(tail)
    count, rest = divmod(room, len(letter.encode()))
    return head + letter * count + "x" * rest + tail


@pytest.mark.parametrize("letter", ["x", "é", "€", "😀"])
def test_the_limit_of_a_message_counts_bytes(letter: str) -> None:
    at_limit, beyond = of_size(MESSAGE_BYTES, letter), of_size(MESSAGE_BYTES + 1, letter)
    assert [len(text.encode()) for text in (at_limit, beyond)] == [MESSAGE_BYTES, MESSAGE_BYTES + 1]
    assert Client().say(at_limit)[0]["success"]
    (refusal,) = Client().say(beyond)
    assert refusal["error"]["name"] == "bad_frame"
    assert refusal["error"]["message"] == "message was larger than 65536 bytes"


JUNK = ("", "junk", ":5", "e1:-1", "e1:5 ", "e1:1e3", "e1:٣", "e1:" + "9" * 400)


@pytest.mark.parametrize(
    ("since", "has_gap"), [(None, False), ("e9:1", True), *((text, True) for text in JUNK)]
)
@pytest.mark.parametrize("channel", ["ticker", "trades", "bars", "depth", "status"])
def test_only_who_was_here_before_is_shown_a_gap(
    channel: str, since: str | None, has_gap: bool
) -> None:
    client = Client()
    _, *frames = client.send(
        "subscribe", channel=channel, symbols=["NVX"], **({} if since is None else {"since": since})
    )
    frames += [frame for frame in client.frames() if frame["channel"] == channel]
    assert [frame.get("gap", False) for frame in frames] == [has_gap]


@pytest.mark.parametrize("since", [7, 1.5, True, [], ["e1:1"], {"epoch": "e1"}])
@pytest.mark.parametrize(
    "channel", ["ticker", "trades", "bars", "depth", "status", "notifications"]
)
def test_a_position_that_is_no_text_subscribes_to_nothing(channel: str, since: object) -> None:
    client = Client()
    (answer,) = client.send("subscribe", channel=channel, symbols=["NVX"], since=since)
    assert (answer["success"], answer["error"]["name"]) == (False, "bad_parameters")
    client.happen(quote(10), Status("NVX", Phase.HALTED, "news", NOW))
    client.wait(1)
    assert client.frames() == []


def test_a_lost_status_names_its_gap_once() -> None:
    client = Client()
    _, first = client.send("subscribe", channel="status", since="e9:1")
    client.replica = Replica("e2", Board(), capacity=1000, ts=NOW)
    client.replica.receive(Batch("e2", 1, (listing("NVX"),)), ts=NOW)
    (second,) = client.frames()
    assert [first.get("gap"), second.get("gap")] == [True, None]


@pytest.mark.parametrize(
    ("since", "has_gap"),
    [
        (None, False), ("0", False), ("2", True), ("99", True),
        *((text, True) for text in ("", "x", "-1", "1.5", "7 ", "e1:1", "9" * 400)),
    ],
)  # fmt: skip
def test_only_who_had_notifications_before_is_shown_a_gap(since: str | None, has_gap: bool) -> None:
    client = Client()
    client.send("subscribe", channel="notifications", **({} if since is None else {"since": since}))
    notices = tuple(Notice(id, "One", "", "info", NOW, False) for id in (9, 8))
    client.subscriber.personal.offer(Personal(watchlist=(), unread=2, notices=notices))
    (snapshot,) = client.frames()
    assert (snapshot["type"], snapshot.get("gap", False)) == ("snapshot", has_gap)


@pytest.mark.parametrize("since", ["e9:1", "e1:1", "e1:999999999", *JUNK])
@pytest.mark.parametrize("channel", ["trades", "bars", "ticker", "depth"])
def test_a_symbol_that_is_added_from_a_lost_position_names_the_gap(
    channel: str, since: str
) -> None:
    client = Client()
    client.send("subscribe", channel=channel, symbols=["NVX"])
    client.happen(Trade("ORB", 5, 7, Side.BUY, NOW), Trade("NVX", 6, 7, Side.BUY, NOW))
    client.happen(quote(9))
    answer, *frames = client.send("subscribe", channel=channel, symbols=["ORB"], since=since)
    assert not answer["result"]["resumed"]
    assert [frame.get("gap", False) for frame in frames] == [False, True]
    data = frames[-1]["data"]
    assert (set(data) if isinstance(data, dict) else {entry["s"] for entry in data}) >= {"ORB"}
    client.happen(quote(10, "ORB"), Trade("ORB", 8, 7, Side.BUY, NOW))
    client.wait(1)
    assert [frame.get("gap", False) for frame in client.frames()] == [False]


def test_a_symbol_that_is_added_where_the_reader_stands_has_no_gap() -> None:
    client = Client()
    client.send("subscribe", channel="trades", symbols=["NVX"])
    client.happen(Trade("ORB", 5, 7, Side.BUY, NOW), Trade("NVX", 6, 7, Side.BUY, NOW))
    answer, *frames = client.send("subscribe", channel="trades", symbols=["ORB"], since="e1:2")
    assert answer["result"]["resumed"]
    (frame,) = [*frames, *client.frames()]
    assert (frame["from"], [entry["s"] for entry in frame["data"]]) == (2, ["ORB", "NVX"])


def test_everything_is_mended_in_an_open_channel_although_a_symbol_was_listed() -> None:
    client = Client()
    client.send("subscribe", channel="trades", symbols=["*"])
    client.happen(Trade("NVX", 6, 7, Side.BUY, NOW), listing("ZED"))
    client.frames()
    answer, *_ = client.send("subscribe", channel="trades", symbols=["*"], since="e1:2")
    assert answer["result"]["resumed"]
    client.wait(1)
    client.reader.positions["trades"] = Position("e1", 2)
    assert client.frames()[0]["from"] == 2


@pytest.mark.parametrize(
    ("symbols", "since", "kinds"),
    [
        (("NVX", "XYZ"), None, ["answer", "snapshot"]),
        (("NVX",), None, ["snapshot"]),
        (("NVX", "XYZ"), "e1:2", []),
    ],
)
def test_a_reader_over_http_hears_first_what_was_rejected(
    symbols: tuple[str, ...], since: str | None, kinds: list[str]
) -> None:
    """Only once: a reader that names its position was answered before."""
    client = Client()
    asked = [Subscribe("ticker", symbols=symbols, since=since)]
    frames = client._read(client.subscriber.begin(asked, client.replica, client.now))
    assert [frame.get("type", "answer") for frame in frames] == kinds
    rejected = [frame["result"]["rejected"] for frame in frames if "result" in frame]
    assert rejected == ([{"XYZ": "unknown symbol"}] if "answer" in kinds else [])


def test_a_heartbeat_is_work_from_the_moment_when_it_is_due() -> None:
    client = Client(heartbeat_ms=5000)
    has_work = client.subscriber.has_work
    assert [has_work(client.replica, at_s) for at_s in (104.999, 105.0)] == [False, True]


def test_an_operator_that_leaves_the_deck_hears_nothing_more_of_it() -> None:
    client = Client()
    deck = client.subscriber.deck
    client.subscriber.rights = Rights(operates=True)
    client.send("subscribe", channel="deck")
    deck.offer('{"channel":"deck"}')
    assert [frame["channel"] for frame in client.frames()] == ["deck"]
    deck.offer('{"channel":"deck"}')
    (answer,) = client.send("unsubscribe", channel="deck")
    assert answer["result"] == {"channel": "deck"}
    assert (deck.is_open, client.frames()) == (False, [])


@pytest.mark.parametrize(("channel", "scopes"), [("ticker", ()), ("deck", tuple(Scope))])
def test_what_is_not_permitted_is_refused_under_its_own_id(
    channel: str, scopes: tuple[Scope, ...]
) -> None:
    client = Client()
    client.subscriber = Subscriber(
        heartbeat_ms=5000, now=client.now, scopes=frozenset(scopes), rights=NO_RIGHTS
    )
    (answer,) = client.send("subscribe", id=7, channel=channel, symbols=["NVX"])
    assert (answer["method"], answer["success"], answer["id"]) == ("subscribe", False, 7)
    assert answer["error"]["name"] == "forbidden"
