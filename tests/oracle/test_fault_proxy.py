"""The bad network of the tests is as bad as it says, and no worse."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.waiting import PATIENCE_S

TEXT = b"0123456789" * 3


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """A proxy before a server that answers with what it hears."""
    listener = socket.create_server(("127.0.0.1", 0))

    def echo(tcp: socket.socket) -> None:
        while data := tcp.recv(1024):
            tcp.sendall(data)
        tcp.close()

    def accept() -> None:
        with suppress(OSError):  # the listener is closed while nobody connects
            for _ in range(2):
                tcp, _ = listener.accept()
                threading.Thread(target=echo, args=(tcp,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with fault_proxy(listener.getsockname()[1]) as proxy:
        yield proxy
    listener.close()


def line(proxy: FaultProxy) -> socket.socket:
    """Open a connection that has carried something already."""
    host, _, port = proxy.host.partition(":")
    tcp = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    assert ask(tcp, b"hello") == b"hello"
    return tcp


def ask(tcp: socket.socket, text: bytes) -> bytes:
    """Say something; return as much as was said, or what came before the end."""
    tcp.sendall(text)
    answer = b""
    while len(answer) < len(text) and (data := tcp.recv(1024)):
        answer += data
    return answer


def test_what_is_slow_and_in_pieces_arrives_whole(proxy: FaultProxy) -> None:
    with line(proxy) as tcp:
        proxy.delay_s, proxy.piece_bytes = 0.01, 7
        assert ask(tcp, TEXT) == TEXT
        proxy.mend()
        proxy.bytes_per_s = 10_000
        assert ask(tcp, TEXT) == TEXT


def test_what_stalls_arrives_later(proxy: FaultProxy) -> None:
    with line(proxy) as tcp:
        proxy.stall()
        tcp.settimeout(0.1)
        with pytest.raises(TimeoutError):
            ask(tcp, TEXT)
        proxy.mend()
        tcp.settimeout(10)
        assert tcp.recv(1024) == TEXT


def test_a_half_open_line_stays_so_and_a_new_one_is_good(proxy: FaultProxy) -> None:
    with line(proxy) as tcp:
        proxy.swallow()
        proxy.mend()
        tcp.settimeout(0.1)
        with pytest.raises(TimeoutError):
            ask(tcp, TEXT)
    with line(proxy) as other:
        assert ask(other, TEXT) == TEXT


def test_a_line_that_is_cut_ends(proxy: FaultProxy) -> None:
    with line(proxy) as tcp:
        proxy.cut()
        assert tcp.recv(1024) == b""
