"""Requests with bodies of any size, known before or in chunks."""

import socket as sockets
from collections.abc import Iterator
from itertools import chain, repeat

from dashboard.servers.limits import MIB
from tests.support.raw import get, read_to_the_end
from tests.support.served import Served


def head(served: Served, path: str, *lines: str, signed_in: bool = False) -> bytes:
    """Return the head of a POST by nobody, or by viewer."""
    if signed_in:
        return (
            get(served, path).replace(b"GET", b"POST").removesuffix(b"\r\n")
            + ("".join(f"{line}\r\n" for line in lines) + "\r\n").encode()
        )
    extra = "".join(f"{line}\r\n" for line in lines)
    return f"POST {path} HTTP/1.1\r\nHost: {served.host}\r\n{extra}\r\n".encode()


def known(size: int) -> tuple[str, Iterator[bytes]]:
    """Return the header and the pieces of a body of a known length."""
    return f"Content-Length: {size}", repeat(bytes(MIB), size // MIB)


def chunked(size: int) -> tuple[str, Iterator[bytes]]:
    """Return the header and the pieces of a body in chunks."""
    chunk = b"%x\r\n%b\r\n" % (MIB, bytes(MIB))
    return "Transfer-Encoding: chunked", chain(repeat(chunk, size // MIB), [b"0\r\n\r\n"])


def send(tcp: sockets.socket, first: bytes, pieces: Iterator[bytes]) -> bytes:
    """Send as much as the server takes, whatever it answers meanwhile; return the answer."""
    tcp.sendall(first)
    try:
        for piece in pieces:
            tcp.sendall(piece)
    except OSError:
        pass  # the server has heard enough
    return read_to_the_end(tcp)
