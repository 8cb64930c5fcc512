"""Beginnings of requests whose rest comes byte by byte, or never."""

import socket as sockets
from collections.abc import Callable
from typing import Final

from tests.support.raw import handshake
from tests.support.served import Served


def post(served: Served, length: int) -> bytes:
    """Return the head of a form of a length."""
    return (
        f"POST /accounts/login/ HTTP/1.1\r\nHost: {served.host}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


STARTS: Final[dict[str, Callable[[Served], bytes]]] = {
    "nothing": lambda served: b"",
    "line": lambda served: b"GET / HT",
    "head": lambda served: f"GET / HTTP/1.1\r\nHost: {served.host}\r\n".encode(),
    "body": lambda served: post(served, 1000) + b"x",
    "chunk": lambda served: (
        f"POST / HTTP/1.1\r\nHost: {served.host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx"
    ).encode(),
    "socket": lambda served: handshake(served)[:-2],
}
TRICKLES: Final = {"head": b"X: x\r\n", "body": b"x", "socket": b"X: x\r\n"}


def begin_to_trickle(served: Served, kind: str) -> bytes:
    """Return the beginning of a request that `TRICKLES` goes on with."""
    return STARTS[kind](served).removesuffix(b"\r\n") + b"\r\n"


def trickle(tcp: sockets.socket, piece: bytes, *, most: int = 100) -> bytes:
    """Send a piece as often as nothing comes within the timeout of a socket; return what came."""
    for _ in range(most):
        try:
            return tcp.recv(4096)
        except TimeoutError:
            tcp.sendall(piece)
    raise AssertionError("it was never ended")
