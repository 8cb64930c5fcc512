"""A connection to either server over a line in memory, and the application behind it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from uvicorn.config import Config
from uvicorn.server import ServerState

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.daphne import DaphneServer
from dashboard.servers.daphne_http import DaphneFactory
from dashboard.servers.limits import ConnectionLimits
from dashboard.servers.uploads import Uploads
from dashboard.servers.uvicorn_http import UvicornHttp
from tests.support.waiting import PATIENCE_S, until

LIMITS = ConnectionLimits(head_bytes=400, headers=5, body_bytes=20, upload_bytes=200_000)
"""Small ones; seconds are those of a real server."""


class Application:
    """Lets a test play the application: what it hears, and what it answers."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.calls: list[tuple[Any, Any]] = []
        self.over = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        self.calls.append((receive, send))
        await self.over.wait()

    async def asked(self, count: int = 1) -> None:
        """Wait for so many requests."""
        await until(lambda: len(self.calls) >= count)

    async def hear(self, number: int = -1) -> dict[str, Any]:
        """Return the next event of a request, the newest unless a number says which."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.calls[number][0]()

    async def hear_body(self) -> bytes:
        """Return the whole body of the newest request."""
        body, is_over = b"", False
        while not is_over:
            event = await self.hear()
            assert event["type"] == "http.request"
            body += event["body"]
            is_over = not event["more_body"]
        return body

    async def begin(self, *, length: int = 2, number: int = -1) -> None:
        """Begin an answer."""
        headers = [(b"content-length", b"%d" % length)]
        event = {"type": "http.response.start", "status": 200, "headers": headers}
        await self.calls[number][1](event)

    async def answer(self, body: bytes = b"ok", *, number: int = -1) -> None:
        """Answer a request wholly."""
        await self.begin(length=len(body), number=number)
        await self.write(body, more=False, number=number)

    async def write(self, body: bytes, *, more: bool, number: int = -1) -> None:
        """Send a part of an answer."""
        event = {"type": "http.response.body", "body": body, "more_body": more}
        await self.calls[number][1](event)


class DaphneLine(StringTransport):
    """Keeps what Daphne writes and what it does with the line."""

    has_ended = is_aborted = False
    protocol: Any = None
    dataBuffer, offset = b"", 0  # noqa: N815 Twisted's name
    _tempDataBuffer = ()  # noqa: N815

    def resumeProducing(self) -> None:  # noqa: N802 Twisted's name
        self.producerState = "producing"

    def writeSomeData(self, data: bytes) -> int:  # noqa: N802 Twisted's name
        self.write(data)
        return len(data)

    def loseWriteConnection(self) -> None:  # noqa: N802 Twisted's name
        self.has_ended = True

    def abortConnection(self) -> None:  # noqa: N802 Twisted's name
        self.is_aborted = True

    @property
    def sent(self) -> bytes:
        return self.value()

    @property
    def is_closed(self) -> bool:
        return self.disconnecting

    @property
    def is_read(self) -> bool:
        return self.producerState == "producing"


class UvicornLine(asyncio.Transport):
    """Keeps what uvicorn writes and what it does with the line."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.is_read = True
        self.has_ended = self.is_closed = self.is_aborted = False
        self.protocol: Any = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.sent += data

    def write_eof(self) -> None:
        self.has_ended = True

    def is_closing(self) -> bool:
        return self.is_closed or self.is_aborted

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True


class SteppedLoop:
    """The loop that runs, with timers that wait until a test moves the time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = Clock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def call_later(self, delay_s: float, call: Callable[..., object], *args: object) -> Any:
        timer = self._clock.callLater(delay_s, call, *args)
        return Timer(timer)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._clock.advance(seconds)

    @property
    def timers(self) -> int:
        """How many calls wait for their time."""
        return len(self._clock.getDelayedCalls())


class Timer:
    """A call that may be cancelled at any time, as with asyncio."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def cancel(self) -> None:
        if self._call.active():
            self._call.cancel()


class DaphneTalk:
    """A connection to Daphne."""

    address = "192.168.1.1"

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        limits: ConnectionLimits = LIMITS,
        uploads: Uploads | None = None,
    ) -> None:
        self.line, self.application = DaphneLine(), Application()
        self.refusals = Counter[RefusalReason]()
        self.clock = Clock()
        monkeypatch.setattr("dashboard.servers.daphne_http.reactor", self.clock)
        server = DaphneServer(
            self.application, endpoints=["tcp:0:interface=127.0.0.1"], ping_s=1, limits=limits,
            uploads=uploads, refusals=self.refusals,
        )  # fmt: skip
        server.connections = {}
        server.http_factory = None
        assert isinstance(server.http_factory, DaphneFactory)
        self.server = server
        self.protocol = self.line.protocol = server.http_factory.buildProtocol(
            IPv4Address("TCP", "127.0.0.1", 1)
        )
        self.protocol.makeConnection(self.line)

    def say(self, data: bytes) -> None:
        """Send bytes to the server."""
        self.line.protocol.dataReceived(data)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    def leave(self) -> None:
        """Break the line."""
        self.line.connected = False
        if self.line.producer is not None:
            self.line.producer.stopProducing()
        self.line.protocol.connectionLost(Failure(ConnectionLost()))

    @property
    def timers(self) -> int:
        """How many calls wait for their time."""
        return len(self.clock.getDelayedCalls())


class UvicornTalk:
    """A connection to uvicorn."""

    address = "127.0.0.1"

    def __init__(self, limits: ConnectionLimits = LIMITS, uploads: Uploads | None = None) -> None:
        self.line, self.application = UvicornLine(), Application()
        self.refusals = Counter[RefusalReason]()
        parts = {"limits": limits, "uploads": uploads or Uploads(), "refusals": self.refusals}
        kind = type("BoundHttp", (UvicornHttp,), parts)
        config = Config(self.application, interface="asgi3", lifespan="off", log_config=None)
        config.load()
        self._loop = SteppedLoop()
        self.protocol = self.line.protocol = kind(config, ServerState(), {}, self._loop)
        self.protocol.connection_made(self.line)

    def say(self, data: bytes) -> None:
        """Send bytes to the server."""
        self.line.protocol.data_received(data)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._loop.advance(seconds)

    def leave(self) -> None:
        """Break the line."""
        self.line.is_closed = True
        self.line.protocol.connection_lost(ConnectionResetError())

    @property
    def timers(self) -> int:
        """How many calls wait for their time."""
        return self._loop.timers


Talk = DaphneTalk | UvicornTalk
Connect = Callable[..., Talk]


def connecting(kind: str, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return what opens a connection to a server."""

    def connect(limits: ConnectionLimits = LIMITS, uploads: Uploads | None = None) -> Talk:
        make = partial(DaphneTalk, monkeypatch) if kind == "daphne" else UvicornTalk
        return make(limits, uploads)

    return connect


def statuses(talk: Talk) -> list[int]:
    """Return the statuses of the answers so far."""
    return [int(line[2:5]) for line in talk.line.sent.split(b"HTTP/1.")[1:]]
