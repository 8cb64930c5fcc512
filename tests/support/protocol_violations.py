"""Frames that violate the protocol of WebSockets, and the close code of each."""

import socket
import struct
from typing import Final

from dashboard.wire.registry import MESSAGE_BYTES, Close
from tests.support.raw import frame, read_to_the_end

MASK: Final = bytes(4)
HALF: Final = MESSAGE_BYTES // 2 + 1
MUCH: Final = (b"\x82\xfe" + struct.pack(">H", 60_000) + MASK + bytes(60_000)) * 70
"""Proper frames, more than both kernels hold: some are unread when the server ends it."""


def part(first_byte: int, length: int) -> bytes:
    """Return a masked frame of zeros with any first byte."""
    return bytes([first_byte, 0xFE]) + struct.pack(">H", length) + MASK + bytes(length)


PROTOCOL: Final = 1002
NO_TEXT: Final = 1007
TOO_BIG: Final = int(Close.TOO_BIG)
VIOLATIONS: Final = {
    "an unknown opcode": (PROTOCOL, bytes([0x83, 0x80]) + MASK),
    "a reserved bit": (PROTOCOL, bytes([0xC1, 0x80]) + MASK),
    "no mask": (PROTOCOL, bytes([0x81, 0x02]) + b"{}"),
    "a fragmented ping": (PROTOCOL, bytes([0x09, 0x80]) + MASK),
    "a long ping": (PROTOCOL, part(0x89, 126)),
    "the rest of nothing": (PROTOCOL, bytes([0x80, 0x80]) + MASK),
    "an invalid close code": (PROTOCOL, frame(8, struct.pack(">H", 999))),
    "a text that is not UTF-8": (NO_TEXT, frame(1, b"\xff\xfe")),
    "half a letter": (NO_TEXT, bytes([0x01, 0x81]) + MASK + b"\xc3" + frame(0, b"x")),
    "a large frame": (TOO_BIG, b"\x81\xff" + struct.pack(">Q", MESSAGE_BYTES + 1) + MASK),
    "a huge frame": (TOO_BIG, b"\x82\xff" + struct.pack(">Q", 2**40) + MASK),
    "two large fragments": (TOO_BIG, part(0x01, HALF) + part(0x80, HALF)),
    "many small fragments": (TOO_BIG, part(0x01, 600) + part(0x00, 600) * 120),
}  # fmt: skip


def close_code(tcp: socket.socket) -> int | None:
    """Read to the end; return the code of the last frame, if that is a close frame."""
    text = read_to_the_end(tcp)
    place = text.rfind(b"\x88")
    return struct.unpack(">H", text[place + 2 : place + 4])[0] if place >= 0 else None
