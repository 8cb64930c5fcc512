"""A socket that takes a little goes on; one that takes nothing for the deadline is cut."""

import asyncio
import json

import pytest

from dashboard.delivery.connection import Connection
from dashboard.wire.registry import Close, Transport
from feeds.market.events import Phase, Status
from tests.support.exchange import Exchange, HandClock, person, quote, subscribe
from tests.support.market_script import NOW


class StubbornSocket:
    """Accepts frames only when the test says so, and reports the backlog it is told to report."""

    def __init__(self) -> None:
        self.waiting = 1000
        self.is_cut = False
        self.taken = asyncio.Event()
        self.frames: list[str] = []

    write_now = None

    def backlog(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.is_cut = True
        self.taken.set()

    async def write(self, connection: Connection) -> None:
        while frames := connection.take():
            self.frames += frames
            await self.taken.wait()
            self.taken.clear()
            connection.note_accepted()


@pytest.fixture
def sweep_s() -> float:
    """A day: the tests say when the hub looks."""
    return 86_400


@pytest.fixture
def socket() -> StubbornSocket:
    return StubbornSocket()


@pytest.fixture
async def connection(exchange: Exchange, socket: StubbornSocket) -> Connection:
    await exchange.settle()
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)
    connection.start_writing(lambda: socket.write(connection))
    subscribe(connection, symbols=["NVX"])
    return connection


async def test_a_socket_that_takes_nothing_is_cut_after_the_deadline(
    exchange: Exchange, connection: Connection, socket: StubbornSocket
) -> None:
    connection.cut_if_stalled(100.0, 10.0)
    connection.cut_if_stalled(109.0, 10.0)
    assert not socket.is_cut
    connection.cut_if_stalled(110.0, 10.0)
    assert socket.is_cut
    assert connection.closed is Close.TOO_SLOW
    assert exchange.hub.traffic.cuts == 1


async def test_a_socket_that_takes_a_little_is_not_cut(
    connection: Connection, socket: StubbornSocket
) -> None:
    for second in range(100, 160, 5):
        socket.waiting -= 1
        connection.cut_if_stalled(float(second), 10.0)
    assert not socket.is_cut


async def test_what_happens_while_the_socket_is_full_is_merged(
    exchange: Exchange, connection: Connection, socket: StubbornSocket
) -> None:
    """One frame waits, whatever happens; the next stands for everything since."""
    before = len(socket.frames)
    for bid in range(1, 200):
        await exchange.happen(quote(bid))
    await exchange.settle()
    assert len(socket.frames) == before
    async with asyncio.timeout(5):
        while not socket.frames[-1].count('"n":199'):
            socket.taken.set()
            await asyncio.sleep(0)
    assert not socket.is_cut


async def test_a_writer_is_woken_by_its_own_command_only_once(
    connection: Connection, socket: StubbornSocket
) -> None:
    """A writer that waits for its socket is not started again beside itself."""
    waiting = connection._waiting
    for _ in range(5):
        connection.wake()
    assert connection._waiting is waiting


async def test_what_goes_wrong_with_one_connection_ends_only_that_one(
    exchange: Exchange, connection: Connection, socket: StubbornSocket
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    bad = exchange.hub.join(person(2), Transport.WEBSOCKET, StubbornSocket())
    bad.start_writing(fail)
    await exchange.happen(quote(1))
    await exchange.settle()
    assert exchange.hub.replica.sequence == exchange.sequence


async def test_a_reader_that_accepts_no_goodbye_is_cut(
    exchange: Exchange, connection: Connection, socket: StubbornSocket
) -> None:
    """The server would wait for it, and then complain."""
    await exchange.hub.close_all(Close.RESTART, within_s=0)
    assert (socket.is_cut, connection.closed) == (True, Close.RESTART)


async def test_a_writer_that_waited_tells_how_long_and_the_next_news_begin_another(
    exchange: Exchange, socket: StubbornSocket
) -> None:
    await exchange.settle()
    clock = exchange.hub.clock = HandClock()
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)
    connection.start_writing(lambda: socket.write(connection))
    subscribe(connection, symbols=["NVX"])
    assert connection.is_waiting
    clock.now_s += 0.8
    async with asyncio.timeout(5):
        while connection.is_waiting:
            socket.taken.set()
            await asyncio.sleep(0)
    assert connection.limited_by == "line 168 ms"  # 240, and then it took the rest at once
    socket.taken.clear()
    before = len(socket.frames)
    await exchange.happen(quote(7))
    await exchange.settle()
    assert [json.loads(frame)["seq"] for frame in socket.frames[before:]] == [3]
    assert connection.is_waiting


async def test_news_that_come_while_a_writer_waits_are_written_afterwards(
    exchange: Exchange, socket: StubbornSocket
) -> None:
    await exchange.settle()
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, socket)

    async def write_once() -> None:
        socket.frames += connection.take()
        await socket.taken.wait()

    connection.start_writing(write_once)
    subscribe(connection, "status")
    await exchange.happen(Status("NVX", Phase.HALTED, "", NOW))
    await exchange.settle()
    assert not any('"HALTED"' in frame for frame in socket.frames)
    socket.taken.set()
    async with asyncio.timeout(5):
        while not any('"HALTED"' in frame for frame in socket.frames):
            await asyncio.sleep(0)


async def test_a_connection_that_fails_cancels_its_writer_and_is_cut(
    connection: Connection, socket: StubbornSocket, caplog: pytest.LogCaptureFixture
) -> None:
    writer = connection._waiting
    connection.fail(ZeroDivisionError())
    await asyncio.gather(writer, return_exceptions=True)
    assert (writer.cancelled(), socket.is_cut, connection.prices) == (True, True, None)
    assert "writer ended user=1 error=ZeroDivisionError()" in caplog.text
