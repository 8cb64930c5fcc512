"""The handshake of Daphne's WebSockets: a deadline with an answer, and refusals like all others.

Must not know what is carried. Daphne looks at the time every 2 s and drops a client that waits too
long.
"""

from collections.abc import Iterable
from typing import Any

from daphne.ws_protocol import WebSocketProtocol

from dashboard.servers.refusals import count_refusal, refusal


class HandshakeWebSocket(WebSocketProtocol):  # type: ignore[misc]
    """A WebSocket that the application must answer in time."""

    server: Any
    factory: Any

    def sendHttpErrorResponse(  # noqa: N802 autobahn's name
        self,
        code: int,
        reason: str,  # noqa: ARG002
        responseHeaders: Iterable[tuple[str, str]] | None = None,  # noqa: N803
    ) -> None:
        """Refuse the handshake."""
        count_refusal(code, self.factory.server_class.refusals)
        self.sendData(refusal(code, responseHeaders or ()))

    def onOpenHandshakeTimeout(self) -> None:  # noqa: N802 autobahn's name
        """Refuse a handshake that the application did not answer, and tell it of the end."""
        self.openHandshakeTimeoutCall = None
        if self.state == self.STATE_CONNECTING:
            self.failHandshake("no answer in time", 503)
            self.server.protocol_disconnected(self)
