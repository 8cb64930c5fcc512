"""The handshake of uvicorn's WebSockets: a deadline, and refusals like all others.

Must not know what is carried. Stock uvicorn waits for the application for ever.
"""

import logging
from collections import Counter
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from dashboard.delivery.traffic import RefusalReason
from dashboard.servers.deadlines import Deadline
from dashboard.servers.limits import LIMITS
from dashboard.servers.refusals import HEADERS, count_refusal, text_of


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

    refusals: ClassVar[Counter[RefusalReason]] = Counter()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        logger = logging.getLogger("uvicorn.error")
        self.conn = RefusingProtocol(max_size=self.config.ws_max_size, logger=logger)
        self._handshake = Deadline(self.loop.call_later)

    def handle_connect(self, event: Request) -> None:
        """Ask the application, unless this is no handshake."""
        super().handle_connect(event)
        if self.handshake_complete:
            count_refusal(self.response.status_code, self.refusals)
        else:
            self._handshake.start(LIMITS.handshake_s, self._end_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time of a handshake that nobody waits for."""
        self._handshake.cancel()
        super().connection_lost(exc)

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
