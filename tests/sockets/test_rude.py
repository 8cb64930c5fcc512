"""However a connection ends, everything it held is given back."""

import os
import socket as sockets
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.support.raw import SUBSCRIBE, frame, handshake, open_reader, open_tcp, reset
from tests.support.served import Served

pytestmark = pytest.mark.slow

CONNECTIONS = 1000
POOL_THREADS = (os.cpu_count() or 1) + 4
"""Threads of the loop's pool: each is begun when it is first needed, and stays."""


def reset_before_the_request(served: Served) -> None:
    reset(open_tcp(served))


def reset_within_the_request(served: Served) -> None:
    tcp = open_tcp(served)
    tcp.sendall(handshake(served)[:-20])
    reset(tcp)


def reset_within_the_handshake(served: Served) -> None:
    tcp = open_tcp(served)
    tcp.sendall(handshake(served))
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


BEHAVIOURS = [
    reset_before_the_request, reset_within_the_request, reset_within_the_handshake,
    reset_while_reading, leave_without_a_word, leave_half_closed, leave_within_a_frame,
    break_the_protocol, leave_politely, leave_after_nonsense,
]  # fmt: skip


def test_a_thousand_rude_connections_leave_nothing_behind(
    served: Served, eventually: Callable[..., None]
) -> None:
    for behave in BEHAVIOURS:
        behave(served)
    eventually(lambda: served.census()["connections"] == 0)
    before = served.census()
    for _ in range(CONNECTIONS // len(BEHAVIOURS)):
        for behave in BEHAVIOURS:
            behave(served)
    eventually(lambda: served.census()["connections"] == 0)
    eventually(lambda: served.census()["tasks"] <= before["tasks"])
    eventually(lambda: served.census()["files"] <= before["files"])
    assert served.census()["threads"] <= before["threads"] + POOL_THREADS


def test_a_reader_that_vanished_is_noticed(served: Served, eventually: Callable[..., None]) -> None:
    """Half-open: it answers no ping and reads nothing, and never says that it left."""
    tcp = open_reader(served)
    assert served.census()["connections"] == 1
    eventually(lambda: served.census()["connections"] == 0)
    tcp.close()
