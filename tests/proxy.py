"""A TCP proxy whose line can be cut and mended, or frozen, and that counts the bytes of each kind of
request: the network of the tests."""

import re
import socket
import threading
from collections import Counter
from contextlib import suppress

_REQUEST = re.compile(rb"GET (/[^ ?]*)(\S*) HTTP/1")
"""A browser sends one request at a time on a connection, and its header in one piece."""


class Proxy:
    """Forward 127.0.0.1:port to the server; unlike a network it delivers at once or not at all."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self._open: set[socket.socket] = set()
        self._whole = threading.Event()
        self._whole.set()
        self._flowing = threading.Event()
        self._flowing.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._whole.clear()
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Deliver nothing any more, and tell nobody."""
        self._flowing.clear()

    def mend(self) -> None:
        """Be a good line again."""
        self._whole.set()
        self._flowing.set()

    def close(self) -> None:
        """End for good."""
        self.mend()
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole.is_set():
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._open |= {near, far}
            kind = _Kind()
            ways = ((near, far, self.sent), (far, near, self.received))
            for way in ways:
                threading.Thread(target=self._pump, args=(*way, kind), daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, bytes_of: Counter[str], kind: "_Kind"
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                if bytes_of is self.sent:
                    kind.read(data)
                bytes_of[kind.name] += len(data)
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            self._open.discard(one)


class _Kind:
    """What a connection carries now: the path of its last request, and whether that may wait."""

    name = ""

    def read(self, data: bytes) -> None:
        """Look for a request at the head of what a browser sent."""
        if request := _REQUEST.match(data):
            is_patient = b"wait=" in request[2]
            self.name = request[1].decode() + ("?wait" if is_patient else "")
