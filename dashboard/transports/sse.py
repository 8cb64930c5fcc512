"""A stream of server-sent events as a plain ASGI application: one request, then only frames.

Must not know channels, commands or the market. An event's `id` is a position: after it the reader
has everything of all its channels up to there.
"""

import asyncio
from contextlib import suppress

from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub
from dashboard.exceptions import ConnectionClosed
from dashboard.network.asgi_types import Receive, Scope, Send
from dashboard.process import request_id
from dashboard.transports.asgi_socket import AsgiSocket
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.http import (
    HEADERS,
    answer,
)
from dashboard.wire.frames import encode_end, encode_shutdown
from dashboard.wire.registry import CLOSE_TEXT, RESTART_MS, Close, Transport

STREAM = (
    *HEADERS,
    (b"content-type", b"text/event-stream"),
    # nginx would collect many events in a buffer before it passes them on.
    (b"x-accel-buffering", b"no"),
)


class EventApplication:
    """GET /sse/v1/ -> frames for as long as the reader stays."""

    def __init__(self, *, hub: Hub, gatekeeper: Gatekeeper) -> None:
        self._hub = hub
        self._gatekeeper = gatekeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream."""
        await answer(scope, receive, send, lambda: self._serve(scope, send))

    async def _serve(self, scope: Scope, send: Send) -> None:
        identity, question = await self._gatekeeper.admit(scope)
        connection = self._hub.join(identity, Transport.SSE, AsgiSocket(send))
        ended = asyncio.Event()
        try:
            connection.say_hello()
            connection.begin(question.subscribes)
            headers = [*STREAM, *request_id.header()]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            connection.start_writing(lambda: _write(connection, send, ended))
            await ended.wait()
        finally:
            connection.stop_writing()
            self._hub.leave(connection)


async def _write(connection: Connection, send: Send, ended: asyncio.Event) -> None:
    """Send frames as fast as the socket accepts them; meanwhile later changes merge."""
    try:
        while frames := connection.take():
            await send(_body(_events(frames, connection), more=True))
            connection.note_accepted()
        # Nothing is due now. The next news begins another writer.
        return
    except ConnectionClosed as closed:
        with suppress(OSError, RuntimeError):
            await send(_body(_end(Close(closed.code)), more=False))
    except OSError:
        pass  # the reader left while we wrote
    ended.set()


def _events(frames: list[str], connection: Connection) -> str:
    """Return the frames as events; the last has the reader's position as its id, if it has one."""
    position = connection.settle()
    place = "" if position is None else f"id: {position}\n"
    *first, last = frames
    return "".join(f"data: {frame}\n\n" for frame in first) + f"{place}data: {last}\n\n"


def _end(code: Close) -> str:
    goodbye = f"data: {encode_shutdown(retry_ms=RESTART_MS)}\n\n" if code is Close.RESTART else ""
    end = encode_end(code=int(code), reason=CLOSE_TEXT[code][0])
    return f"{goodbye}event: close\ndata: {end}\n\n"


def _body(text: str, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": more}
