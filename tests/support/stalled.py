"""Readers that ask for everything, twenty times a second, and read nothing of it."""

import socket
from typing import Final

from tests.support.raw import SMALL_BYTES, frame, get, open_socket, open_tcp
from tests.support.served import Served

ASK: Final = (
    b'{"method":"subscribe","params":{"channel":"ticker","symbols":["*"],"max_rate":20},"id":1}'
)


def stalled_socket(served: Served) -> socket.socket:
    """Open a WebSocket that nobody reads from here on."""
    tcp = open_socket(served, receive_bytes=SMALL_BYTES)
    tcp.sendall(frame(1, ASK))
    return tcp


def stalled_stream(served: Served) -> socket.socket:
    """Open a stream that nobody reads from here on."""
    tcp = open_tcp(served, receive_bytes=SMALL_BYTES)
    tcp.sendall(get(served, "/sse/v1/?channels=ticker&symbols=*&max_rate=20"))
    return tcp
