"""A Channels consumer that carries frames between one WebSocket and one seat of the hub.

Must not know channels, commands or the market. Mounted by asgi. It opts out of the channel layer:
every layer message would cost a thread hop per socket.
"""

import logging
from contextlib import suppress
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django import db

from dashboard.delivery.connection import Seat
from dashboard.delivery.hub import Hub
from dashboard.exceptions import HubFull, SeatClosed, TooManySeats
from dashboard.people.identity import Refusal, identify
from dashboard.transports.socket import SocketLine
from dashboard.wire.frames import encode_shutdown
from dashboard.wire.registry import RESTART_MS, Close, Transport

log = logging.getLogger(__name__)
Message = dict[str, Any]


class MarketConsumer(AsyncConsumer):  # type: ignore[misc]
    """One browser or program at /ws/v1/."""

    channel_layer_alias = "none"

    def __init__(self, *, hub: Hub) -> None:
        self._hub = hub
        self._seat: Seat | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Serve until the socket is gone; whatever ended it, the seat is given back."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._seat is not None:
                self._seat.stop()
                self._hub.leave(self._seat)

    async def dispatch(self, message: Message) -> None:
        """Call the handler directly: the inherited way first visits the database's thread."""
        match message["type"]:
            case "websocket.connect":
                await self._connect()
            case "websocket.receive":
                self._receive(message)
            case "websocket.disconnect":
                raise StopConsumer

    async def _connect(self) -> None:
        """Accept our own people; tell the signed out why, and foreign pages nothing."""
        try:
            identity = await identify(self.scope)
        except db.Error as error:
            log.error("accounts cannot be read error=%s", error)
            await self.send({"type": "websocket.accept"})
            await self._close(Close.RESTART)
            return
        if isinstance(identity, Refusal):
            if not identity.is_foreign:
                await self.send({"type": "websocket.accept"})
            await self._close(Close.SIGNED_OUT)
            return
        await self.send({"type": "websocket.accept"})
        line = SocketLine(self.base_send)
        try:
            seat = self._seat = self._hub.join(identity, Transport.WEBSOCKET, line)
        except (HubFull, TooManySeats):
            await self._close(Close.TOO_MANY)
            return
        seat.say_hello()
        seat.write_by(lambda: self._write(seat, line))

    def _receive(self, message: Message) -> None:
        if self._seat is None:
            return
        text = message.get("text")
        self._seat.receive(message.get("bytes") or b"" if text is None else text)

    async def _write(self, seat: Seat, line: SocketLine) -> None:
        """Send what is due as the socket takes it; while it takes nothing, the seat conflates."""
        try:
            while frames := seat.take():
                for frame in frames:
                    await self.base_send({"type": "websocket.send", "text": frame})
                    seat.line_took()
            return
        except SeatClosed as closed:
            await self._say_goodbye(Close(closed.code))
        except OSError:
            pass  # the socket went while we wrote; the server says so to dispatch
        except Exception as error:
            log.warning("writer ended user=%s error=%r", seat.identity.user_id, error)
            line.abort()
        seat.stop()
        self._hub.leave(seat)

    async def _say_goodbye(self, code: Close) -> None:
        """Say why it ends, if anybody still hears it."""
        with suppress(OSError, RuntimeError):
            if code is Close.RESTART:
                text = encode_shutdown(retry_ms=RESTART_MS)
                await self.base_send({"type": "websocket.send", "text": text})
            await self._close(code)

    async def _close(self, code: Close) -> None:
        await self.send({"type": "websocket.close", "code": int(code)})
