"""What servers want to hear before they send ticks, and how a tick looks on their wire.

All of them carry frames of the project's wire, so that one reader can tell how old a tick is.
"""

import base64
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from dashboard.loadtest.plan import FIELDS
from tests.benchmarks.readers.websocket import Opening


class Wire(Protocol):
    """How to become a reader of some symbols, and how to read."""

    has_positions: bool
    """Whether each frame says after which one it comes, so that a missing one is noticed."""

    def subscribe(self, opening: Opening, symbols: Sequence[str]) -> None:
        """Make a new connection a reader."""
        ...

    def frame_in(self, text: bytes) -> bytes | None:
        """Return the project's frame in a message, None without one."""
        ...

    def answer_to(self, text: bytes) -> bytes | None:
        """Return what a message without a frame wants to hear."""
        ...


class ProjectWire:
    """The project's own; its load test speaks it as well."""

    def __init__(
        self, *, user: str = "", token: str = "", pace: float, has_positions: bool
    ) -> None:
        credentials = base64.b64encode(f"{user}:{token}".encode()).decode()
        self._headers = f"Authorization: Basic {credentials}\r\n" if token else ""
        self._pace = pace
        self.has_positions = has_positions

    def subscribe(self, opening: Opening, symbols: Sequence[str]) -> None:
        opening.upgrade("/ws/v1/", self._headers)
        wanted = {"channel": "ticker", "symbols": symbols, "fields": FIELDS, "max_rate": self._pace}
        opening.send(msgspec.json.encode({"method": "subscribe", "params": wanted, "id": 1}))

    def frame_in(self, text: bytes) -> bytes | None:
        return text

    def answer_to(self, text: bytes) -> bytes | None:
        return None


class SocketIOWire:
    """Engine.IO 4 and Socket.IO 5, by a WebSocket from the start."""

    HEAD: Final = b'42["tick",'
    has_positions = False

    def subscribe(self, opening: Opening, symbols: Sequence[str]) -> None:
        opening.upgrade("/socket.io/?EIO=4&transport=websocket")
        opening.next_text()  # 0 and the numbers of the session
        opening.send(b"40")
        opening.next_text()  # 40: only now an event reaches the server's handler
        opening.send(b"42" + msgspec.json.encode(["subscribe", list(symbols)]))

    def frame_in(self, text: bytes) -> bytes | None:
        return text[len(self.HEAD) : -1] if text.startswith(self.HEAD) else None

    def answer_to(self, text: bytes) -> bytes | None:
        return b"3" if text == b"2" else None


class AddressWire:
    """A server that reads the symbols from the address, and sends what was published."""

    has_positions = False

    def subscribe(self, opening: Opening, symbols: Sequence[str]) -> None:
        opening.upgrade(f"/sub/{','.join(symbols)}")

    def frame_in(self, text: bytes) -> bytes | None:
        return text

    def answer_to(self, text: bytes) -> bytes | None:
        return None
