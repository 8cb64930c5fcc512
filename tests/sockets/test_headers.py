"""Any byte that HTTP allows in a header arrives; others are refused, and the log says where."""

import socket
from collections.abc import Callable

import pytest

from tests.support.raw import open_tcp, read_to_the_end
from tests.support.scopes import (
    ALLOWED,
    CONTROLS,
    NAMES,
    Ask,
    over_a_socket,
    over_http,
    scope_of,
    values_of,
)
from tests.support.served import Served

pytestmark = pytest.mark.slow


def read_and_close(tcp: socket.socket) -> bytes:
    with tcp:
        return read_to_the_end(tcp)


both = pytest.mark.parametrize("ask", [over_http, over_a_socket])


@both
@pytest.mark.parametrize("text", NAMES)
def test_a_name_in_utf_8_arrives(served: Served, ask: Ask, text: str) -> None:
    """Also at both ends of a value, where a careless server strips it as a space."""
    for value in (text.encode(), b"a " + text.encode() + b" b"):
        answer = ask(served, b"X-Name: " + value + b"\r\nX-Next: 1\r\n")
        assert values_of(answer, "x-name") == [value]
        assert values_of(answer, "x-next") == [b"1"]


@both
def test_every_allowed_byte_arrives(served: Served, ask: Ask) -> None:
    answer = ask(served, b"X-All: a" + ALLOWED + b"b\r\n")
    assert values_of(answer, "x-all") == [b"a" + ALLOWED + b"b"]


@both
def test_no_byte_smuggles_a_header(served: Served, ask: Ask) -> None:
    """Autobahn ends a line at 0x85."""
    answer = ask(served, b"X-Name: a\x85X-Forged: 1\r\n")
    assert values_of(answer, "x-name") == [b"a\x85X-Forged: 1"]
    assert values_of(answer, "x-forged") == []


@both
@pytest.mark.parametrize("control", CONTROLS, ids=hex)
def test_a_control_character_is_refused_and_its_header_logged(
    served: Served, ask: Ask, control: int
) -> None:
    name = f"X-Control-{ask.__name__}-{control}"
    before = len(served.log())
    answer = ask(served, name.encode() + b": a" + bytes([control]) + b"b\r\nX-Next: 1\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
    lines = [line for line in served.log()[before:].splitlines() if name in line]
    assert len(lines) == 1
    assert lines[0].isprintable()


def test_a_header_that_comes_in_pieces_is_named_too(
    served: Served, eventually: Callable[..., None]
) -> None:
    tcp = open_tcp(served)
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in (b"GET / HTTP/1.1\r\nHo", b"st: x\r\nX-Pie", b"ces: a", b"b", b"\x01\r\n\r\n"):
        tcp.sendall(piece)
    assert read_and_close(tcp).startswith(b"HTTP/1.1 400")
    eventually(lambda: "in header X-Pieces" in served.log())


@both
@pytest.mark.parametrize("value", [b"/evil", b"", b"%2Fevil", b"\xff", b"//evil.example"])
def test_a_client_cannot_move_the_site(served: Served, ask: Ask, value: bytes) -> None:
    """Daphne has a header by which a proxy may say under which path the site lies."""
    answer = ask(served, b"Daphne-Root-Path: " + value + b"\r\n")
    assert scope_of(answer)["root_path"] == ""


@pytest.mark.parametrize("name", [b"Daphne-Root-Path", b"X-Forwarded-Prefix", b"X-Script-Name"])
def test_links_stay_as_they_are(served: Served, name: bytes) -> None:
    def page(lines: bytes) -> bytes:
        tcp = open_tcp(served)
        tcp.sendall(
            b"GET /accounts/login/ HTTP/1.1\r\nConnection: close\r\n"
            + f"Host: {served.host}\r\n".encode() + lines + b"\r\n"
        )  # fmt: skip
        return read_and_close(tcp)

    answer = page(name + b": /evil\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"evil" not in answer
    assert answer.count(b"href=") == page(b"").count(b"href=")


def test_a_strange_subprotocol_opens_a_socket(served: Served) -> None:
    answer = over_a_socket(served, b"Sec-WebSocket-Protocol: \xc3\x85\r\n")
    assert answer.startswith((b"HTTP/1.1 101", b"HTTP/1.1 400"))
