"""Ends WebSockets of Daphne that send more frames per second than is allowed.

Must not know what is carried. Daphne reads a little in each turn of its loop, so others get their
turn; but without this bound somebody could send for ever.
"""

from typing import Any

from twisted.internet import reactor

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.process.token_bucket import TokenBucket
from dashboard.servers.daphne_closing import ClosingWebSocket
from dashboard.servers.limits import LIMITS
from dashboard.wire.registry import CLOSE_TEXT, Close


class BoundWebSocket(ClosingWebSocket):
    """A WebSocket that ends a flood of frames: messages, fragments, pings and pongs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frames = TokenBucket(
            per_s=LIMITS.frames_per_s, burst=LIMITS.frame_burst, now_s=reactor.seconds()
        )

    def onFrameBegin(self) -> None:  # noqa: N802 autobahn's name
        """Count a frame."""
        super().onFrameBegin()
        if not self._frames.spend(reactor.seconds()):
            self._end_flood()

    def _end_flood(self) -> None:
        self.factory.server_class.refusals[RefusalReason.FLOOD] += 1
        self.data = b""
        reason = CLOSE_TEXT[Close.TOO_MANY][0].encode()
        # autobahn sends it only if no other close frame was sent.
        self.sendCloseFrame(code=int(Close.TOO_MANY), reasonUtf8=reason)
        self.dropConnection()
