"""Clients made of bare TCP: they can do what no library does, such as read nothing at all."""

import base64
import json
import socket as sockets
import struct
from typing import Final

from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

SMALL_BYTES: Final = 4096
SUBSCRIBE: Final = json.dumps(
    {"method": "subscribe", "params": {"channel": "ticker", "symbols": ["*"]}, "id": 1}
).encode()


def open_tcp(served: Served, *, receive_bytes: int = 0) -> sockets.socket:
    """Connect; with `receive_bytes` our side of the line holds no more than about that."""
    tcp = sockets.socket()
    tcp.settimeout(PATIENCE_S)
    if receive_bytes:
        tcp.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_bytes)
    tcp.connect(("127.0.0.1", served.port))
    return tcp


def handshake(served: Served) -> bytes:
    """Return the request that opens a WebSocket as viewer."""
    return (
        f"GET /ws/v1/ HTTP/1.1\r\nHost: {served.host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
        f"Authorization: {basic(served)}\r\n\r\n"
    ).encode()


def get(served: Served, path: str, **headers: str) -> bytes:
    """Return the request for a path as viewer; headers are spelled with underscores."""
    lines = {"Host": served.host, "Authorization": basic(served)}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1")


def basic(served: Served) -> str:
    """Return the credentials of viewer."""
    return "Basic " + base64.b64encode(f"viewer:{served.token}".encode()).decode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a masked frame; the mask of zeros leaves the payload as it is."""
    length = (
        bytes([0x80 | len(payload)])
        if len(payload) < 126
        else b"\xfe" + struct.pack(">H", len(payload))
    )
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def open_socket(served: Served, *, receive_bytes: int = 0) -> sockets.socket:
    """Open a WebSocket."""
    tcp = open_tcp(served, receive_bytes=receive_bytes)
    tcp.sendall(handshake(served))
    answer = tcp.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return tcp


def open_reader(served: Served, *, receive_bytes: int = 0) -> sockets.socket:
    """Open a WebSocket that subscribes to every price."""
    tcp = open_socket(served, receive_bytes=receive_bytes)
    tcp.sendall(frame(1, SUBSCRIBE))
    tcp.recv(4096)
    return tcp


def open_stream(served: Served, *, receive_bytes: int = 0, query: str = "") -> sockets.socket:
    """Open a stream of every price."""
    tcp = open_tcp(served, receive_bytes=receive_bytes)
    tcp.sendall(get(served, f"/sse/v1/?symbols=*{query}"))
    assert tcp.recv(4096).startswith(b"HTTP/1.1 200")
    return tcp


def reset(tcp: sockets.socket) -> None:
    """Close with RST instead of FIN."""
    tcp.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    tcp.close()


def read_to_the_end(tcp: sockets.socket) -> bytes:
    """Return everything that still comes until the other side ends it, politely or not."""
    pieces = []
    try:
        while piece := tcp.recv(65_536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)
