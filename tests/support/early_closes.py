"""Clients that leave early: at moments that a seed draws, politely or with a reset.

A visit sends a part of a conversation, listens for a moment, and is gone.
"""

import os
import signal
import socket as sockets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.support.raw import SUBSCRIBE, frame, get, handshake, open_tcp, reset
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S, wait_until

LONGEST_LISTEN_S: Final = 0.02
PARALLEL: Final = 16


def _post(served: Served) -> bytes:
    return get(served, "/accounts/login/", Content_Length="20").replace(b"GET", b"POST") + b"x" * 20


CONVERSATIONS: Final[dict[str, Callable[[Served], bytes]]] = {
    "nothing": lambda served: b"",
    "page": lambda served: get(served, "/accounts/login/"),
    "dashboard": lambda served: get(served, "/"),
    "file": lambda served: get(served, "/static/js/wire/frames.js"),
    "form": _post,
    "two requests": lambda served: get(served, "/version/") * 2,
    "stream": lambda served: get(served, "/sse/v1/?symbols=*"),
    "two streams": lambda served: get(served, "/sse/v1/?symbols=*") * 2,
    "poll": lambda served: get(served, "/poll/v1/?symbols=*"),
    "long-poll": lambda served: get(served, "/poll/v1/?symbols=*&wait=5"),
    "rest": lambda served: get(served, "/api/v1/quotes"),
    "socket": handshake,
    "reader": lambda served: handshake(served) + frame(1, SUBSCRIBE),
    "nobody": lambda served: handshake(served).replace(b"Authorization", b"X-Nothing"),
    "foreign": lambda served: handshake(served).replace(b"\r\n\r\n", b"\r\nOrigin: null\r\n\r\n"),
    "closing": lambda served: handshake(served) + frame(8, b"\x03\xe8"),
    "nonsense": lambda served: handshake(served) + b"\xff\xff\xff\xff",
    "no http": lambda served: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """What one client sends, how long it listens afterwards, and how it leaves."""

    sent: bytes
    listen_s: float
    is_reset: bool
    is_half_closed: bool

    def make(self, served: Served) -> None:
        """Connect, send, listen and leave; a server that ends it first does no harm."""
        with suppress(OSError):
            tcp = open_tcp(served)
            with suppress(OSError):
                tcp.sendall(self.sent)
                if self.is_half_closed:
                    tcp.shutdown(sockets.SHUT_WR)
                self._listen(tcp)
            reset(tcp) if self.is_reset else tcp.close()

    def _listen(self, tcp: sockets.socket) -> None:
        if self.listen_s:
            tcp.settimeout(self.listen_s)
            tcp.recv(4096)
        tcp.settimeout(PATIENCE_S)


def draw_visits(served: Served, seed: int, count: int) -> Iterator[Visit]:
    """Return so many visits; a third of them ends within what it would have sent."""
    draw = Random(seed)
    for _ in range(count):
        sent = CONVERSATIONS[draw.choice(list(CONVERSATIONS))](served)
        cut = draw.choice((draw.randrange(len(sent) + 1), len(sent), len(sent)))
        listen_s = draw.choice((0.0, draw.uniform(0.0001, LONGEST_LISTEN_S)))
        yield Visit(sent[:cut], listen_s, draw.random() < 0.6, draw.random() < 0.2)


def leave_before_accepted(served: Served, *, seed: int, count: int) -> None:
    """Leave while the server stands still: so many visits, and as many connections without a word.

    They wait in the backlog of its socket, and are gone when it goes on.
    """
    os.kill(served.process.pid, signal.SIGSTOP)
    try:
        for visit in draw_visits(served, seed, count):
            visit.make(served)
        for _ in range(count):
            reset(open_tcp(served))
    finally:
        os.kill(served.process.pid, signal.SIGCONT)


class Storm:
    """Many visits at once; `made` counts those that are over."""

    def __init__(self, served: Served, *, seed: int, count: int) -> None:
        self._served = served
        self._visits = draw_visits(served, seed, count)
        self._is_over = False
        self.made = 0

    def run(self) -> None:
        """Make all visits, or those until `end` is called."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(self._make, self._visits))

    def end(self) -> None:
        """Make no more visits."""
        self._is_over = True

    def _make(self, visit: Visit) -> None:
        if not self._is_over:
            visit.make(self._served)
            self.made += 1


def listens(served: Served) -> bool:
    """Say whether somebody can connect."""
    try:
        open_tcp(served).close()
    except OSError:
        return False
    return True


def serves(served: Served) -> bool:
    """Say whether a page is served."""
    with open_tcp(served) as tcp:
        tcp.sendall(get(served, "/accounts/login/"))
        return tcp.recv(100).startswith(b"HTTP/1.1 200 ")


@contextmanager
def blowing(storm: Storm, served: Served) -> Iterator[Storm]:
    """Let a storm blow beside a test, once the server listens and as long as the test goes on."""

    def blow() -> None:
        wait_until(lambda: listens(served))
        storm.run()

    with ThreadPoolExecutor(1) as pool:
        blown = pool.submit(blow)
        try:
            yield storm
        finally:
            storm.end()
        blown.result()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is going to be: what a visit needs of it, with an invalid token."""

    port: int
    token: str = "x:y:z"

    @property
    def host(self) -> str:
        """Return the address as requests name it."""
        return f"127.0.0.1:{self.port}"
