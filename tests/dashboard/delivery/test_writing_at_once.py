"""Frames go straight to a socket that takes them; the others wait for the writer, in order."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.delivery.connection import Connection
from dashboard.exceptions import ConnectionClosed
from dashboard.loadtest.reader import Reader
from dashboard.wire.registry import Close, Transport
from feeds.market.events import Side, Trade
from tests.support.examples import examples
from tests.support.exchange import Exchange, person, quote, subscribe
from tests.support.market_script import NOW, listing
from tests.support.waiting import until


class MoodySocket:
    """Takes a frame at once if the next mood is true, and through the writer in any case."""

    def __init__(self, moods: list[bool]) -> None:
        self.moods = moods
        self.at_once: list[str] = []
        self.frames: list[str] = []
        self.closed = 0
        self.is_cut = False

    def write_now(self, frame: str) -> bool:
        if self.moods and not self.moods.pop(0):
            return False
        self.at_once.append(frame)
        self.frames.append(frame)
        return True

    def backlog(self) -> int:
        return 0

    def abort(self) -> None:
        self.is_cut = True

    async def write(self, connection: Connection) -> None:
        try:
            while frames := connection.take():
                for frame in frames:
                    await asyncio.sleep(0)
                    self.frames.append(frame)
        except ConnectionClosed as closed:
            self.closed = closed.code


Join = Callable[..., tuple[Connection, MoodySocket]]


@pytest.fixture
def join(exchange: Exchange) -> Join:
    def join(*moods: bool) -> tuple[Connection, MoodySocket]:
        socket = MoodySocket(list(moods))
        connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)
        connection.start_writing(partial(socket.write, connection))
        subscribe(connection, symbols=["NVX"], max_rate=20)
        return connection, socket

    return join


async def written(socket: MoodySocket, sequence: int) -> list[dict[str, object]]:
    """Wait until a reader of these frames stands at a sequence; return the frames."""
    async with asyncio.timeout(5):
        while True:
            frames = [json.loads(frame) for frame in socket.frames]
            if any(frame.get("seq", -1) >= sequence for frame in frames):
                return frames
            await asyncio.sleep(0)


async def test_a_socket_with_room_needs_no_writer(exchange: Exchange) -> None:
    await exchange.settle()
    socket, begun = MoodySocket([]), list[int]()
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)

    def write() -> Coroutine[None, None, None]:
        begun.append(1)
        return socket.write(connection)

    connection.start_writing(write)
    subscribe(connection, symbols=["NVX"], max_rate=20)
    await exchange.happen(quote(1))
    await written(socket, exchange.sequence)
    assert socket.at_once == socket.frames
    assert begun == []


@settings(max_examples=examples(25))
@given(moods=st.lists(st.booleans(), max_size=12))
async def test_a_reader_gets_the_same_whichever_way_frames_go(moods: list[bool]) -> None:
    exchange = Exchange()
    hub = asyncio.create_task(exchange.hub.run())
    await asyncio.sleep(0)
    try:
        await exchange.happen(listing("NVX"))
        await exchange.settle()
        sockets = []
        for these in (moods, [False] * 50):
            socket = MoodySocket(these)
            connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)
            connection.start_writing(partial(socket.write, connection))
            subscribe(connection, symbols=["NVX"], max_rate=20)
            sockets.append(socket)
        for bid in range(1, 30):
            await exchange.happen(quote(bid))
        boards = []
        for socket in sockets:
            reader = Reader()
            for frame in await written(socket, exchange.sequence):
                reader.apply(frame)
            boards.append((reader.rows, reader.ticks))
        assert boards[0] == boards[1]
    finally:
        hub.cancel()


async def test_what_waits_is_counted_once(exchange: Exchange, join: Join) -> None:
    await exchange.settle()
    _, socket = join(True, False, True)
    await exchange.happen(quote(1))
    frames = await written(socket, exchange.sequence)
    assert exchange.hub.traffic.frames == len(frames)


async def test_the_end_comes_after_what_waits(exchange: Exchange, join: Join) -> None:
    await exchange.settle()
    connection, socket = join(False)
    connection.close(Close.RESTART)
    async with asyncio.timeout(5):
        while not socket.closed:
            await asyncio.sleep(0)
    assert socket.closed == Close.RESTART
    assert json.loads(socket.frames[0])["method"] == "subscribe"


async def test_an_error_while_writing_ends_only_that_connection(
    exchange: Exchange, join: Join
) -> None:
    def fail(frame: str) -> bool:
        raise ZeroDivisionError

    await exchange.settle()
    (_, bad), (_, good) = join(), join()
    bad.write_now = fail  # type: ignore[method-assign]
    await exchange.happen(quote(1))
    await written(good, exchange.sequence)
    assert (bad.is_cut, good.is_cut) == (True, False)


async def test_what_is_due_behind_an_answer_goes_with_it(exchange: Exchange, join: Join) -> None:
    await exchange.happen(Trade("NVX", 7, 1, Side.BUY, NOW))
    await exchange.settle()
    connection, socket = join()
    socket.frames.clear()
    subscribe(connection, "trades", symbols=["NVX"], since="e1:2")
    answer, update = map(json.loads, socket.frames)
    assert (answer["result"]["resumed"], update["channel"], update["seq"]) == (True, "trades", 3)


async def test_a_reader_that_was_ended_is_not_heard_any_more(
    exchange: Exchange, join: Join
) -> None:
    await exchange.settle()
    connection, socket = join()
    connection.close(Close.DISCONNECTED)
    socket.frames.clear()
    connection.close(Close.RESTART)
    subscribe(connection, "status")
    for _ in range(9):
        await asyncio.sleep(0)
    with pytest.raises(ConnectionClosed):
        connection.take()
    assert (socket.frames, connection.closed) == ([], Close.DISCONNECTED)


@pytest.mark.parametrize("channel", ["trades", "bars", "depth"])
async def test_prices_are_written_by_the_loop_only_while_nothing_else_may_be_due(
    exchange: Exchange, channel: str
) -> None:
    await exchange.settle()
    socket = MoodySocket([])
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)
    connection.start_writing(partial(socket.write, connection))
    assert connection.prices is None
    subscribe(connection, symbols=["NVX"])
    assert connection.prices is not None
    subscribe(connection, channel, symbols=["NVX"])
    assert connection.prices is None
    connection.receive(json.dumps({"method": "unsubscribe", "params": {"channel": channel}}))
    assert connection.prices is not None
    connection.receive('{"method":"set","params":{"paused":true}}')
    assert connection.prices is None
    connection.receive('{"method":"set","params":{"paused":false}}')
    assert connection.prices is not None
    connection.stop_writing()
    assert connection.prices is None
    socket.frames.clear()
    await exchange.happen(quote(1))
    await exchange.settle()
    assert socket.frames == []


async def test_a_reader_whose_frames_all_go_by_the_writer_has_no_prices_for_the_loop(
    exchange: Exchange,
) -> None:
    await exchange.settle()
    socket = MoodySocket([])
    socket.write_now = None  # type: ignore[method-assign,assignment]
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)
    connection.start_writing(partial(socket.write, connection))
    subscribe(connection, symbols=["NVX"])
    await written(socket, exchange.sequence)
    await until(lambda: not connection.is_waiting)
    connection.wake()
    assert (connection.prices, connection.is_waiting) == (None, False)
