"""A line that takes a little goes on; one that takes nothing for the deadline is cut."""

import asyncio

import pytest

from dashboard.delivery.connection import Connection
from dashboard.wire.registry import Close, Transport
from tests.support.exchange import Exchange, person, quote, subscribe


class Line:
    """A line with a hand on it: takes frames only when told, and says what waits."""

    def __init__(self) -> None:
        self.waiting = 1000
        self.is_cut = False
        self.taken = asyncio.Event()
        self.frames: list[str] = []

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
            connection.line_took()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def connection(exchange: Exchange, line: Line) -> Connection:
    await exchange.settle()
    exchange.hub._sweep_s = 1e9
    connection = exchange.hub.join(person(), Transport.WEBSOCKET, line)
    connection.write_by(lambda: line.write(connection))
    subscribe(connection, symbols=["NVX"])
    return connection


async def test_a_line_that_takes_nothing_is_cut_after_the_deadline(
    connection: Connection, line: Line
) -> None:
    connection.check_line(100.0, 10.0)
    connection.check_line(109.0, 10.0)
    assert not line.is_cut
    connection.check_line(110.0, 10.0)
    assert line.is_cut
    assert connection.subscriber.closed is Close.TOO_SLOW


async def test_a_line_that_takes_a_little_is_not_cut(connection: Connection, line: Line) -> None:
    for second in range(100, 160, 5):
        line.waiting -= 1
        connection.check_line(float(second), 10.0)
    assert not line.is_cut


async def test_what_happens_while_the_line_is_full_is_merged(
    exchange: Exchange, connection: Connection, line: Line
) -> None:
    """One frame waits, whatever happens; the next stands for everything since."""
    before = len(line.frames)
    for bid in range(1, 200):
        await exchange.happen(quote(bid))
    await exchange.settle()
    assert len(line.frames) == before
    async with asyncio.timeout(5):
        while not line.frames[-1].count('"n":199'):
            line.taken.set()
            await asyncio.sleep(0)
    assert not line.is_cut


async def test_a_writer_is_woken_by_its_own_command_only_once(
    connection: Connection, line: Line
) -> None:
    """A writer that waits for its line is not started again beside itself."""
    waiting = connection._waiting
    for _ in range(5):
        connection.wake()
    assert connection._waiting is waiting


async def test_what_goes_wrong_with_one_line_ends_only_that_line(
    exchange: Exchange, connection: Connection, line: Line
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    bad = exchange.hub.join(person(2), Transport.WEBSOCKET, Line())
    bad.write_by(fail)
    await exchange.happen(quote(1))
    await exchange.settle()
    assert exchange.hub.replica.sequence == exchange.sequence
