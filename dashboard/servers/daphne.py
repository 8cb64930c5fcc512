"""Daphne, made to wait for slow readers, to name its reasons and to say goodbye.

Must not know the market. Stock Daphne queues without bound for a reader that does not read, drops
the connection instead of naming a protocol error, and ends sockets without a word when it stops.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Final

from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import defer, reactor

from dashboard.servers.framing import text_head
from dashboard.wire.registry import MESSAGE_BYTES

SHUTDOWN_S: Final = 1.0
"""How long requests may take to end by themselves after the sockets were closed."""
PING_PATIENCE: Final = 0.8
"""Part of the interval that a pong may take: with the next ping Daphne forgets this one."""
NEVER: Final = -1
"""Daphne would end a WebSocket after a day; pings, sweeps and the deadline are enough here."""


class FlowControl:
    """Back-pressure as Twisted has it, for coroutines: open while the socket takes bytes.

    Twisted calls it a producer, and closes it when 64 KiB wait.
    """

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def is_open(self) -> bool:
        """Say whether the socket takes bytes."""
        return self._open.is_set()

    async def passed(self) -> None:
        """Wait until the socket takes bytes again, or is gone."""
        await self._open.wait()

    def pauseProducing(self) -> None:  # noqa: N802 Twisted's name
        """Close: the socket's buffer is full."""
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """Open: the buffer was emptied."""
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        """Open for good: nobody is there any more."""
        self._open.set()


def _write_now(transport: Any, data: bytes) -> None:
    """Hand data to the kernel; only what it does not take is left to the reactor.

    Twisted's own write always waits for the reactor to say that the socket takes bytes, which costs
    as much as the rest of a frame.
    """
    is_idle = len(transport.dataBuffer) == transport.offset and not transport._tempDataBuffer
    if is_idle and transport.connected and not transport.disconnecting:
        taken = transport.writeSomeData(data)
        if isinstance(taken, int):
            data = data[taken:]
    if data:
        transport.write(data)


class DaphneWebSocket(WebSocketProtocol):  # type: ignore[misc]
    """A WebSocket whose writer can wait, and whose frames cost little."""

    flow: FlowControl | None = None

    def send_text(self, text: str | None) -> bool:
        """Write a text frame at once, if the socket is open; the server's own way is long."""
        if text is None or self.state != self.STATE_OPEN:
            return False
        content = text.encode()
        _write_now(self.transport, text_head(len(content)) + content)
        return True

    def onOpen(self) -> None:  # noqa: N802 autobahn's name
        """Replace the HTTP producer, which ignores that the buffer is full."""
        self.flow = FlowControl()
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.flow, True)
        super().onOpen()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Let a waiting writer go; a refused handshake never opened."""
        if self.flow is not None:
            self.flow.stopProducing()
        if self in self.server.connections:
            super().onClose(wasClean, code, reason)


class Timers:
    """Timers that keep their time: autobahn's own round down to whole seconds, so that patience of
    less than one with a ping might be over at once."""

    def call_later(self, delay_s: float, do: Callable[..., Any], *args: Any) -> Any:
        """Return a call that can be cancelled."""
        return reactor.callLater(delay_s, do, *args)


async def _wait_for_room(request: Any) -> None:
    """Wait until a stream's socket takes bytes again; Twisted's responses queue without bound."""
    if request.producer is None and request.channel is not None:
        request.registerProducer(FlowControl(), True)
    if isinstance(request.producer, FlowControl):
        await request.producer.passed()


def _end_flow_control(request: Any) -> None:
    if isinstance(request.producer, FlowControl) and request.channel is not None:
        request.unregisterProducer()


class DaphneServer(Server):  # type: ignore[misc]
    """Daphne with back-pressure, honest close codes and a clean end."""

    def __init__(
        self,
        *args: Any,
        ping_s: float,
        on_ready: Callable[[], None] | None = None,
        on_stop: Callable[[], Awaitable[None]] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs |= {
            "ping_interval": ping_s,
            "ping_timeout": ping_s * PING_PATIENCE,
            "websocket_max_frame_size": MESSAGE_BYTES,
            "websocket_timeout": NEVER,
            "server_name": "",
        }
        super().__init__(*args, **kwargs)
        self._on_ready = on_ready
        self._on_stop = on_stop

    def run(self) -> None:
        """Serve until stopped; a second Ctrl-C, which launchers pass on, spoils no clean end."""
        super().run()
        if self.signal_handlers:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    @property
    def ws_factory(self) -> WebSocketFactory:
        """Return the factory that Daphne made for itself."""
        return self._ws_factory

    @ws_factory.setter
    def ws_factory(self, factory: WebSocketFactory) -> None:
        """Let it make our protocol, and name errors in a close frame instead of a reset."""
        factory.protocol = DaphneWebSocket
        factory.setProtocolOptions(failByDrop=False)
        factory._batched_timer = Timers()
        self._ws_factory = factory

    def listen_success(self, port: Any) -> None:
        """Say that the server serves, from inside the loop that does."""
        super().listen_success(port)
        if self._on_ready is not None:
            reactor.callLater(0, self._on_ready)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Wait for room before each frame, and after each piece of a response that goes on."""
        kind = message["type"]
        if kind == "websocket.send" and (flow := protocol.flow) is not None:
            if not flow.is_open:
                await flow.passed()
            if protocol.send_text(message.get("text")):
                return
        if kind == "http.response.body" and not message.get("more_body", False):
            _end_flow_control(protocol)
        await super().handle_reply(protocol, message)
        if kind == "http.response.body" and message.get("more_body", False):
            await _wait_for_room(protocol)

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Say goodbye, then end what still runs; Twisted waits for it."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        if self._on_stop is not None:
            await self._on_stop()
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        for application in running:
            application.cancel()
        if running:
            await asyncio.wait(running, timeout=SHUTDOWN_S)
