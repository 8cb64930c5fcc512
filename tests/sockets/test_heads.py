"""Request lines and headers without end: refused, closed, and no memory for them."""

import pytest

from dashboard.servers.limits import LIMITS, MIB
from tests.support.heads import HEADS, send_endless
from tests.support.memory import memory
from tests.support.raw import handshake, open_tcp
from tests.support.served import Served

pytestmark = pytest.mark.slow

GROWTH_BYTES = 4 * MIB
REFUSALS = (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_without_end_is_refused_and_costs_no_memory(served: Served, kind: str) -> None:
    before = memory(served)
    answer = send_endless(served, kind)
    assert answer.startswith(REFUSALS)
    assert b"connection: close" in answer
    assert memory(served) - before < GROWTH_BYTES


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


@pytest.mark.parametrize("size", [8_000, 8_200, 12_000])
def test_the_request_of_a_socket_may_have_long_lines(served: Served, size: int) -> None:
    """A library for WebSockets has a bound of its own for a line, and says nothing beyond it."""
    cookie = f"Cookie: theme={'x' * size}\r\n".encode()
    for request in (
        handshake(served).removesuffix(b"\r\n") + cookie + b"\r\n",
        handshake(served).replace(b"/ws/v1/", b"/ws/v1/?" + b"x" * size),
    ):
        assert ask(served, request).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    "lines", [b"Content-Length: 1\r\n\r\nx", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
)
def test_a_handshake_with_a_body_is_answered(served: Served, lines: bytes) -> None:
    answer = ask(served, handshake(served).removesuffix(b"\r\n") + lines)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 101 "))
