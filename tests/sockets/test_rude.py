"""However a connection ends, everything it held is given back."""

import base64
import json
import socket as sockets
import struct
from collections.abc import Callable
from contextlib import suppress

from tests.served import Served

CONNECTIONS = 1000
SUBSCRIBE = json.dumps(
    {"method": "subscribe", "params": {"channel": "ticker", "symbols": ["*"]}, "id": 1}
).encode()


def open_tcp(served: Served) -> sockets.socket:
    return sockets.create_connection(("127.0.0.1", served.port), timeout=10)


def request(served: Served) -> bytes:
    basic = base64.b64encode(f"viewer:{served.token}".encode()).decode()
    return (
        f"GET /ws/v1/ HTTP/1.1\r\nHost: {served.host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
        f"Authorization: Basic {basic}\r\n\r\n"
    ).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a masked frame; the mask of zeros leaves the payload as it is."""
    length = (
        bytes([0x80 | len(payload)])
        if len(payload) < 126
        else b"\xfe" + struct.pack(">H", len(payload))
    )
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def open_socket(served: Served) -> sockets.socket:
    tcp = open_tcp(served)
    tcp.sendall(request(served))
    assert tcp.recv(4096).startswith(b"HTTP/1.1 101")
    return tcp


def open_reader(served: Served) -> sockets.socket:
    tcp = open_socket(served)
    tcp.sendall(frame(1, SUBSCRIBE))
    tcp.recv(4096)
    return tcp


def reset(tcp: sockets.socket) -> None:
    """Close with RST instead of FIN."""
    tcp.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    tcp.close()


def reset_before_the_request(served: Served) -> None:
    reset(open_tcp(served))


def reset_within_the_request(served: Served) -> None:
    tcp = open_tcp(served)
    tcp.sendall(request(served)[:-20])
    reset(tcp)


def reset_within_the_handshake(served: Served) -> None:
    tcp = open_tcp(served)
    tcp.sendall(request(served))
    reset(tcp)


def reset_while_reading(served: Served) -> None:
    reset(open_reader(served))


def leave_without_a_word(served: Served) -> None:
    open_reader(served).close()


def leave_half_closed(served: Served) -> None:
    tcp = open_reader(served)
    tcp.shutdown(sockets.SHUT_WR)
    tcp.close()


def leave_within_a_frame(served: Served) -> None:
    tcp = open_reader(served)
    tcp.sendall(frame(1, SUBSCRIBE)[:5])
    tcp.close()


def break_the_protocol(served: Served) -> None:
    tcp = open_reader(served)
    tcp.sendall(b"\xff\xff\xff\xff")
    with suppress(OSError):
        while tcp.recv(65536):
            pass
    tcp.close()


def leave_politely(served: Served) -> None:
    tcp = open_reader(served)
    tcp.sendall(frame(8, struct.pack(">H", 1000)))
    with suppress(OSError):
        while tcp.recv(65536):
            pass
    tcp.close()


def leave_after_nonsense(served: Served) -> None:
    tcp = open_reader(served)
    for _ in range(5):
        tcp.sendall(frame(1, b"{"))
    reset(tcp)


WAYS = [
    reset_before_the_request, reset_within_the_request, reset_within_the_handshake,
    reset_while_reading, leave_without_a_word, leave_half_closed, leave_within_a_frame,
    break_the_protocol, leave_politely, leave_after_nonsense,
]  # fmt: skip


def test_a_thousand_rude_connections_leave_nothing_behind(
    served: Served, eventually: Callable[..., None]
) -> None:
    for way in WAYS:
        way(served)
    eventually(lambda: served.census()["seats"] == 0)
    before = served.census()
    for _ in range(CONNECTIONS // len(WAYS)):
        for way in WAYS:
            way(served)
    eventually(lambda: served.census()["seats"] == 0)
    eventually(lambda: served.census()["tasks"] <= before["tasks"])
    eventually(lambda: served.census()["files"] <= before["files"])
    assert served.census()["threads"] <= before["threads"] + 1


def test_a_reader_that_vanished_is_noticed(served: Served, eventually: Callable[..., None]) -> None:
    """Half-open: it answers no ping and reads nothing, and never says that it left."""
    tcp = open_reader(served)
    assert served.census()["seats"] == 1
    eventually(lambda: served.census()["seats"] == 0)
    tcp.close()
