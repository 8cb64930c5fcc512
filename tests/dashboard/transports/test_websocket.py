"""The consumer leaves the hub however it ends, and never visits the database's thread."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import InterfaceError

from dashboard.delivery.connection import Connection
from dashboard.people.admission import NotAdmitted
from dashboard.people.identity import Identity
from dashboard.transports import foreign_pages, websocket
from dashboard.transports.foreign_pages import ForeignPages
from dashboard.transports.websocket import MarketConsumer
from dashboard.wire.registry import Close
from tests.support.exchange import Exchange, person, quote
from tests.support.log_lines import lines_of
from tests.support.waiting import until

SCOPE = {"type": "websocket", "path": "/ws/v1/", "headers": []}


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Identity | NotAdmitted]:
    """The identity of every newcomer: replaces the query of the database."""
    who: dict[str, Identity | NotAdmitted] = {"is": person()}

    async def identify(scope: dict[str, Any], *, may_wait: bool = False) -> Identity | NotAdmitted:
        assert may_wait, "many come back at once: they are looked up together"
        return who["is"]

    monkeypatch.setattr(websocket, "identify", identify)
    return who


def call(exchange: Exchange) -> ApplicationCommunicator:
    """Start a consumer; unlike a server the communicator queues without bound."""
    consumer = MarketConsumer.as_asgi(hub=exchange.hub)
    return ApplicationCommunicator(consumer, SCOPE)


async def connect(exchange: Exchange) -> ApplicationCommunicator:
    caller = call(exchange)
    await caller.send_input({"type": "websocket.connect"})
    assert (await caller.receive_output(5))["type"] == "websocket.accept"
    assert '"welcome"' in (await caller.receive_output(5))["text"]
    return caller


async def test_a_connection_holds_one_connection_until_it_ends(exchange, visitor) -> None:
    caller = await connect(exchange)
    assert len(exchange.hub.connections) == 1
    await caller.send_input({"type": "websocket.disconnect", "code": 1006})
    await caller.wait(5)
    assert not exchange.hub.connections


async def test_an_exception_within_a_command_gives_the_connection_back(
    exchange, visitor, monkeypatch
) -> None:
    def fail(connection: Connection, message: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Connection, "receive", fail)
    caller = await connect(exchange)
    await caller.send_input({"type": "websocket.receive", "text": "{}"})
    with pytest.raises(ZeroDivisionError):
        await caller.wait(5)
    assert not exchange.hub.connections


async def test_a_cancelled_connection_gives_the_connection_back(exchange, visitor) -> None:
    caller = await connect(exchange)
    caller.future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller.future
    assert not exchange.hub.connections


async def test_no_task_is_left_behind(exchange, visitor) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(20):
        caller = await connect(exchange)
        await caller.send_input({"type": "websocket.disconnect", "code": 1006})
        await caller.wait(5)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before


def test_each_foreign_page_is_logged_once_and_only_so_many(caplog) -> None:
    foreign = ForeignPages()
    for number in range(25):
        foreign.note(f"origin {number}.")
        foreign.note(f"origin {number}.")
    logged = [line.rpartition("=")[2] for line in lines_of(caplog, foreign_pages)]
    assert logged == [f"origin {number}." for number in range(20)]


async def test_the_log_says_why_a_foreign_page_is_refused(exchange, visitor, caplog) -> None:
    visitor["is"] = NotAdmitted("origin was http://far.example")
    caller = call(exchange)
    await caller.send_input({"type": "websocket.connect"})
    await caller.receive_output(5)
    caller.stop()
    assert "refused reason=origin was http://far.example" in caplog.text


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ({"text": None, "bytes": b"{}"}, "binary frames are not commands"),
        ({"bytes": b"{}"}, "binary frames are not commands"),
        ({}, "binary frames are not commands"),
        ({"text": "", "bytes": None}, "not a JSON object in a text frame"),
        ({"text": "{}", "bytes": b"{}"}, "Object missing required field `method`"),
    ],
)
async def test_a_message_without_text_is_binary(exchange, visitor, message, fact) -> None:
    caller = await connect(exchange)
    await caller.send_input({"type": "websocket.receive", **message})
    answer = json.loads((await caller.receive_output(5))["text"])
    assert answer["error"]["message"] == fact
    await caller.send_input({"type": "websocket.disconnect", "code": 1006})
    await caller.wait(5)


async def test_who_is_sent_away_hears_of_it_once(exchange, visitor) -> None:
    caller = await connect(exchange)
    (connection,) = exchange.hub.connections
    exchange.hub.disconnect(1, "")
    assert await caller.receive_output(5) == {
        "type": "websocket.close", "code": Close.DISCONNECTED,
    }  # fmt: skip
    connection.wake()
    await exchange.happen(quote(7))
    await exchange.settle()
    assert await caller.receive_nothing(0.01)
    caller.stop()


@pytest.mark.parametrize(("foreign", "is_accepted"), [("a reason", False), (None, True)])
async def test_nobody_gets_a_connection(exchange, visitor, foreign, is_accepted) -> None:
    visitor["is"] = NotAdmitted(foreign)
    caller = call(exchange)
    await caller.send_input({"type": "websocket.connect"})
    first = await caller.receive_output(5)
    assert (first["type"] == "websocket.accept") == is_accepted
    last = await caller.receive_output(5) if is_accepted else first
    assert last == {"type": "websocket.close", "code": Close.SIGNED_OUT}
    await caller.send_input({"type": "websocket.receive", "text": '{"method":"ping"}'})
    await caller.send_input({"type": "websocket.disconnect", "code": 1006})
    await caller.wait(5)
    assert not exchange.hub.connections


async def test_a_full_hub_says_so(exchange, visitor) -> None:
    for _ in range(10):
        exchange.join(2)
    caller = call(exchange)
    await caller.send_input({"type": "websocket.connect"})
    assert (await caller.receive_output(5))["type"] == "websocket.accept"
    assert await caller.receive_output(5) == {"type": "websocket.close", "code": Close.TOO_MANY}
    caller.stop()


async def test_a_server_that_stops_sends_newcomers_to_the_next(exchange, visitor) -> None:
    """They get the code for a restart, like everybody else; no limit was exceeded."""
    await exchange.hub.close_all(Close.RESTART, within_s=0)
    caller = call(exchange)
    await caller.send_input({"type": "websocket.connect"})
    assert (await caller.receive_output(5))["type"] == "websocket.accept"
    assert json.loads((await caller.receive_output(5))["text"])["type"] == "shutdown"
    assert await caller.receive_output(5) == {"type": "websocket.close", "code": Close.RESTART}
    caller.stop()


async def test_accounts_that_cannot_be_read_send_people_away_for_a_while(
    exchange, monkeypatch, caplog
) -> None:
    async def identify(scope: dict[str, Any], *, may_wait: bool = False) -> Identity:
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(websocket, "identify", identify)
    caller = call(exchange)
    await caller.send_input({"type": "websocket.connect"})
    assert (await caller.receive_output(5))["type"] == "websocket.accept"
    assert await caller.receive_output(5) == {"type": "websocket.close", "code": Close.RESTART}
    assert "accounts cannot be read" in caplog.text
    caller.stop()


async def test_frames_never_visit_the_thread_of_the_database(
    exchange, visitor, monkeypatch
) -> None:
    visits = 0

    async def count() -> None:
        nonlocal visits
        visits += 1

    monkeypatch.setattr("channels.consumer.aclose_old_connections", count)
    caller = await connect(exchange)
    for bid in range(50):
        await caller.send_input({"type": "websocket.receive", "text": '{"method":"set"}'})
        await exchange.happen(quote(bid + 1))
    await caller.send_input({"type": "websocket.disconnect", "code": 1006})
    await caller.wait(5)
    assert visits == 0


class DeadSocket:
    """A transport whose other end takes nothing; a cut lets a waiting writer go, as servers do."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[str] = []
        self.transport = self
        self._is_cut = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message["type"])
        if message["type"] == "websocket.send":
            await self._is_cut.wait()
            raise ConnectionResetError

    def abort(self) -> None:
        self._is_cut.set()
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})


async def test_a_socket_that_takes_nothing_is_cut_after_the_deadline(exchange, visitor) -> None:
    exchange.hub._deadline_s = 0.05
    socket = DeadSocket()
    socket.inbox.put_nowait({"type": "websocket.connect"})
    consumer = MarketConsumer.as_asgi(hub=exchange.hub)
    await asyncio.wait_for(consumer(SCOPE, socket.inbox.get, socket.send), 5)
    assert socket.sent == ["websocket.accept", "websocket.send"]
    assert not exchange.hub.connections


class FailingSocket(DeadSocket):
    """A socket whose sends fail; the reader leaves later, unless it was cut."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.is_cut = False
        self._error = error

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            raise self._error

    def abort(self) -> None:
        self.is_cut = True
        super().abort()


@pytest.mark.parametrize("error", [ConnectionResetError(), ZeroDivisionError()])
async def test_a_reader_whose_frames_cannot_be_sent_leaves_at_once(
    exchange, visitor, caplog, error: Exception
) -> None:
    """A line that broke ends by itself. After any other error the socket is cut, and logged."""
    socket = FailingSocket(error)
    socket.inbox.put_nowait({"type": "websocket.connect"})
    consumer = MarketConsumer.as_asgi(hub=exchange.hub)
    serving = asyncio.ensure_future(consumer(SCOPE, socket.inbox.get, socket.send))
    await until(lambda: exchange.hub.handshakes.total() and not exchange.hub.connections)
    is_fault = isinstance(error, ZeroDivisionError)
    assert (socket.is_cut, "writer ended user=1 error=ZeroDivisionError()" in caplog.text) == (
        is_fault,
        is_fault,
    )
    socket.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asyncio.wait_for(serving, 5)


async def test_a_writer_that_waits_ends_with_its_socket(exchange, visitor) -> None:
    socket = DeadSocket()
    socket.inbox.put_nowait({"type": "websocket.connect"})
    consumer = MarketConsumer.as_asgi(hub=exchange.hub)
    serving = asyncio.ensure_future(consumer(SCOPE, socket.inbox.get, socket.send))
    await until(lambda: "websocket.send" in socket.sent)
    (connection,) = exchange.hub.connections
    writer = connection._waiting
    socket.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asyncio.wait_for(serving, 5)
    await asyncio.wait({writer}, timeout=5)
    assert writer.cancelled()
