"""WebSocket frames as bytes (RFC 6455 5.2 and 5.3): a library would cost more than a server."""

import base64
import secrets
import socket
import struct
from typing import Final

TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
LAST: Final = 0x80
"""The bit of a frame that is the last of its message."""
READ_BYTES: Final = 65_536
OPENING_S: Final = 60


def frames_in(buffered: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return opcode and content of each whole frame, and the bytes after them."""
    found, start, end = [], 0, len(buffered)
    while end - start >= 2:
        size, begin = buffered[start + 1], start + 2
        if size >= 126:
            begin += 2 if size == 126 else 8
            size = int.from_bytes(buffered[start + 2 : begin])
        if begin + size > end:
            break
        found.append((buffered[start] & 0x0F, buffered[begin : begin + size]))
        start = begin + size
    return found, buffered[start:]


def masked(content: bytes, opcode: int = TEXT) -> bytes:
    """Return the frame of a client; a mask of zeros leaves the content as it is."""
    size = len(content)
    length = bytes((0x80 | size,)) if size < 126 else struct.pack("!BH", 0xFE, size)
    return bytes((LAST | opcode,)) + length + b"\0\0\0\0" + content


class Opening:
    """A socket that is about to read, and still waits for each answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), OPENING_S)
        self.buffered = b""
        self._frames: list[tuple[int, bytes]] = []

    def upgrade(self, path: str, headers: str = "") -> None:
        """Become a WebSocket.

        Raises:
            OSError: the server refuses.
        """
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"{headers}\r\n".encode()
        )
        while b"\r\n\r\n" not in self.buffered:
            self._read()
        head, _, self.buffered = self.buffered.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise OSError(f"the server answered {head.partition(b' ')[2][:3].decode()}")

    def send(self, text: bytes) -> None:
        """Send a message."""
        self.socket.sendall(masked(text))

    def next_text(self) -> bytes:
        """Wait for the next message, and return its text."""
        while not self._frames:
            self._frames, self.buffered = frames_in(self.buffered)
            if not self._frames:
                self._read()
        return self._frames.pop(0)[1]

    def _read(self) -> None:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise OSError("the server closed the connection")
        self.buffered += data
