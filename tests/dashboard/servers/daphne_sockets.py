"""A WebSocket of Daphne over a line in memory, between a client and an application of a test."""

from typing import Any

import pytest
from daphne.ws_protocol import WebSocketFactory
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

from dashboard.servers.limits import LIMITS
from dashboard.wire.registry import MESSAGE_BYTES
from tests.dashboard.servers.http_talks import DaphneTalk


class DaphneSocket(DaphneTalk):
    """A connection that becomes a WebSocket."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch, LIMITS)
        for module in ("daphne", "daphne_closing", "daphne_frames"):
            monkeypatch.setattr(f"dashboard.servers.{module}.reactor", self.clock)
        factory = WebSocketFactory(self.server, server="")
        self.server.ws_factory = factory
        factory.setProtocolOptions(
            autoPingTimeout=self.server.ping_timeout,
            openHandshakeTimeout=self.server.websocket_handshake_timeout,
            maxMessagePayloadSize=MESSAGE_BYTES,
            maxFramePayloadSize=MESSAGE_BYTES,
        )
        self.client = ClientProtocol(parse_uri("ws://x/"), max_size=None)
        self._read_bytes = 0

    @property
    def socket(self) -> Any:
        """The server's side of the WebSocket."""
        return self.line.protocol

    async def ask(self) -> None:
        """Ask for a WebSocket; return when the application knows of it."""
        self.client.send_request(self.client.connect())
        self.say(b"".join(self.client.data_to_send()))
        await self.application.asked()
        assert await self.application.hear() == {"type": "websocket.connect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Send as the application does."""
        await self.application.calls[-1][1](message)

    def heard(self) -> list[Frame]:
        """Return the frames that came to the client since the last look."""
        sent = self.line.sent
        self.client.receive_data(sent[self._read_bytes :])
        self._read_bytes = len(sent)
        return [event for event in self.client.events_received() if isinstance(event, Frame)]

    def close_code(self) -> int | None:
        """Return the code of the close frame that came to the client."""
        self.heard()
        return self.client.close_rcvd and self.client.close_rcvd.code
