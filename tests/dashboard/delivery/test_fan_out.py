"""The one loop and the general way write the same frames at the same times."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.delivery.connection import Connection
from dashboard.delivery.fan_out import SLOT_S
from dashboard.delivery.hub import BATCH_WAIT_S, LOOK_S, PULSE_S, Hub
from dashboard.delivery.saving import Saving
from dashboard.exceptions import ConnectionClosed
from dashboard.loadtest.reader import Reader
from dashboard.wire.registry import DEFAULT_RATE, MAX_RATE, Transport
from feeds.clock import moment_of
from feeds.market.events import Batch, Event, Phase, Quote, Side, Status, Trade
from tests.support.exchange import Exchange, person, quote
from tests.support.market_script import NOW, SYMBOLS, listing, scripts

START_S = 1000.0
EPOCH = "e1"


class HandClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.now_s = START_S

    def now_ms(self) -> int:
        return NOW + round((self.now_s - START_S) * 1000)

    def monotonic(self) -> float:
        return self.now_s


class QuickSocket:
    """Takes frames at once, as a real socket with room, or with `takes` False never."""

    def __init__(self, *, takes: bool) -> None:
        self.frames: list[str] = []
        self.at_once = 0
        self.write_now: Callable[[str], bool] | None = self._write_now if takes else None

    def _write_now(self, frame: str) -> bool:
        self.frames.append(frame)
        self.at_once += 1
        return True

    def backlog(self) -> int:
        return 0

    def abort(self) -> None:
        raise AssertionError("nobody cuts this socket")


class Twins:
    """Two readers that do the same: the first is written to at once, the second by its writer."""

    def __init__(self, *, capacity: int = 1000, heartbeat_ms: int = 60_000) -> None:
        self.clock = HandClock()
        self.looks, self.look_s = 0, START_S
        self.hub: Hub = Exchange(self.clock).hub
        self.hub._capacity = capacity
        self.hub._heartbeat_ms = heartbeat_ms
        self.hub._begin(EPOCH, self.hub.replica.board)
        self.sockets = [QuickSocket(takes=True), QuickSocket(takes=False)]
        self.connections = [
            self.hub.join(person(), Transport.WEBSOCKET, socket) for socket in self.sockets
        ]
        for connection, socket in zip(self.connections, self.sockets, strict=True):
            connection.say_hello()
            connection.start_writing(lambda c=connection, s=socket: self._write(c, s))

    async def _write(self, connection: Connection, socket: QuickSocket) -> None:
        try:
            while frames := connection.take():
                socket.frames += frames
        except ConnectionClosed:
            self.hub.leave(connection)

    def send(self, method: str, **params: Any) -> None:
        for connection in self.connections:
            connection.receive(json.dumps({"method": method, "params": params, "id": 1}))

    def happen(self, *events: Event) -> None:
        self.hub._receive(Batch(EPOCH, self.hub.replica.sequence + 1, events))

    def wait(self, seconds: float) -> None:
        """Let time pass, and the hub look as often as it does."""
        end_s = self.clock.now_s + seconds
        # A rest that has begun goes on, whatever happens meanwhile.
        while self.look_s <= end_s:
            self.clock.now_s = self.look_s
            self.hub._look(moment_of(self.clock))
            self.looks += 1
            self.look_s += self.hub._rest_s(self.clock.now_s)
        self.clock.now_s = end_s

    def begin_again(self) -> None:
        """Lose a batch: another replica of the same market takes the place of the present one."""
        self.hub._begin(EPOCH, self.hub.replica.board.copy())

    def frames(self) -> list[list[dict[str, Any]]]:
        return [[json.loads(frame) for frame in socket.frames] for socket in self.sockets]

    def updates(self) -> list[int]:
        """Return how many updates of prices each of them has."""
        ticker = [[f for f in each if f.get("channel") == "ticker"] for each in self.frames()]
        return [sum("from" in frame for frame in each) for each in ticker]

    def heartbeats(self) -> list[int]:
        """Return how many heartbeats each of them has."""
        return [[f.get("channel") for f in each].count("heartbeat") for each in self.frames()]

    def reader(self) -> Reader:
        reader = Reader()
        for frame in self.frames()[0]:
            reader.apply(frame)
        return reader


commands = st.one_of(
    st.tuples(st.just("set"), st.fixed_dictionaries({"paused": st.booleans()})),
    st.tuples(
        st.just("set"), st.fixed_dictionaries({"max_rate": st.sampled_from([0.2, 1, 10, 20])})
    ),
    st.tuples(
        st.just("subscribe"),
        st.fixed_dictionaries(
            {"channel": st.just("ticker"), "symbols": st.sampled_from([["ORB"], ["*"], ["ZED"]])}
        ),
    ),
    st.tuples(
        st.sampled_from(["subscribe", "unsubscribe"]),
        st.fixed_dictionaries(
            {
                "channel": st.sampled_from(["ticker", "trades"]),
                "symbols": st.sampled_from([["NVX"], ["QAL", "NVX"]]),
            }
        ),
    ),
    st.tuples(st.just("subscribe"), st.just({"channel": "status"})),
)
ticks = st.lists(
    st.tuples(st.integers(1, 99), st.sampled_from(SYMBOLS[:3])), min_size=1, max_size=5
)
actions = st.one_of(
    *(st.tuples(st.just("ticks"), ticks) for _ in range(4)),
    st.tuples(st.just("command"), commands),
    st.tuples(st.just("paint"), st.sampled_from([0, 5, 80])),
    st.tuples(st.just("halt"), st.sampled_from(Phase)),
    st.tuples(st.just("lose"), st.none()),
)
waits = st.sampled_from([0, 0.02, 0.04, 0.1, 0.1, 0.1, 0.35, 6])
steps = st.lists(st.tuples(actions, waits), min_size=8, max_size=40)


@pytest.mark.slow
@settings(deadline=None)
@given(steps, st.sampled_from([4, 1000]), st.sampled_from([30, 150, 1000, 60_000]))
def test_the_loop_and_a_writer_write_the_same(
    steps: list[tuple[Any, float]], capacity: int, heartbeat_ms: int
) -> None:
    twins = Twins(capacity=capacity, heartbeat_ms=heartbeat_ms)
    twins.happen(*map(listing, SYMBOLS[:3]))
    twins.send("subscribe", channel="ticker", symbols=["NVX", "ORB"])
    for (kind, argument), wait_s in [*steps, (("ticks", [(100, "NVX")]), 6.0)]:
        match kind:
            case "ticks":
                twins.happen(*(quote(bid, symbol) for bid, symbol in argument))
            case "command":
                twins.send(argument[0], **argument[1])
            case "paint":
                position = f"{EPOCH}:{twins.hub.replica.sequence}"
                twins.send("ack", position=position, paint_ms=argument)
            case "halt":
                twins.happen(Status("NVX", argument, "", NOW))
            case "lose":
                twins.begin_again()
        twins.wait(wait_s)
    first, second = twins.frames()
    assert first == second
    assert twins.connections[0].conflation == twins.connections[1].conflation


def test_a_page_that_confirms_nothing_hears_of_its_pace_at_the_same_time() -> None:
    twins = Twins()
    twins.happen(listing("NVX"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    twins.send("ack", position=f"{EPOCH}:1", paint_ms=1)
    for bid in range(1, 60):
        twins.happen(quote(bid))
        twins.wait(0.1)
    first, second = twins.frames()
    assert first == second
    assert [frame["reason"] for frame in first if frame.get("type") == "pace"] == [
        "nothing painted"
    ]


def test_trades_and_prices_come_together() -> None:
    twins = Twins()
    twins.happen(listing("NVX"))
    for channel in ("ticker", "trades"):
        twins.send("subscribe", channel=channel, symbols=["NVX"])
    for price in range(1, 9):
        twins.happen(Trade("NVX", price, 1, Side.BUY, NOW))
        twins.wait(0.1)
    first, second = twins.frames()
    assert first == second
    assert sum(frame.get("channel") == "trades" for frame in first) >= 8


def test_a_reader_that_is_due_waits_a_moment_for_the_next_batch() -> None:
    """Without one it gets what it has, so a market that pauses holds nothing back."""
    twins = Twins()
    twins.happen(listing("NVX"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    twins.wait(1)
    twins.happen(quote(1))
    written_s = twins.clock.now_s
    twins.wait(0.02)
    twins.happen(quote(2))
    due_s = written_s + 1 / DEFAULT_RATE
    twins.wait(due_s + BATCH_WAIT_S - 0.01 - twins.clock.now_s)
    assert twins.updates() == [1, 1]
    twins.wait(0.01 + PULSE_S)
    assert twins.updates() == [2, 2]


def test_a_reader_without_news_gets_heartbeats() -> None:
    twins = Twins(heartbeat_ms=1000)
    twins.happen(listing("NVX"), listing("ORB"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    for bid in range(1, 30):
        twins.happen(quote(bid, "ORB"))
        twins.wait(0.1)
    first, second = twins.frames()
    assert first == second
    assert sum(frame.get("channel") == "heartbeat" for frame in first) >= 2


@settings(deadline=None)
@given(scripts, st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=20))
def test_receipts_add_up_whatever_counts_were_forgotten(
    script: list[Event], cuts: list[tuple[int, bool]]
) -> None:
    """Counts are trimmed after four ticks, and another replica may begin with none at all."""
    twins, rest = Twins(capacity=4), script[3:]
    twins.happen(*script[:3])
    twins.send("subscribe", channel="ticker", symbols=list(SYMBOLS[:3]), max_rate=20)
    for count, is_lost in cuts:
        events, rest = rest[:count], rest[count:]
        twins.happen(*events)
        if is_lost:
            twins.begin_again()
    twins.happen(*rest)
    twins.wait(1)
    offered = Counter(event.symbol for event in script[3:] if isinstance(event, Quote | Trade))
    got = twins.reader().ticks
    assert {s: got.get(s, 0) for s in SYMBOLS[:3]} == {s: offered[s] for s in SYMBOLS[:3]}


def test_usual_updates_and_heartbeats_go_the_short_way() -> None:
    twins = Twins(heartbeat_ms=500)
    twins.happen(listing("NVX"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    twins.send("subscribe", channel="status")
    twins.send("ack", position=f"{EPOCH}:1", paint_ms=1)
    twins.happen(quote(20))
    twins.connections[0]._take = no_general_way  # type: ignore[method-assign]
    for bid in range(1, 20):
        twins.happen(quote(bid))
        twins.wait(0.1)
    assert twins.reader().rows["NVX"]["b"] == 0.19
    first, second = twins.frames()
    assert first == second
    assert sum(frame.get("channel") == "heartbeat" for frame in first) == 3


def no_general_way(now: object) -> list[str]:
    raise AssertionError("an update of prices went the general way")


def test_a_reader_without_news_costs_nothing_until_the_market_moves() -> None:
    twins = Twins()
    twins.happen(listing("NVX"), listing("ORB"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    twins.wait(1)
    assert twins.hub._fan_out.take(twins.clock.now_s + 1, is_moved=False) == []
    twins.happen(quote(5, "ORB"))
    twins.happen(quote(7, "NVX"))
    assert twins.reader().rows["NVX"]["b"] == 0.07


def test_looks_are_few_while_nobody_is_due() -> None:
    twins = Twins()
    twins.wait(10)
    assert twins.looks <= 10 / LOOK_S + 2


@given(st.floats(0, 0.3), st.floats(2 * SLOT_S, 0.9 / MAX_RATE))
def test_a_look_is_in_time_for_a_reader_who_is_planned_during_a_rest(
    into_s: float, late_s: float
) -> None:
    """The frame before came late, so the next is due soon; and no batch comes any more."""
    twins = Twins()
    twins.happen(listing("NVX"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"], max_rate=MAX_RATE)
    twins.wait(1 + into_s)
    twins.happen(quote(1))
    twins.wait(1 / MAX_RATE + late_s)
    twins.happen(quote(2))
    twins.happen(quote(3))
    assert twins.updates() == [2, 2]
    twins.wait(1 / MAX_RATE - late_s + SLOT_S + BATCH_WAIT_S + PULSE_S)
    assert twins.updates() == [3, 3]


def test_a_reader_that_left_is_not_written_to() -> None:
    twins = Twins()
    twins.happen(listing("NVX"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    twins.wait(1)
    twins.hub.leave(twins.connections[0])
    count = twins.sockets[0].at_once
    twins.happen(quote(5))
    twins.wait(10)
    assert twins.sockets[0].at_once == count


def test_a_heartbeat_brings_no_price_before_its_time() -> None:
    twins = Twins(heartbeat_ms=500)
    twins.happen(listing("NVX"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"], max_rate=0.5)
    twins.happen(quote(9))
    twins.wait(3)  # until the reader knows its pace
    twins.happen(quote(1))
    assert (twins.updates(), twins.heartbeats()) == ([2, 2], [5, 5])
    twins.wait(0.1)
    twins.happen(quote(2), quote(3))
    twins.wait(1.8)
    assert (twins.updates(), twins.heartbeats()) == ([2, 2], [8, 8])
    twins.wait(0.2)
    assert (twins.updates(), twins.heartbeats()) == ([3, 3], [8, 8])
    first, second = twins.frames()
    assert first == second
    assert [each.conflation for each in twins.connections] == [(3, 4), (3, 4)]


def test_a_reader_that_is_ahead_of_the_market_here_gets_nothing_old() -> None:
    twins = Twins()
    twins.happen(listing("NVX"), quote(1))
    twins.send("subscribe", channel="ticker", symbols=["NVX"], since=f"{EPOCH}:4")
    for bid in (2, 3, 4):
        twins.happen(quote(bid))
        twins.wait(1)
    first, second = ([f for f in each if "from" in f] for each in twins.frames())
    assert first == second
    assert [(f["from"], f["seq"], f["data"]["NVX"]["b"]) for f in first] == [(4, 5, 0.04)]


def test_a_reader_has_its_rate_back_as_soon_as_there_is_memory_again() -> None:
    twins = watched()
    twins.hub.save(Saving.RATES)
    twins.wait(2)
    twins.happen(quote(2))
    twins.wait(0.2)
    twins.happen(quote(3))
    twins.wait(0.2)
    assert twins.updates() == [2, 2]
    twins.hub.save(Saving.NOTHING)
    twins.wait(1 / DEFAULT_RATE + SLOT_S + BATCH_WAIT_S + PULSE_S)
    assert twins.updates() == [3, 3]
    first, second = twins.frames()
    assert first == second


def leave_it(frame: str) -> bool:
    """Be a socket that is full at this moment."""
    return False


def break_down(frame: str) -> bool:
    """Be a socket that fails."""
    raise ZeroDivisionError


def watched(*, heartbeat_ms: int = 60_000) -> Twins:
    """Return readers of one symbol, who have its first price."""
    twins = Twins(heartbeat_ms=heartbeat_ms)
    twins.happen(listing("NVX"), listing("ORB"))
    twins.send("subscribe", channel="ticker", symbols=["NVX"])
    twins.happen(quote(1))
    assert twins.updates() == [1, 1]
    return twins


def assert_sums(twins: Twins) -> None:
    """Check that every frame was counted once, with its characters."""
    frames = [frame for socket in twins.sockets for frame in socket.frames]
    traffic = twins.hub.traffic
    assert (traffic.frames, traffic.characters) == (len(frames), sum(map(len, frames)))


def test_an_update_that_the_socket_leaves_goes_through_the_writer() -> None:
    twins = watched()
    twins.sockets[0].write_now, at_once = leave_it, twins.sockets[0].at_once
    twins.clock.now_s += 1
    twins.happen(quote(2))
    assert (twins.updates(), twins.sockets[0].at_once) == ([2, 2], at_once)
    assert twins.sockets[0].frames == twins.sockets[1].frames
    assert [each.conflation for each in twins.connections] == [(2, 2), (2, 2)]
    assert_sums(twins)
    twins.sockets[0].write_now = twins.sockets[0]._write_now
    twins.clock.now_s += 1
    twins.happen(quote(3))
    assert (twins.updates(), twins.sockets[0].at_once) == ([3, 3], at_once + 1)
    assert_sums(twins)


def test_a_heartbeat_that_the_socket_leaves_goes_through_the_writer() -> None:
    twins = watched(heartbeat_ms=1000)
    twins.happen(quote(5, "ORB"))
    twins.wait(1.5)
    assert twins.sockets[0].frames == twins.sockets[1].frames
    assert twins.heartbeats() == [1, 1]
    assert_sums(twins)
    twins.sockets[0].write_now = leave_it
    twins.wait(1)
    assert twins.sockets[0].frames == twins.sockets[1].frames
    assert twins.heartbeats() == [2, 2]
    assert_sums(twins)


async def test_a_heartbeat_does_not_overtake_an_update_that_waits() -> None:
    twins = watched(heartbeat_ms=1000)
    connection, socket, has_room = twins.connections[0], twins.sockets[0], asyncio.Event()

    async def write() -> None:
        while frames := connection.take():
            await has_room.wait()
            socket.frames += frames

    connection.start_writing(write)
    socket.write_now = lambda frame: '"heartbeat"' in frame and socket._write_now(frame)
    known = len(socket.frames)
    twins.clock.now_s += 1.5
    twins.happen(quote(2))
    assert len(socket.frames) == known
    has_room.set()
    async with asyncio.timeout(5):
        while len(socket.frames) < known + 2:
            await asyncio.sleep(0)
    assert [frame["channel"] for frame in twins.frames()[0][known:]] == ["ticker", "heartbeat"]
    assert_sums(twins)


@pytest.mark.parametrize("is_quiet", [False, True])
def test_a_socket_that_fails_is_cut_and_the_others_go_on(*, is_quiet: bool) -> None:
    """Whether an update or a heartbeat is written."""
    twins, cuts = watched(heartbeat_ms=1000), []
    bad, good = twins.sockets
    bad.write_now, bad.abort = break_down, lambda: cuts.append(True)  # type: ignore[method-assign]
    known, counted = (len(bad.frames), len(good.frames)), twins.hub.traffic.frames
    twins.clock.now_s += 1
    twins.happen(quote(2, "ORB" if is_quiet else "NVX"))
    twins.wait(0.5)
    assert (len(bad.frames), cuts) == (known[0], [True])
    assert len(good.frames) == known[1] + (1 if is_quiet else 2)
    assert twins.hub.traffic.frames == counted + 1 + (1 if is_quiet else 2)
    twins.wait(5)
    assert cuts == [True]
