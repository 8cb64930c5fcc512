"""Frames as fast as a line carries them: the flooder is closed, and nobody else notices."""

import socket as sockets
import struct
import time
from contextlib import suppress

import pytest

from dashboard.servers.limits import LIMITS
from dashboard.wire.registry import Close
from tests.support.raw import frame, open_reader, open_socket, read_to_the_end
from tests.support.served import Served

pytestmark = pytest.mark.slow

FLOOD_BYTES = 8 * 1024 * 1024
LONGEST_MS = 100
KINDS = {
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_is_ended_and_holds_nobody_up(served: Served, kind: str) -> None:
    witness = open_reader(served)
    tcp = open_socket(served)
    served.look_at_loop()
    served.look_at_loop()
    begun_s = time.monotonic()
    flood(tcp, kind)
    received = read_to_the_end(tcp)
    tcp.close()
    assert set(close_codes(received)) & {Close.TOO_MANY, Close.BAD_FRAME}
    assert time.monotonic() - begun_s < 15
    assert served.look_at_loop()["longest_ms"] < LONGEST_MS
    assert witness.recv(65_536)
    witness.close()


def test_as_many_frames_as_allowed_end_nothing(served: Served) -> None:
    with open_socket(served) as tcp:
        tcp.sendall(frame(10, b"") * (LIMITS.frame_burst - 10))
        tcp.sendall(frame(9, b"still here"))
        received = b""
        while b"still here" not in received:
            received += tcp.recv(65_536)
        assert received
