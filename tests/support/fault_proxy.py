"""A TCP proxy that is a bad network: it delays, throttles, splits, stalls, swallows and cuts.

    with fault_proxy(served.port) as proxy:
        proxy.delay_s, proxy.bytes_per_s, proxy.piece_bytes = 0.3, 20_000, 7
        proxy.stall(); proxy.swallow(); proxy.cut(); proxy.mend()

Unlike a network it keeps the order and loses nothing within a connection: TCP does not either.
`swallow` makes the connections that are open half-open: whatever is sent goes nowhere, and neither
side is told. They stay so. New connections are good.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf

PIECE_BYTES = 65_536
THROTTLED_BYTES = 512
"""A throttled line carries pieces of this size, so that both directions go on."""


class _Connection:
    """Both ends of one connection."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far
        self.is_half_open = False
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def end(self, *ends: socket.socket) -> None:
        """End these ends, or both."""
        for end in ends or (self.near, self.far):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class FaultProxy:
    """Forward 127.0.0.1:port to a server, as badly as it is set to."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: set[_Connection] = set()
        self._flowing, self._ended = threading.Event(), threading.Event()
        self.mend()
        threading.Thread(target=self._accept, daemon=True).start()

    def mend(self) -> None:
        """Be a good line again; what is half-open stays so."""
        self.delay_s, self.bytes_per_s, self.piece_bytes = 0.0, inf, PIECE_BYTES
        self._flowing.set()

    def stall(self) -> None:
        """Deliver nothing, and lose nothing, until it is mended."""
        self._flowing.clear()

    def swallow(self) -> None:
        """Make the open connections half-open."""
        for connection in list(self._connections):
            connection.is_half_open = True

    def cut(self) -> None:
        """End the open connections for both sides."""
        for connection in list(self._connections):
            connection.end()

    def close(self) -> None:
        """End for good."""
        self._ended.set()
        self.mend()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
            except OSError:
                continue
            connection = _Connection(near, far)
            self._connections.add(connection)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(connection, *ends), daemon=True).start()

    def _pump(self, connection: _Connection, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE_BYTES):
                self._flowing.wait()
                self._forward(connection, sink, data)
        connection.end(*([source] if connection.is_half_open else []))
        self._connections.discard(connection)

    def _forward(self, connection: _Connection, sink: socket.socket, data: bytes) -> None:
        self._ended.wait(self.delay_s)
        while data and not connection.is_half_open:
            size = self.piece_bytes if self.bytes_per_s == inf else THROTTLED_BYTES
            piece, data = data[:size], data[size:]
            sink.sendall(piece)
            self._ended.wait(len(piece) / self.bytes_per_s)


@contextmanager
def fault_proxy(port: int) -> Iterator[FaultProxy]:
    """Run a proxy before a server."""
    proxy = FaultProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
