"""uvicorn with a clean end: the faster server, on uvloop where that is installed.

Must not know the market. Stock uvicorn closes every socket at shutdown before the application can
send a last frame. Here the application goes first.
"""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

import uvicorn
from websockets.frames import CloseCode

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.framing import text_head
from dashboard.servers.limits import (
    LAST_HANDSHAKES_S,
    LIMITS,
    PING_PATIENCE,
    SHUTDOWN_S,
    ConnectionLimits,
)
from dashboard.servers.uploads import Uploads
from dashboard.servers.uvicorn_frames import BoundSansIO
from dashboard.servers.uvicorn_http import UvicornHttp
from dashboard.wire.registry import MESSAGE_BYTES

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
LOOK_S: Final = 1.0
"""The date of answers is renewed this often; it has whole seconds."""
DATE_TICK: Final = 0
"""The tick of uvicorn's loop that puts the present time into the `Date` of answers."""


class UvicornWebSocket(BoundSansIO):
    """A WebSocket with a short way for text frames, and patience with the pong of a slow line."""

    _has_gone_on = False

    async def send(self, message: Any) -> None:
        """Write a text frame past uvicorn while the socket takes bytes."""
        text = message.get("text")
        if text is None or not self.write_text(text):
            await super().send(message)

    def write_text(self, text: str) -> bool:
        """Write a text frame if the socket is open and takes bytes; return whether it did."""
        is_open = self.handshake_complete and not self.close_sent and not self.disconnected
        if not is_open or not self.writable.is_set():
            return False
        content = text.encode()
        self.transport.write(text_head(len(content)) + content)
        return True

    def resume_writing(self) -> None:
        """Let writers go on, and note that a full line took bytes again."""
        super().resume_writing()
        self._has_gone_on = True

    def send_keepalive_ping(self) -> None:
        """Send a ping, and watch from now on whether the line takes bytes."""
        self._has_gone_on = False
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Give a slow line more time: its pong waits behind what the other side still takes."""
        if not self._has_gone_on or self.ping_timeout is None:
            super().keepalive_timeout()
            return
        self._has_gone_on = False
        self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)

    def send_receive_event_to_app(self) -> None:
        """Close on a text that is not UTF-8: anyone can send one, and uvicorn logs a traceback."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(self.frames):
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


def _is_text(pieces: list[bytes]) -> bool:
    try:
        b"".join(pieces).decode()
    except UnicodeDecodeError:
        return False
    return True


class QuietServer(uvicorn.Server):
    """uvicorn that stops at once, and looks once a second only; a stock one wakes ten times."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End the loop of the server, which then ends its connections; call it in that loop."""
        self.should_exit = True
        self._stop.set()

    async def main_loop(self) -> None:
        """Keep the date of answers until the server stops."""
        while not await self.on_tick(DATE_TICK):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._stop.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; the loop itself calls this after a signal."""
        super().handle_exit(sig, frame)
        self._stop.set()


class UvicornServer(QuietServer):
    """uvicorn with its own back-pressure, our pings, and a clean end."""

    def __init__(
        self,
        *,
        application: Any,
        ping_s: float,
        on_ready: Callable[[], None],
        on_stop: Callable[[], Awaitable[None]],
        limits: ConnectionLimits = LIMITS,
        uploads: Uploads | None = None,
        refusals: Counter[RefusalReason] | None = None,
    ) -> None:
        # uvicorn takes classes and makes the connections itself, so their parts are in the classes.
        counted = {"refusals": refusals if refusals is not None else Counter()}
        bounds = {"limits": limits, "uploads": uploads or Uploads(), **counted}
        super().__init__(
            uvicorn.Config(
                application,
                http=type("BoundHttp", (UvicornHttp,), bounds),
                ws=type("CountedWebSocket", (UvicornWebSocket,), counted),
                # It would compress each frame for each reader, with memory for each connection.
                ws_per_message_deflate=False,
                ws_max_size=MESSAGE_BYTES,
                ws_ping_interval=ping_s,
                ws_ping_timeout=ping_s * PING_PATIENCE,
                lifespan="off",  # `on_ready` and `on_stop` take its place, on Daphne as well
                timeout_graceful_shutdown=SHUTDOWN_S,  # without it uvicorn waits for ever
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,  # dashboard.network does it, as on Daphne
            )
        )
        self._on_ready = on_ready
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then report it from inside the loop of the server."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the application close its sockets, then end the requests that still run."""
        for server in self.servers:
            server.close()
        await self._on_stop()
        # Handshakes that were under way get the news of the restart, too.
        await asyncio.sleep(LAST_HANDSHAKES_S)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal and exit with 0; uvicorn would raise the signal again at the end."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)


class SideServer(QuietServer):
    """uvicorn beside other tasks of a loop, for a few requests over HTTP: it takes no signals."""

    def __init__(self, application: Any) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                ws="none",
                lifespan="off",
                timeout_graceful_shutdown=SHUTDOWN_S,
                access_log=False,
                log_config=None,
                server_header=False,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the owner of the loop."""
        yield
