"""A TCP proxy whose line can be cut, frozen or blocked for some, and mended: the tests' network."""

import select
import socket
import threading
from collections import Counter
from contextlib import suppress
from typing import Final, Literal

TransportName = Literal["websocket", "sse", "longpoll", "poll"]
Blockade = Literal["refuse", "hang"]
PIECE_BYTES: Final = 65536
REFUSAL: Final = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Forward 127.0.0.1:port to the server; unlike a network it delivers at once or not at all.

    The head of a request says which transport it belongs to. The head is taken to come in one
    piece, as browsers send it here.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.tried: list[TransportName] = []
        self.sent: Counter[TransportName | None] = Counter()
        self.received: Counter[TransportName | None] = Counter()
        self._blocked: dict[TransportName, Blockade] = {}
        self._open: set[socket.socket] = set()
        self._whole = threading.Event()
        self._whole.set()
        self._flowing = threading.Event()
        self._flowing.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._whole.clear()
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Deliver nothing any more, and tell nobody."""
        self._flowing.clear()

    def block(self, blockade: Blockade, *transports: TransportName) -> None:
        """Answer new requests of these transports with 502, or never; the others pass."""
        self._blocked = dict.fromkeys(transports, blockade)

    def mend(self) -> None:
        """Be a good line again."""
        self._blocked = {}
        self._whole.set()
        self._flowing.set()

    def has_counted_all(self) -> bool:
        """Return whether everything that has reached the proxy is counted."""
        readable, _, _ = select.select(list(self._open), [], [], 0)
        return not readable

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
            load = Load()
            for direction in ((near, far, self.sent), (far, near, self.received)):
                threading.Thread(target=self._pump, args=(*direction, load), daemon=True).start()

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        bytes_of: "Counter[TransportName | None]",
        load: "Load",
    ) -> None:
        with suppress(OSError):
            # What is counted is still unread, so that `has_counted_all` can tell by looking.
            while data := source.recv(PIECE_BYTES, socket.MSG_PEEK):
                self._flowing.wait()
                load.look(data)
                bytes_of[load.transport] += len(data)
                source.recv(len(data))
                blockade = self._blockade_of(data)
                if blockade is None:
                    sink.sendall(data)
                elif blockade == "refuse":
                    source.sendall(REFUSAL)
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)

    def _blockade_of(self, data: bytes) -> Blockade | None:
        """Return how a piece is blocked; only the head of a request can be."""
        transport = transport_of(data)
        if transport is None:
            return None
        self.tried.append(transport)
        return self._blocked.get(transport)


class Load:
    """What a connection carries: what its last request asked for, one at a time as browsers do."""

    transport: TransportName | None = None

    def look(self, data: bytes) -> None:
        """Look for the head of a request."""
        if data.startswith((b"GET ", b"POST ")):
            self.transport = transport_of(data)


def transport_of(data: bytes) -> TransportName | None:
    """Return which transport a request belongs to."""
    line, _, rest = data.partition(b"\r\n")
    if not line.startswith(b"GET "):
        return None
    if b"\r\nupgrade: websocket\r\n" in b"\r\n" + rest.lower():
        return "websocket"
    if line.startswith(b"GET /sse/v1/"):
        return "sse"
    if line.startswith(b"GET /poll/v1/"):
        return "longpoll" if b"wait=" in line else "poll"
    return None
