"""The end of uvicorn's WebSockets: a close frame arrives, whatever the other side still sends.

Must not know what is carried. The kernel answers with a reset when a socket is closed before all
bytes were read, and a reset takes the close frame away from the other side.
"""

from dashboard.servers.framing import LINGER_S
from dashboard.servers.uvicorn_handshake import HandshakeSansIO


class ClosingSansIO(HandshakeSansIO):
    """A WebSocket that, after the close frame for an error, reads until the other side ends it."""

    _is_lingering = False

    def data_received(self, data: bytes) -> None:
        """Throw away what comes after our close frame."""
        if not self._is_lingering:
            super().data_received(data)

    def handle_parser_exception(self) -> None:
        """Say what is wrong, half-close, and read on for a moment."""
        closed = self.conn.close_sent
        if closed is None:
            self.transport.close()  # there was no handshake yet, so there is no frame to send
            return
        event = {"type": "websocket.disconnect", "code": closed.code, "reason": closed.reason}
        self.queue.put_nowait(event)  # type: ignore[arg-type]
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = self._is_lingering = True
        self.stop_keepalive()
        self.transport.write_eof()
        # A paused transport reads nothing, and unread bytes would cause the reset.
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.abort)

    def shutdown(self) -> None:
        """Leave a handshake that is under way to the application, which closes the socket."""
        if self.handshake_initiated and not self.handshake_complete:
            return
        super().shutdown()
