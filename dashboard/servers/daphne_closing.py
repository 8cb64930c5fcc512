"""The end of Daphne's WebSockets: a close frame arrives, whatever the other side still sends.

Must not know what is carried. The kernel answers with a reset when a socket is closed before all
bytes were read, and a reset takes the close frame away from the other side.
"""

from typing import Any

from twisted.internet import reactor

from dashboard.servers.daphne_handshake import HandshakeWebSocket
from dashboard.servers.framing import LINGER_S


class ClosingWebSocket(HandshakeWebSocket):
    """A WebSocket that, after its close frame, only reads until the other side ends it."""

    _is_lingering = False
    _linger_call: Any = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 Twisted's name
        """Throw away what comes after our last word."""
        if not self._is_lingering:
            super().dataReceived(data)

    def _fail_connection(self, code: int = 1001, reason: str = "going away") -> None:
        """Say what is wrong, and read no further frames: nobody knows where the next one begins."""
        super()._fail_connection(code, reason)
        if self.state == self.STATE_CLOSING:
            self.dropConnection(abort=False)

    def _closeConnection(self, abort: bool = False) -> None:  # noqa: N802 autobahn's name
        """End the connection; politely, if a close frame was sent that may still be on its way."""
        if self.localCloseCode is None or self._is_lingering:
            super()._closeConnection(abort)
            return
        self._is_lingering = True
        self.transport.loseWriteConnection()
        # A paused transport reads nothing, and unread bytes would cause the reset.
        self.transport.resumeProducing()
        self._linger_call = reactor.callLater(LINGER_S, self.transport.abortConnection)
        # The application has nothing more to say, and must not wait for the other side.
        self.onClose(self.wasClean, self.localCloseCode, self.localCloseReason)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 Twisted's name
        """Forget the deadline: the other side is gone."""
        if self._linger_call is not None and self._linger_call.active():
            self._linger_call.cancel()
        super().connectionLost(reason)
