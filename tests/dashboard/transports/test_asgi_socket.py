"""The socket behind an ASGI `send` may be gone before a request runs."""

import functools
from types import SimpleNamespace

import pytest

from dashboard.transports.asgi_socket import AsgiSocket


class GoneSocket:
    """A socket of uvloop after its end; a real one has no address left at all."""

    def fileno(self) -> int:
        return -1

    def setsockopt(self, *args: int) -> None:
        raise ValueError("negative file descriptor")


class ClosedSocket(GoneSocket):
    """A socket of asyncio after its end."""

    def setsockopt(self, *args: int) -> None:
        raise OSError("bad file descriptor")


@pytest.mark.parametrize("gone", [GoneSocket(), ClosedSocket()])
def test_a_reader_that_left_before_its_request_ran_is_no_error(gone: GoneSocket) -> None:
    transport = SimpleNamespace(get_extra_info=lambda name: gone)
    send = functools.partial(print, SimpleNamespace(transport=transport))
    assert AsgiSocket(send).backlog() == 0
