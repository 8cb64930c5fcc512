"""Request lines and headers without end: refused, closed, and no memory for them."""

from collections.abc import Iterator
from itertools import chain, repeat

import psutil
import pytest

from dashboard.servers.limits import LIMITS, MIB
from tests.support.raw import handshake, open_tcp, read_to_the_end
from tests.support.served import Served

pytestmark = pytest.mark.slow

LARGE = 32
GROWTH_BYTES = 4 * MIB
REFUSALS = (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")


def endless(start: bytes, piece: bytes) -> Iterator[bytes]:
    """Return a beginning, and then the same for 32 MiB."""
    return chain([start], repeat(piece * (MIB // len(piece)), LARGE))


HOST = b"Host: localhost\r\n"
CHUNKED = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
HEADS = {
    "line": (b"GET /", b"x"),
    "query": (b"GET /poll/v1/?", b"a=1&"),
    "method": (b"G", b"E"),
    "header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"x"),
    "name": (b"GET / HTTP/1.1\r\n" + HOST, b"x"),
    "headers": (b"GET / HTTP/1.1\r\n" + HOST, b"X: x\r\n"),
    "folded": (b"GET / HTTP/1.1\r\n" + HOST + b"X: x\r\n", b" x\r\n"),
    "cookie": (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: ", b"a=1; "),
    "trailer": (CHUNKED + b"0\r\nX: ", b"x"),
    "trailers": (CHUNKED + b"0\r\n",
                 b"X: x\r\n"),
    "extension": (CHUNKED + b"1;", b"x"),
    "socket": (b"GET /ws/v1/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: ", b"x"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_without_end_is_refused_and_costs_no_memory(served: Served, kind: str) -> None:
    before = psutil.Process(served.process.pid).memory_info().rss
    with open_tcp(served) as tcp:
        try:
            for piece in endless(*HEADS[kind]):
                tcp.sendall(piece)
        except OSError:
            pass  # the server has heard enough
        answer = read_to_the_end(tcp)
    assert answer.startswith(REFUSALS)
    assert b"connection: close" in answer
    assert psutil.Process(served.process.pid).memory_info().rss - before < GROWTH_BYTES


def ask(served: Served, request: bytes) -> bytes:
    with open_tcp(served) as tcp:
        tcp.sendall(request)
        return tcp.recv(65_536)


def page(served: Served, *lines: str) -> bytes:
    own = [f"Host: {served.host}", "Connection: close", *lines]
    return ("GET /accounts/login/ HTTP/1.1\r\n" + "".join(f"{line}\r\n" for line in own)).encode()


def test_a_head_of_usual_size_is_served(served: Served) -> None:
    cookie = f"Cookie: theme={'x' * 8_000}"
    assert ask(served, page(served, cookie) + b"\r\n").startswith(b"HTTP/1.1 200 ")


def test_headers_up_to_the_bound_are_served(served: Served) -> None:
    many = [f"X-{number}: x" for number in range(LIMITS.headers - 2)]
    assert ask(served, page(served, *many) + b"\r\n").startswith(b"HTTP/1.1 200 ")
    assert ask(served, page(served, *many, "X: x") + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_the_request_of_a_socket_has_the_same_bounds(served: Served) -> None:
    many = "".join(f"X-{number}: x\r\n" for number in range(LIMITS.headers)).encode()
    request = handshake(served).removesuffix(b"\r\n") + many + b"\r\n"
    assert ask(served, request).startswith(b"HTTP/1.1 431 ")
    large = b"X: " + bytes(b"x" * LIMITS.head_bytes) + b"\r\n"
    request = handshake(served).removesuffix(b"\r\n") + large + b"\r\n"
    assert ask(served, request).startswith(b"HTTP/1.1 431 ")
