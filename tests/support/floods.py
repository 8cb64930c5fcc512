"""Frames of a WebSocket, sent as fast as a line carries them."""

import socket as sockets
import struct
from contextlib import suppress
from typing import Final

from tests.support.raw import frame

FLOOD_BYTES: Final = 8 * 1024 * 1024
KINDS: Final = {
    "texts": frame(1, b"{}"),
    "empty texts": frame(1, b""),
    "commands": frame(1, b'{"method":"ping"}'),
    "bytes": frame(2, b"x"),
    "pings": frame(9, b""),
    "large pings": frame(9, bytes(125)),
    "pongs": frame(10, b""),
    "fragments": b"\x00\x80" + bytes(4),
}


def flood(tcp: sockets.socket, kind: str) -> None:
    """Send until the server hears no more."""
    with suppress(OSError):
        if kind == "fragments":
            tcp.sendall(b"\x01\x80" + bytes(4))  # the beginning of a message without an end
        piece = KINDS[kind] * 10_000
        for _ in range(FLOOD_BYTES // len(piece) + 1):
            tcp.sendall(piece)


def close_codes(received: bytes) -> list[int]:
    """Return the codes of what looks like a close frame with a reason or without."""
    places = [at for at in range(len(received) - 3) if received[at] == 0x88]
    return [struct.unpack(">H", received[at + 2 : at + 4])[0] for at in places]
