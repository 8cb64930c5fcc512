"""WebSockets of uvicorn with bounds: so many frames a second, and little work in each turn.

Must not know what is carried. Stock uvicorn parses all that has come at once: tiny frames as fast
as a line carries them stop the loop for seconds, for everybody.
"""

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from websockets.frames import Frame
from websockets.protocol import State

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.process.token_bucket import TokenBucket
from dashboard.servers.limits import LIMITS
from dashboard.servers.uvicorn_closing import ClosingSansIO
from dashboard.wire.registry import CLOSE_TEXT, Close


class BoundSansIO(ClosingSansIO):
    """A WebSocket that reads in small turns and ends a flood."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = LIMITS
        self._frames = TokenBucket(
            per_s=LIMITS.frames_per_s, burst=LIMITS.frame_burst, now_s=self.loop.time()
        )
        self._unread = bytearray()
        self._is_paused = False
        self._has_turn = False

    def data_received(self, data: bytes) -> None:
        """Parse a little now, and the rest in later turns of the loop; the handshake at once."""
        if not self.handshake_initiated:
            super().data_received(data)
        elif not self._is_lingering:
            self._unread += data
            self._read()

    def handle_events(self) -> None:
        """Handle the frames of this turn, unless they are too many."""
        now_s = self.loop.time()
        frames = (event for event in self.conn.events if isinstance(event, Frame))
        if all(self._frames.spend(now_s) for _ in frames):
            super().handle_events()
        else:
            self._end_flood()

    async def receive(self) -> Any:
        """Return the next message; when none waits, go on reading."""
        message = await super().receive()
        self._go_on()
        return message

    async def send(self, message: Any) -> None:
        """Send, unless the connection ended in the meantime: then say so to the application.

        Raises:
            ClientDisconnected: nobody hears it.
        """
        if self.close_sent or self.disconnected or self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)
        self._go_on()

    def _read(self) -> None:
        size = self._limits.turn_bytes
        piece = bytes(self._unread[:size])
        del self._unread[:size]
        super().data_received(piece)
        self._go_on()

    def _go_on(self) -> None:
        """Take another turn while bytes are left; take no new ones until then."""
        if self._is_lingering or self.disconnected:
            # What still comes must be read and dropped, or the close frame would be lost.
            self._unread.clear()
            self._resume()
        elif self._unread:
            self._is_paused = True
            self.transport.pause_reading()
            # While a message waits for the application nothing more is parsed.
            # At most one turn is planned, as every receive and every send comes here.
            if not self.read_paused and not self._has_turn:
                self._has_turn = True
                self.loop.call_soon(self._turn)
        elif not self.read_paused:
            self._resume()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self.transport.resume_reading()

    def _turn(self) -> None:
        self._has_turn = False
        if self._unread and not self.transport.is_closing():
            self._read()

    def _end_flood(self) -> None:
        self.refusals[RefusalReason.FLOOD] += 1
        # Returns the frames that were parsed already; here they are dropped.
        self.conn.events_received()
        self._unread.clear()
        if not self.handshake_complete:
            self.transport.abort()
            return
        if self.conn.state is State.OPEN:
            self.conn.send_close(Close.TOO_MANY, CLOSE_TEXT[Close.TOO_MANY][0])
        if self.close_timer is not None:
            self.close_timer.cancel()  # the application has closed; less patience is due now
        self.handle_parser_exception()
        self.transport.resume_reading()
