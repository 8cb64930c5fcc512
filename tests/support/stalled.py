"""Readers that ask for everything, twenty times a second, and read nothing of it."""

import socket
from collections import deque
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


class StalledCrowd:
    """So many readers that read nothing, half of them sockets and half streams.

    A reader that reads nothing does not notice the end of its line: the server counts its readers.
    """

    def __init__(self, served: Served, count: int) -> None:
        self._served = served
        self._count = count
        self._open = deque(self._stall(number) for number in range(count))
        self.cut = 0

    def replace(self, there: int) -> None:
        """Open as many as were cut; `there` are left, and those that opened first went first."""
        for _ in range(self._count - there):
            self._open.popleft().close()
            self._open.append(self._stall(self.cut))
            self.cut += 1

    def close(self) -> None:
        """End them all."""
        for tcp in self._open:
            tcp.close()

    def _stall(self, number: int) -> socket.socket:
        return (stalled_stream if number % 2 else stalled_socket)(self._served)
