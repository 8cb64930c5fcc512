"""Requests that do not come in time are ended, and no byte that trickles in moves the time.

The servers of these tests have shorter limits than the real ones.
"""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from dashboard.servers.serving import SERVERS
from tests.support.raw import get, handshake, open_reader, open_tcp, read_to_the_end
from tests.support.served import Served, serve
from tests.support.slow_requests import STARTS, TRICKLES, begin_to_trickle, trickle
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SHORT = {"head_s": 0.6, "body_s": 0.6, "idle_s": 0.6, "linger_s": 0.6, "handshake_s": 3}
"""A handshake also waits for the server, which looks at the database, so it has more time."""
TRICKLE_S = 0.1
SLOW = 30


@pytest.fixture(scope="module", params=SERVERS)
def hasty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(request.param)
    with serve(folder, "--server", request.param, CENSUS_LIMITS=json.dumps(SHORT)) as served:
        yield served


ANSWERED = {"line", "head", "body", "chunk", "socket"}


@pytest.mark.parametrize("kind", STARTS)
def test_a_silent_request_is_ended(hasty: Served, kind: str) -> None:
    with open_tcp(hasty) as tcp:
        tcp.sendall(STARTS[kind](hasty))
        answer = read_to_the_end(tcp)
    assert answer.startswith(b"HTTP/1.1 408 ") if kind in ANSWERED else answer == b""


def test_a_handshake_that_the_application_does_not_answer_is_ended(hasty: Served) -> None:
    before = hasty.census()["tasks"]
    with open_tcp(hasty) as tcp:
        tcp.sendall(handshake(hasty).replace(b"/ws/v1/", b"/mute/"))
        answer = read_to_the_end(tcp)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in answer.lower()
    wait_until(lambda: hasty.census()["tasks"] <= before)


@pytest.mark.parametrize("kind", TRICKLES)
def test_a_request_that_trickles_in_is_ended(hasty: Served, kind: str) -> None:
    """A byte now and then keeps no connection open: the time is absolute."""
    with open_tcp(hasty) as tcp:
        tcp.sendall(begin_to_trickle(hasty, kind))
        tcp.settimeout(TRICKLE_S)
        answer = trickle(tcp, TRICKLES[kind])
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_ended(hasty: Served) -> None:
    with open_tcp(hasty) as tcp:
        tcp.sendall(get(hasty, "/accounts/login/"))
        answer = read_to_the_end(tcp)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " not in answer


def test_a_second_request_that_trickles_in_is_ended(hasty: Served) -> None:
    with open_tcp(hasty) as tcp:
        tcp.sendall(get(hasty, "/accounts/login/"))
        assert tcp.recv(100).startswith(b"HTTP/1.1 200 ")
        tcp.sendall(b"GET / HTTP/1.1\r\n")
        answer = read_to_the_end(tcp)
    assert b"HTTP/1.1 408 " in answer


def test_streams_and_sockets_live_longer_than_requests(hasty: Served) -> None:
    stream = open_tcp(hasty)
    stream.sendall(get(hasty, "/sse/v1/?symbols=*"))
    socket = open_reader(hasty)
    end_s = time.monotonic() + max(SHORT.values()) + 1
    while time.monotonic() < end_s:
        assert stream.recv(65_536)
        assert socket.recv(65_536)
    stream.close()
    socket.close()


def test_many_slow_requests_keep_nobody_out(hasty: Served, eventually: Callable[..., None]) -> None:
    before = hasty.census()["files"]
    slow = [open_tcp(hasty) for _ in range(SLOW)]
    for tcp in slow:
        tcp.sendall(b"GET / HT")
    with open_tcp(hasty) as tcp:
        tcp.sendall(get(hasty, "/accounts/login/"))
        assert tcp.recv(100).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: hasty.census()["files"] <= before + 1)
    for tcp in slow:
        tcp.close()
