"""A stream of server-sent events as a plain ASGI application: one request, then only frames.

Must not know channels, commands or the market. Mounted by asgi beside Django. An event's `id` is a
position: after it the reader has everything of all its channels up to there.
"""

import asyncio
from contextlib import suppress

from dashboard.delivery.connection import Seat
from dashboard.delivery.hub import Hub
from dashboard.exceptions import SeatClosed
from dashboard.transports.http import (
    HEADERS,
    Desk,
    Receive,
    Scope,
    Send,
    answer,
    line_of,
)
from dashboard.wire.frames import encode_end, encode_shutdown
from dashboard.wire.registry import CLOSE_TEXT, RESTART_MS, Close, Transport

STREAM = (
    *HEADERS,
    (b"content-type", b"text/event-stream"),
    (b"x-accel-buffering", b"no"),
)


class EventApplication:
    """GET /sse/v1/ -> frames for as long as the reader stays."""

    def __init__(self, *, hub: Hub, desk: Desk) -> None:
        self._hub = hub
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream."""
        await answer(scope, receive, send, lambda: self._serve(scope, send))

    async def _serve(self, scope: Scope, send: Send) -> None:
        identity, question = await self._desk.admit(scope)
        seat = self._hub.join(identity, Transport.SSE, line_of(send))
        ended = asyncio.Event()
        try:
            seat.say_hello()
            seat.begin(question.subscribes)
            start = {"type": "http.response.start", "status": 200, "headers": list(STREAM)}
            await send(start)
            seat.write_by(lambda: _write(seat, send, ended))
            await ended.wait()
        finally:
            seat.stop()
            self._hub.leave(seat)


async def _write(seat: Seat, send: Send, ended: asyncio.Event) -> None:
    """Send what is due as the socket takes it; while it takes nothing, the seat conflates."""
    try:
        while frames := seat.take():
            await send(_body(_events(frames, seat), more=True))
            seat.line_took()
        return
    except SeatClosed as closed:
        with suppress(OSError, RuntimeError):
            await send(_body(_end(Close(closed.code)), more=False))
    except OSError:
        pass  # the reader went while we wrote
    ended.set()


def _events(frames: list[str], seat: Seat) -> str:
    """Return the frames as events; the last says where the reader stands, if in one place."""
    position = seat.settle()
    place = "" if position is None else f"id: {position}\n"
    *first, last = frames
    return "".join(f"data: {frame}\n\n" for frame in first) + f"{place}data: {last}\n\n"


def _end(code: Close) -> str:
    goodbye = f"data: {encode_shutdown(retry_ms=RESTART_MS)}\n\n" if code is Close.RESTART else ""
    end = encode_end(code=int(code), reason=CLOSE_TEXT[code][0])
    return f"{goodbye}event: close\ndata: {end}\n\n"


def _body(text: str, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": more}
