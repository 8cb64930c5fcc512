"""The handshake of uvicorn's WebSockets: a deadline, and refusals like all others.

Must not know what is carried. Stock uvicorn waits for the application for ever, and never answers
a request that its parser of WebSockets does not read.
"""

import logging
from collections import Counter
from http import HTTPStatus
from typing import Any, ClassVar, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.deadlines import Deadline
from dashboard.servers.light_events import LightEvent, LightQueue
from dashboard.servers.limits import LIMITS
from dashboard.servers.refusals import HEADERS, count_refusal, refusal, text_of

# A line of 8 KiB is the most by default; only an environment variable sets another bound. The lines
# have been counted before: all of them together have no more than this.
http11.MAX_LINE_LENGTH = LIMITS.head_bytes

TOO_LARGE: Final = (RequestLineTooLong, HeaderLineTooLong, TooManyHeaders)


class RefusingProtocol(ServerProtocol):
    """A WebSocket that refuses with the headers of all refusals."""

    def reject(self, status: HTTPStatus | int, text: str) -> Response:  # noqa: ARG002
        """Return the response that refuses the handshake."""
        response = super().reject(status, text_of(status))
        for name, value in HEADERS:
            if name not in response.headers:
                response.headers[name] = value
        return response


class HandshakeSansIO(WebSocketsSansIOProtocol):
    """A WebSocket that the application must answer in time."""

    # What is looked at for every frame lies side by side. The rest is in a dict of 40 entries, in
    # which each look-up is a walk through memory that thousands of sockets share.
    __slots__ = ("close_sent", "disconnected", "handshake_complete", "transport", "writable")

    refusals: ClassVar[Counter[RefusalReason]] = Counter()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        logger = logging.getLogger("uvicorn.error")
        self.conn = RefusingProtocol(max_size=self.config.ws_max_size, logger=logger)
        self._handshake = Deadline(self.loop.call_later)
        self.queue = LightQueue()  # type: ignore[assignment]
        self.writable = LightEvent(is_set=True)  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Answer a request that is no handshake for the parser either, such as one with a body."""
        super().data_received(data)
        if not self.handshake_initiated and (error := self.conn.handshake_exc) is not None:
            self._refuse(431 if isinstance(error, TOO_LARGE) else 400)

    def handle_connect(self, event: Request) -> None:
        """Ask the application, unless this is no handshake."""
        super().handle_connect(event)
        if self.handshake_complete:
            count_refusal(self.response.status_code, self.refusals)
        else:
            self._handshake.start(LIMITS.handshake_s, self._end_late)

    async def send(self, message: Any) -> None:
        """Send, and keep nothing of a handshake that is complete: its headers are 5 KB."""
        await super().send(message)
        if self.handshake_complete and self.scope["headers"]:
            self.scope["headers"] = ()
            self.request.headers.clear()
            self.response.headers.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the deadline of a handshake that nobody waits for."""
        self._handshake.cancel()
        super().connection_lost(exc)

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            count_refusal(status, self.refusals)
            self.transport.write(refusal(status))
            self.transport.close()

    def _end_late(self) -> None:
        """Refuse a handshake that the application did not answer, and tell it so."""
        if self.handshake_complete or self.transport.is_closing():
            return
        count_refusal(503, self.refusals)
        self.handshake_complete = self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self.conn.send_response(self.conn.reject(503, ""))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()
