"""When the hub looks and for whom, and what it measures, on a clock of the test."""

import asyncio
import json
from math import inf

import msgspec
import pytest

from dashboard.delivery.connection import Connection
from dashboard.delivery.replica import BatchLost
from dashboard.people.access import Rights
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close, Transport
from feeds.clock import Moment
from feeds.market.events import Batch, Phase, Position, Status
from tests.support.exchange import (
    EagerSocket,
    Exchange,
    HandClock,
    StandingClock,
    person,
    quote,
    subscribe,
)
from tests.support.market_script import NOW, listing


async def turn() -> None:
    """Let whatever is due in the loop happen."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("silence_s", "stale_ms"), [(3.0, None), (3.001, NOW)])
async def test_after_three_seconds_without_a_batch_prices_are_stale(
    silence_s: float, stale_ms: int | None
) -> None:
    exchange = Exchange(HandClock())
    exchange.hub._heard = Moment(NOW, 100.0)
    exchange.hub._look(Moment(NOW + 9, 100.0 + silence_s))
    assert exchange.hub.replica.stale_ms == stale_ms


@pytest.mark.parametrize(("now_ms", "age_ms"), [(NOW + 250, 250), (NOW - 1, 0)])
async def test_the_age_of_a_frame_is_that_of_its_tick_and_never_negative(
    now_ms: int, age_ms: int
) -> None:
    exchange = Exchange(StandingClock(now_ms))
    exchange.hub._receive(Batch("e1", 1, (listing("NVX"),)))
    connection = exchange.join()
    connection.start_writing(lambda: taking(connection))
    subscribe(connection, symbols=["NVX"])
    exchange.hub._receive(Batch("e1", 2, (quote(7),)))
    ages = exchange.hub.traffic.ages
    assert (ages.count, ages.sum) == (1, age_ms)
    exchange.hub._receive(Batch("e1", 3, ()))
    subscribe(connection, "status")
    frames = exchange.hub.traffic.frames
    exchange.hub._receive(Batch("e1", 3, (Status("NVX", Phase.HALTED, "", NOW),)))
    assert exchange.hub.traffic.frames == frames + 1
    assert (ages.count, ages.sum) == (1, age_ms), "nothing but ticks has an age"


async def taking(connection: Connection) -> None:
    while connection.take():
        pass


async def test_a_reader_that_has_left_is_never_looked_at_again() -> None:
    hub = Exchange().hub
    connection = Exchange().join()
    hub.expect(connection)
    hub.leave(connection)
    assert hub._fan_out.next_s == inf
    assert hub._fan_out.take(1e12, is_moved=True) == []


async def test_the_deck_is_made_only_while_somebody_reads_it(exchange: Exchange) -> None:
    operator = msgspec.structs.replace(person(), rights=Rights(operates=True))
    hub, waits = exchange.hub, []
    for _ in range(2):
        connection = hub.join(operator, Transport.WEBSOCKET, EagerSocket())
        waits.append(asyncio.ensure_future(hub.wait_for_deck_readers()))
        await turn()
        assert not waits[-1].done()
        subscribe(connection, "deck")
        await asyncio.wait_for(waits[-1], 5)
        assert hub.deck_readers == {connection}
        hub.leave(connection)
        hub.note_deck(connection)
        assert hub.deck_readers == set()


async def test_a_market_is_known_from_its_first_batch_and_from_no_other() -> None:
    hub = Exchange().hub
    hub._receive(Batch("e1", 1, (listing("NVX"),)))
    for lost in (Batch("e1", 1, (listing("ORB"),)), Batch("e2", 2, (listing("ORB"),))):
        before = hub.replica
        with pytest.raises(BatchLost):
            hub._receive(lost)
        assert (hub.replica, before.position) == (before, Position("e1", 1))
    hub._receive(Batch("e2", 1, (listing("ORB"),)))
    assert (hub.replica.position, list(hub.replica.board.known())) == (Position("e2", 1), ["ORB"])


@pytest.mark.parametrize("is_live", [True, False])
async def test_only_a_live_reader_has_heartbeats_and_hears_of_a_silence(is_live: bool) -> None:
    hub = Exchange(HandClock()).hub
    hub._receive(Batch("e1", 1, (listing("NVX"),)))
    hub.replica.stale_ms = NOW
    connection = hub.join(person(), Transport.POLL, EagerSocket(), is_live=is_live)
    assert connection.beat_s == (160.0 if is_live else inf)
    heard = [json.loads(frame) for frame in connection.take()]
    assert [frame.get("stale") for frame in heard] == ([NOW] if is_live else [])


@pytest.mark.parametrize("transport", Transport)
async def test_only_over_a_socket_a_channel_goes_on_without_the_others(
    transport: Transport,
) -> None:
    hub = Exchange().hub
    hub._receive(Batch("e1", 1, (listing("NVX"), quote(1))))
    connection = hub.join(person(), transport, EagerSocket())
    subscribe(connection, symbols=["NVX"], max_rate=0.2)
    subscribe(connection, "status")
    connection.take_all()
    hub._receive(Batch("e1", 3, (quote(2),)))
    assert [json.loads(frame)["channel"] for frame in connection.take()] == ["ticker"]
    hub._receive(Batch("e1", 4, (quote(3), Status("NVX", Phase.HALTED, "", NOW))))
    channels = [json.loads(frame)["channel"] for frame in connection.take()]
    assert channels == (["status"] if transport is Transport.WEBSOCKET else ["status", "ticker"])


async def test_a_paused_reader_is_not_looked_at_before_its_heartbeat() -> None:
    hub = Exchange(HandClock()).hub
    hub._receive(Batch("e1", 1, (listing("NVX"),)))
    connection = hub.join(person(), Transport.WEBSOCKET, EagerSocket())
    assert connection.next_s == 100.0
    connection.receive('{"method":"set","params":{"paused":true}}')
    assert connection.next_s == connection.beat_s == 160.0
    hub.clock.now_s = 107.0
    connection.say_hello()
    assert connection.next_s == connection.beat_s == 167.0


async def test_the_loop_leaves_what_is_not_due_and_beats_once() -> None:
    clock = HandClock()
    hub = Exchange(clock).hub
    hub._receive(Batch("e1", 1, (listing("NVX"),)))
    socket = TakingSocket()
    connection = hub.join(person(), Transport.WEBSOCKET, socket)
    connection.start_writing(lambda: taking(connection))
    subscribe(connection, symbols=["NVX"])
    hub._receive(Batch("e1", 2, (quote(1),)))
    socket.frames.clear()
    hub.replica.receive(Batch("e1", 3, (quote(2),)), ts=NOW)
    assert hub._fan_out.write([connection], hub.replica, Moment(NOW, 100.05)) == [connection]
    assert socket.frames == []
    assert hub._fan_out.write([connection], hub.replica, Moment(NOW, 160.0)) == []
    assert [json.loads(frame)["channel"] for frame in socket.frames] == ["ticker", "heartbeat"]
    assert connection.beat_s == 220.0
    connection.pace.due_s = 300.0
    hub.replica.receive(Batch("e1", 4, (quote(3),)), ts=NOW)
    assert hub._fan_out.write([connection], hub.replica, Moment(NOW, 220.0)) == []
    assert [json.loads(frame)["channel"] for frame in socket.frames[2:]] == ["heartbeat"]


class TakingSocket(EagerSocket):
    """Takes every frame at once."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    def write_now(self, frame: str) -> bool:
        self.frames.append(frame)
        return True


async def test_a_hub_counts_who_reads_and_what_they_got_also_of_those_who_left() -> None:
    clock = HandClock()
    hub = Exchange(clock).hub
    hub._receive(Batch("e1", 1, (listing("NVX"),)))
    connection = hub.join(person(), Transport.WEBSOCKET, TakingSocket())
    connection.start_writing(lambda: taking(connection))
    subscribe(connection, symbols=["NVX"])
    hub._receive(Batch("e1", 2, (quote(1), quote(2))))
    other = hub.join(person(2), Transport.SSE, EagerSocket())
    assert [each.key.rpartition("-")[2] for each in (connection, other)] == ["1", "2"]
    assert hub.readers == hub.handshakes == {Transport.WEBSOCKET: 1, Transport.SSE: 1}
    for _ in range(2):
        assert (hub.delivered, hub.conflation) == (
            {Transport.WEBSOCKET: 1, Transport.SSE: 0},
            (1, 2),
        )
        hub.leave(connection)
    assert (hub.readers, hub.handshakes.total()) == ({Transport.SSE: 1}, 2)
    assert (hub.traffic.batches, hub._connections_of) == (2, {2: 1})
    clock.now_s += 7
    assert hub.bus_age_s == 7.0


async def test_an_operator_ends_one_connection_or_all_of_a_user() -> None:
    hub = Exchange().hub
    mine, second, other = (
        hub.join(person(user_id), Transport.WEBSOCKET, EagerSocket()) for user_id in (1, 1, 2)
    )
    for user_id, key in ((2, mine.key), (1, "nobody's"), (3, "")):
        hub.disconnect(user_id, key)
    assert {each.closed for each in (mine, second, other)} == {None}
    hub.disconnect(1, mine.key)
    assert [each.closed for each in (mine, second, other)] == [Close.DISCONNECTED, None, None]
    hub.disconnect(1, "")
    assert [each.closed for each in (second, other)] == [Close.DISCONNECTED, None]


async def test_what_operators_may_know_of_a_reader() -> None:
    hub = Exchange(StandingClock(NOW + 5)).hub
    hub._receive(Batch("e1", 1, (listing("NVX"), listing("ORB"))))
    connection = hub.join(person(), Transport.WEBSOCKET, EagerSocket())
    subscribe(connection, symbols=["NVX", "ORB"])
    hub._receive(Batch("e1", 3, (quote(1), quote(2), quote(3, "ORB"))))
    assert (connection.since_ms, connection.symbol_count) == (NOW + 5, 2)
    assert (connection.lag, connection.behind, connection.updates) == (3, 3, 0)
    assert connection.settle() is None
    connection.take_all()
    assert str(connection.settle()) == "e1:5"
    connection.receive('{"method":"ping"}')
    assert connection.settle() is None, "an answer waits"
    connection.take_all()
    assert (connection.lag, connection.behind, connection.updates) == (0, 0, 2)
    assert (connection.rate, connection.limited_by) == (10.0, "")
    assert (connection.wants_personal, connection.wants_deck) == (False, False)
    assert (connection.sees_people, connection.trouble) == (False, "")
    subscribe(connection, symbols=["*"])
    subscribe(connection, "watchlist")
    assert (connection.symbol_count, connection.wants_personal) == (None, True)


async def test_rows_of_people_are_read_only_for_those_who_want_them() -> None:
    exchange = Exchange()
    exchange.rows.personal = {1: Personal(watchlist=("NVX",), unread=0, notices=())}
    mine, other = exchange.join(1), exchange.join(2)
    await exchange.hub._send_personal({1, 2})
    assert exchange.rows.reads == 0
    subscribe(mine, "watchlist")
    subscribe(other, "watchlist")
    assert exchange.hub._people == {1, 2}
    await exchange.hub._send_personal({2})
    assert [frame["data"] for frame in map(json.loads, other.take_all()) if "data" in frame] == []
    await exchange.hub._send_personal({1, 2})
    (_, frame) = map(json.loads, mine.take_all())
    assert (frame["channel"], frame["data"], exchange.rows.reads) == ("watchlist", ["NVX"], 2)
