"""Frames as fast as a line carries them: the flooder is closed, and nobody else notices."""

import time

import pytest

from dashboard.servers.limits import LIMITS
from dashboard.wire.registry import Close
from tests.support.floods import KINDS, close_codes, flood
from tests.support.raw import frame, open_reader, open_socket, read_to_the_end
from tests.support.served import Served

pytestmark = pytest.mark.slow

LONGEST_MS = 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_is_ended_and_holds_nobody_up(served: Served, kind: str) -> None:
    witness = open_reader(served)
    tcp = open_socket(served)
    served.look_at_loop()
    served.look_at_loop()
    begun_s = time.monotonic()
    flood(tcp, kind)
    received = read_to_the_end(tcp)
    tcp.close()
    assert set(close_codes(received)) & {Close.TOO_MANY, Close.BAD_FRAME}
    assert time.monotonic() - begun_s < 15
    assert served.look_at_loop()["longest_ms"] < LONGEST_MS
    assert witness.recv(65_536)
    witness.close()


def test_as_many_frames_as_allowed_end_nothing(served: Served) -> None:
    with open_socket(served) as tcp:
        tcp.sendall(frame(10, b"") * (LIMITS.frame_burst - 10))
        tcp.sendall(frame(9, b"still here"))
        received = b""
        while b"still here" not in received:
            received += tcp.recv(65_536)
        assert received
