"""Daphne with back-pressure for slow readers, close codes for errors, and a clean end.

Must not know the market. Stock Daphne queues without bound for a reader that does not read, drops
the connection on a protocol error without a close code, and does the same when it stops.
"""

import asyncio
import math
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import defer, reactor

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.daphne_frames import BoundWebSocket
from dashboard.servers.daphne_headers import revealed
from dashboard.servers.daphne_http import DaphneFactory, spooled
from dashboard.servers.framing import text_head
from dashboard.servers.light_events import LightEvent, LightQueue
from dashboard.servers.limits import (
    LAST_HANDSHAKES_S,
    LIMITS,
    PING_PATIENCE,
    SHUTDOWN_S,
    ConnectionLimits,
)
from dashboard.servers.uploads import Uploads
from dashboard.wire.registry import MESSAGE_BYTES

NEVER: Final = -1
"""Switches off the limit of a day for a WebSocket: pings, sweeps and the deadline suffice."""


class FlowControl:
    """A Twisted producer that coroutines can wait on: open while the socket takes bytes.

    Twisted pauses it when more waits than its `bufferSize`, which `asgi_socket` makes small.
    """

    def __init__(self) -> None:
        self._open = LightEvent(is_set=True)
        self.has_gone_on = False
        """Whether the socket took bytes again after it was full; others may set this back."""

    @property
    def is_open(self) -> bool:
        """Say whether the socket takes bytes."""
        return self._open.is_set()

    async def wait_open(self) -> None:
        """Wait until the socket takes bytes again, or is gone."""
        await self._open.wait()

    def pauseProducing(self) -> None:  # noqa: N802 Twisted's name
        """Make writers wait: the buffer of the socket is full."""
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """Let writers go on: the buffer is empty."""
        self.has_gone_on = True
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        """Let writers go on for good: the socket is gone."""
        self._open.set()


def _write_now(transport: Any, data: bytes) -> None:
    """Hand data to the kernel at once; leave to the reactor only what the kernel does not take.

    Twisted's own write always waits for the reactor to say that the socket takes bytes, which costs
    as much as the rest of a frame.
    """
    # Bytes that wait already must go first, or frames would overtake each other.
    is_idle = len(transport.dataBuffer) == transport.offset and not transport._tempDataBuffer
    if is_idle and transport.connected and not transport.disconnecting:
        taken = transport.writeSomeData(data)
        if isinstance(taken, int):
            data = data[taken:]
    if data:
        transport.write(data)
        # Twisted would take another whole frame on top of a short rest, which then grows old.
        if transport.producer is not None and not transport.producerPaused:
            transport.producerPaused = True
            transport.producer.pauseProducing()


class DaphneWebSocket(BoundWebSocket):
    """A WebSocket with back-pressure and a short way for text frames."""

    clean_headers: list[tuple[bytes, bytes]]
    flow: FlowControl | None = None
    scope: dict[str, Any]
    _has_ended = False

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Accept with the headers of the application, which Daphne would drop."""
        if message["type"] == "websocket.accept" and message.get("headers"):
            headers = {name.decode(): value.decode() for name, value in message["headers"]}
            # autobahn takes a pair of subprotocol and headers; Daphne hands on what it gets.
            message = message | {"subprotocol": (message.get("subprotocol"), headers)}
        super().handle_reply(message)

    def write_text(self, text: str) -> bool:
        """Write a text frame past autobahn if the socket is open and takes bytes; say if it did."""
        if self.flow is None or not self.flow.is_open or self.state != self.STATE_OPEN:
            return False
        content = text.encode()
        _write_now(self.transport, text_head(len(content)) + content)
        return True

    def onOpen(self) -> None:  # noqa: N802 autobahn's name
        """Replace the producer of the HTTP request, which ignores a full buffer."""
        self.flow = FlowControl()
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.flow, True)
        super().onOpen()
        self._forget_headers()

    def _sendAutoPing(self) -> None:  # noqa: N802 autobahn's name
        """Send a ping, unless one is not answered yet: another would replace it and its timer."""
        if not self.autoPingPending:
            if self.flow is not None:
                self.flow.has_gone_on = False
            super()._sendAutoPing()

    def onAutoPingTimeout(self) -> None:  # noqa: N802 autobahn's name
        """Give a slow line more time: its pong waits behind what the other side still takes."""
        if self.flow is None or not self.flow.has_gone_on:
            super().onAutoPingTimeout()
            return
        self.flow.has_gone_on = False
        self.autoPingTimeoutCall = reactor.callLater(self.autoPingTimeout, self.onAutoPingTimeout)

    def _forget_headers(self) -> None:
        """Keep nothing of a handshake that is complete."""
        self.scope["headers"] = ()
        self.clean_headers.clear()
        self.request.headers.clear()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Let a waiting writer go on; after a refused handshake there is none."""
        if self.flow is not None:
            self.flow.stopProducing()
        # `_closeConnection` calls this early, and Daphne again at the real end.
        if not self._has_ended and self in self.server.connections:
            self._has_ended = True
            super().onClose(wasClean, code, reason)


class Timers:
    """Exact timers for pings.

    Autobahn's own timers round down to whole seconds, so a timeout below 1 s could fire at once.
    """

    def call_later(self, delay_s: float, do: Callable[..., Any], *args: Any) -> Any:
        """Call a function after a delay in seconds; return the call, which can be cancelled."""
        return reactor.callLater(delay_s, do, *args)


async def _wait_for_room(request: Any) -> None:
    """Wait until the socket of a response takes bytes; Twisted itself queues without bound."""
    if request.producer is None and request.channel is not None:
        request.registerProducer(FlowControl(), True)
    if isinstance(request.producer, FlowControl):
        await request.producer.wait_open()


def _end_flow_control(request: Any) -> None:
    if isinstance(request.producer, FlowControl) and request.channel is not None:
        request.unregisterProducer()


class DaphneServer(Server):  # type: ignore[misc]
    """Daphne with back-pressure, honest close codes and a clean end."""

    application: Any
    _http_factory: DaphneFactory

    def __init__(
        self,
        *args: Any,
        ping_s: float,
        on_ready: Callable[[], None] | None = None,
        on_stop: Callable[[], Awaitable[None]] | None = None,
        limits: ConnectionLimits = LIMITS,
        uploads: Uploads | None = None,
        refusals: Counter[RefusalReason] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs |= {
            "ping_interval": ping_s,
            "ping_timeout": ping_s * PING_PATIENCE,
            "websocket_max_frame_size": MESSAGE_BYTES,
            "websocket_max_message_size": MESSAGE_BYTES,
            "websocket_timeout": NEVER,
            # HandshakeWebSocket has the exact deadline of handshakes.
            "websocket_connect_timeout": math.inf,
            "websocket_handshake_timeout": limits.handshake_s,
            # No header names the server: an attacker need not know which one it is.
            "server_name": "",
        }
        super().__init__(*args, **kwargs)
        self.application = spooled(self.application)
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._ports: list[Any] = []
        self._limits = limits
        self._uploads = uploads or Uploads()
        self.refusals = refusals if refusals is not None else Counter()

    def run(self) -> None:
        """Serve until stopped, and ignore Ctrl-C from then on: launchers send it a second time."""
        super().run()
        if self.signal_handlers:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    @property
    def http_factory(self) -> HTTPFactory:
        """Return the factory of connections that speak HTTP."""
        return self._http_factory

    @http_factory.setter
    def http_factory(self, factory: HTTPFactory) -> None:  # noqa: ARG002
        """Make connections with limits, instead of those that Daphne would make."""
        self._http_factory = DaphneFactory(self, limits=self._limits, uploads=self._uploads)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Run the application for a request or a socket, with the headers as they came.

        Return the queue of its messages. Daphne's own is ten times as large.
        """
        if protocol not in self.connections:
            return None
        queue = LightQueue()
        given = {"asgi": {"version": "3.0"}} | scope | {"headers": revealed(scope["headers"])}
        protocol.scope = given
        send = partial(self.handle_reply, protocol)
        running = asyncio.ensure_future(self.application(given, queue.get, send))
        self.connections[protocol]["application_instance"] = running
        return queue

    @property
    def ws_factory(self) -> WebSocketFactory:
        """Return the factory that Daphne made for itself."""
        return self._ws_factory

    @ws_factory.setter
    def ws_factory(self, factory: WebSocketFactory) -> None:
        """Make it use our protocol, and answer errors with a close frame instead of a reset."""
        factory.protocol = DaphneWebSocket
        factory.setProtocolOptions(failByDrop=False)
        factory._batched_timer = Timers()
        self._ws_factory = factory

    def listen_success(self, port: Any) -> None:
        """Report that the server is ready, from inside its loop."""
        super().listen_success(port)
        self._ports.append(port)
        if self._on_ready is not None:
            reactor.callLater(0, self._on_ready)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send with back-pressure: wait before each frame, and after each part of a stream."""
        kind = message["type"]
        if kind == "websocket.send" and (flow := protocol.flow) is not None:
            if not flow.is_open:
                await flow.wait_open()
            if (text := message.get("text")) is not None and protocol.write_text(text):
                return
        if kind == "http.response.body" and not message.get("more_body", False):
            _end_flow_control(protocol)
        await super().handle_reply(protocol, message)
        if kind == "http.response.body" and message.get("more_body", False):
            await _wait_for_room(protocol)

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Close the sockets, then cancel the requests that still run; Twisted waits for both."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        for port in self._ports:
            port.stopListening()
        if self._on_stop is not None:
            await self._on_stop()
        # Handshakes that were under way get the news of the restart, too.
        await asyncio.sleep(LAST_HANDSHAKES_S)
        if running := self._running():
            await asyncio.wait(running, timeout=SHUTDOWN_S)
        for application in (late := self._running()):
            application.cancel()
        if late:
            await asyncio.wait(late, timeout=SHUTDOWN_S)

    def _running(self) -> list[asyncio.Future[None]]:
        found = (details.get("application_instance") for details in self.connections.values())
        return [running for running in found if running is not None and not running.done()]
