"""Request lines and headers that never end."""

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Final

from dashboard.servers.limits import MIB
from tests.support.raw import open_tcp, read_to_the_end
from tests.support.served import Served

LARGE_MIB: Final = 32
HOST: Final = b"Host: localhost\r\n"
CHUNKED: Final = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
HEADS: Final = {
    "line": (b"GET /", b"x"),
    "query": (b"GET /poll/v1/?", b"a=1&"),
    "method": (b"G", b"E"),
    "header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"x"),
    "name": (b"GET / HTTP/1.1\r\n" + HOST, b"x"),
    "headers": (b"GET / HTTP/1.1\r\n" + HOST, b"X: x\r\n"),
    "folded": (b"GET / HTTP/1.1\r\n" + HOST + b"X: x\r\n", b" x\r\n"),
    "cookie": (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: ", b"a=1; "),
    "trailer": (CHUNKED + b"0\r\nX: ", b"x"),
    "trailers": (CHUNKED + b"0\r\n",
                 b"X: x\r\n"),
    "extension": (CHUNKED + b"1;", b"x"),
    "socket": (b"GET /ws/v1/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: ", b"x"),
}  # fmt: skip
"""The beginning of each, and what comes after it again and again."""


def send_endless(served: Served, kind: str) -> bytes:
    """Send a head for 32 MiB, or as much as the server takes; return the answer."""
    with open_tcp(served) as tcp:
        try:
            for piece in _endless(*HEADS[kind]):
                tcp.sendall(piece)
        except OSError:
            pass  # the server has heard enough
        return read_to_the_end(tcp)


def _endless(start: bytes, piece: bytes) -> Iterator[bytes]:
    return chain([start], repeat(piece * (MIB // len(piece)), LARGE_MIB))
