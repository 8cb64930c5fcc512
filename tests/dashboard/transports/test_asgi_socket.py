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


@pytest.mark.parametrize(
    ("transport", "backlog"),
    [
        (SimpleNamespace(get_write_buffer_size=lambda: 700), 700),
        (SimpleNamespace(dataBuffer=b"x" * 100, offset=30, _tempDataLen=5), 75),
        (SimpleNamespace(), 0),
        (None, 0),
    ],
)
def test_what_a_server_buffers_is_not_acknowledged(transport: object, backlog: int) -> None:
    """As uvicorn keeps it, as Twisted does, and as nobody knows."""
    send = functools.partial(print, SimpleNamespace(transport=transport))
    assert AsgiSocket(send).backlog() == backlog


def test_what_the_kernel_could_not_send_is_not_acknowledged() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as line,
    ):
        transport = SimpleNamespace(get_extra_info=lambda name: line, dataBuffer=b"xy", offset=1)
        transport._tempDataLen = 0
        connection = AsgiSocket(functools.partial(print, SimpleNamespace(transport=transport)))
        assert connection.backlog() == 1
        line.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                line.send(b"x" * 65_536)
        assert connection.backlog() > 65_536


def twisted_transport(handle: socket.socket | None, cuts: list[str]) -> SimpleNamespace:
    """Return what Daphne writes to, with the names of Twisted."""

    def handle_of() -> socket.socket:
        if handle is None:
            raise AttributeError("socket")
        return handle

    return SimpleNamespace(
        bufferSize=65_536,
        getHandle=handle_of,
        abortConnection=lambda: cuts.append("abortConnection"),
        abort=lambda: cuts.append("abort"),
    )


def test_twisted_buffers_little_and_is_cut_by_its_own_name() -> None:
    cuts: list[str] = []
    with socket.socket() as line:
        transport = twisted_transport(line, cuts)
        connection = AsgiSocket(functools.partial(print, SimpleNamespace(transport=transport)))
        unsent = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
    assert (unsent, transport.bufferSize) == (1_024, 512)
    connection.abort()
    assert cuts == ["abortConnection"]


def test_a_connection_that_twisted_has_ended_has_no_socket() -> None:
    transport = twisted_transport(None, [])
    send = functools.partial(print, SimpleNamespace(transport=transport))
    assert AsgiSocket(send).backlog() == 0


class Protocol:
    """What uvicorn sends by: a method of it."""

    def __init__(self) -> None:
        self.cuts = 0
        self.transport = SimpleNamespace(abort=self._cut, get_write_buffer_size=lambda: 3)

    def _cut(self) -> None:
        self.cuts += 1

    def write_text(self, text: str) -> bool:
        return text == "frame"

    async def send(self, message: object) -> None:
        pass


def test_a_method_leads_to_its_socket_too() -> None:
    protocol = Protocol()
    connection = AsgiSocket(protocol.send)
    assert connection.backlog() == 3
    assert connection.write_now is not None
    assert [connection.write_now(text) for text in ("frame", "other")] == [True, False]
    connection.abort()
    assert protocol.cuts == 1


def test_an_unknown_server_has_no_socket_and_no_cut() -> None:
    async def send(message: object) -> None:
        pass

    connection = AsgiSocket(send)
    connection.abort()
    assert (connection.write_now, connection.backlog()) == (None, 0)
