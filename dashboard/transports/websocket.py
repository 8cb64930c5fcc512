"""A Channels consumer that carries frames between one WebSocket and one connection of the hub.

Must not know channels, commands or the market. It does not listen to the channel layer: every layer
message would cost a thread hop per socket.
"""

import logging
from contextlib import suppress
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django import db

from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub
from dashboard.exceptions import ConnectionClosed, HubClosing, HubFull, TooManyConnections
from dashboard.people.admission import NotAdmitted, identify
from dashboard.process import request_id
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.transports.asgi_socket import AsgiSocket
from dashboard.transports.foreign_pages import ForeignPages
from dashboard.wire.frames import encode_shutdown
from dashboard.wire.registry import RESTART_MS, Close, Transport

log = logging.getLogger(__name__)
_foreign = ForeignPages()
Message = dict[str, Any]


class MarketConsumer(AsyncConsumer):  # type: ignore[misc]
    """One browser or program at /ws/v1/."""

    def __init__(self, *, hub: Hub) -> None:
        self._hub = hub
        self._connection: Connection | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Serve until the socket is gone, then leave the hub, whatever ended the socket."""
        # Channels itself would also wait for its layer, which takes two tasks for each socket.
        self.scope, self.base_send = scope, send
        try:
            with suppress(StopConsumer):
                while True:
                    await self.dispatch(await receive())
        finally:
            if self._connection is not None:
                self._connection.stop_writing()
                self._hub.leave(self._connection)

    async def dispatch(self, message: Message) -> None:
        """Call the handler directly: the inherited method first visits the database's thread."""
        match message["type"]:
            case "websocket.connect":
                await self._connect()
            case "websocket.receive":
                self._receive(message)
            case "websocket.disconnect":
                raise StopConsumer

    async def _connect(self) -> None:
        """Admit signed-in users. Others get the close code, foreign pages not even a handshake."""
        try:
            identity = await identify(self.scope, may_wait=True)
        except db.Error as error:
            log.error("accounts cannot be read error=%s", error)
            self._hub.traffic.refusals[RefusalReason.NO_DATABASE] += 1
            await self._accept()
            await self._close(Close.RESTART)
            return
        if isinstance(identity, NotAdmitted):
            is_foreign = identity.foreign is not None
            reason = RefusalReason.FOREIGN if is_foreign else RefusalReason.SIGNED_OUT
            self._hub.traffic.refusals[reason] += 1
            if identity.foreign is None:
                await self._accept()
            else:
                _foreign.note(identity.foreign)
            await self._close(Close.SIGNED_OUT)
            return
        await self._accept()
        socket = AsgiSocket(self.base_send)
        try:
            connection = self._connection = self._hub.join(identity, Transport.WEBSOCKET, socket)
        except HubClosing:
            await self._say_goodbye(Close.RESTART)
            return
        except (HubFull, TooManyConnections):
            await self._close(Close.TOO_MANY)
            return
        self.scope["headers"] = ()  # they are known now, and would be kept with the socket
        connection.say_hello()
        connection.start_writing(lambda: self._write(connection, socket))

    async def _accept(self) -> None:
        await self.send({"type": "websocket.accept", "headers": request_id.header()})

    def _receive(self, message: Message) -> None:
        if self._connection is None:
            return
        text = message.get("text")
        self._connection.receive(message.get("bytes") or b"" if text is None else text)

    async def _write(self, connection: Connection, socket: AsgiSocket) -> None:
        """Send frames as fast as the socket accepts them; meanwhile later changes merge."""
        try:
            while frames := connection.take():
                for frame in frames:
                    await self.base_send({"type": "websocket.send", "text": frame})
                    connection.note_accepted()
            # Nothing is due now. The next news begins another writer.
            return
        except ConnectionClosed as closed:
            await self._say_goodbye(Close(closed.code))
        except OSError:
            pass  # the reader left while we wrote; dispatch hears of it next
        except Exception as error:
            connection.report(error)
            socket.abort()
        connection.stop_writing()
        self._hub.leave(connection)

    async def _say_goodbye(self, code: Close) -> None:
        """Send the reason for the end, if the socket is still there."""
        with suppress(OSError, RuntimeError):
            if code is Close.RESTART:
                text = encode_shutdown(retry_ms=RESTART_MS)
                await self.base_send({"type": "websocket.send", "text": text})
            await self._close(code)

    async def _close(self, code: Close) -> None:
        await self.send({"type": "websocket.close", "code": int(code)})
