"""A slow line carries new prices: little waits in buffers, where it would grow old."""

import re
import socket
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from dashboard.servers.serving import SERVERS
from feeds.market.events import Position
from tests.support.raw import SMALL_BYTES
from tests.support.served import Served, serve
from tests.support.stalled import stalled_socket, stalled_stream

pytestmark = pytest.mark.slow

SEQUENCE: Final = re.compile(rb'"seq":(\d+)')
EVENTS: Final = 1_500
"""About 60 KB of prices: a frame has 1 KB."""
MOST_BYTES: Final = 4 * SMALL_BYTES
"""The reader's side holds about SMALL_BYTES, the kernel and the server a few frames."""


@pytest.fixture(scope="module", params=SERVERS)
def small(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A market of 20 instruments and many ticks: each frame has nearly all of them."""
    flags = ("--server", request.param, "--instruments", "20", "--rate", "500")
    with serve(tmp_path_factory.mktemp(request.param), *flags) as served:
        yield served


def read_to_now(tcp: socket.socket, served: Served) -> int:
    """Read until prices come that are newer than now; return how many bytes these took."""
    now = Position.parse(served.board()["position"]).sequence
    received = b""
    while not any(int(sequence) > now for sequence in SEQUENCE.findall(received)):
        received += tcp.recv(65_536)
    return len(received)


@pytest.mark.parametrize("open_line", [stalled_socket, stalled_stream])
def test_little_waits_for_a_reader_that_reads_late(
    small: Served, open_line: Callable[[Served], socket.socket]
) -> None:
    with open_line(small) as tcp:
        read_to_now(tcp, small)
        small.wait_for_events(EVENTS)
        assert read_to_now(tcp, small) < MOST_BYTES
