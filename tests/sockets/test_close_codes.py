"""A client that breaks the protocol gets the close code, also when it sent much more."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.support.protocol_violations import MUCH, VIOLATIONS, close_code
from tests.support.raw import SMALL_BYTES, open_reader, open_socket
from tests.support.served import Served

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("violation", VIOLATIONS)
@pytest.mark.parametrize("rest", [b"", MUCH], ids=["alone", "with much behind it"])
def test_the_close_code_arrives(served: Served, violation: str, rest: bytes) -> None:
    """Prices wait on the server's side of the line as well: they go first, and nothing is lost."""
    code, violating = VIOLATIONS[violation]
    tcp = open_reader(served, receive_bytes=SMALL_BYTES)
    with suppress(OSError):
        tcp.sendall(violating + rest)
    assert close_code(tcp) == code
    tcp.close()


def test_a_socket_that_never_ends_is_cut(served: Served, eventually: Callable[..., None]) -> None:
    """Without end it sends nothing more, and does not close: a file of the server is at stake."""
    eventually(lambda: served.census()["connections"] == 0)
    before = served.census()["files"]
    sockets = [open_socket(served) for _ in range(10)]
    for tcp in sockets:
        tcp.sendall(VIOLATIONS["no mask"][1])
    eventually(lambda: served.census()["files"] <= before)
    for tcp in sockets:
        tcp.close()
