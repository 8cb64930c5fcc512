"""The socket behind an ASGI `send` may be gone before a request runs."""

import functools
import socket
from types import SimpleNamespace

import pytest

from dashboard.transports.asgi_socket import UNSENT_BYTES, AsgiSocket


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


def test_the_kernel_keeps_little_unsent_and_the_server_nothing() -> None:
    limits: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = socket.create_connection(server.getsockname())
    with line:
        transport = SimpleNamespace(
            get_extra_info=lambda name: line,
            set_write_buffer_limits=lambda *, high: limits.append(high),
        )
        AsgiSocket(functools.partial(print, SimpleNamespace(transport=transport)))
        unsent = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
    assert (unsent, limits) == (UNSENT_BYTES, [0])


@pytest.mark.parametrize("gone", [GoneSocket(), ClosedSocket()])
def test_a_reader_that_left_before_its_request_ran_is_no_error(gone: GoneSocket) -> None:
    transport = SimpleNamespace(get_extra_info=lambda name: gone)
    send = functools.partial(print, SimpleNamespace(transport=transport))
    assert AsgiSocket(send).backlog() == 0
