"""What a server refuses by itself: a whole answer with all headers, the end, and a count."""

from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from urllib.request import urlopen

import pytest

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.limits import LIMITS
from tests.support.raw import frame, handshake, open_socket, open_tcp, read_to_the_end
from tests.support.security_headers import NEEDED
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


def count(served: Served, reason: RefusalReason) -> float:
    with urlopen(f"{served.url}metrics", timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    [line] = [line for line in lines if f'refusals_total{{reason="{reason}"}}' in line]
    return float(line.rpartition(" ")[2])


def ask(served: Served, request: bytes) -> tuple[int, Message]:
    """Return the status and the headers of the answer, after which the server must end it."""
    with open_tcp(served) as tcp:
        tcp.sendall(request)
        start, _, rest = read_to_the_end(tcp).partition(b"\r\n")
    return int(start.split()[1]), BytesParser().parsebytes(rest.partition(b"\r\n\r\n")[0])


def page(served: Served, line: str) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: {served.host}\r\n{line}\r\n\r\n".encode()


Make = Callable[[Served], bytes]
REFUSED: dict[str, tuple[Make, int, RefusalReason | None]] = {
    "no http": (lambda served: b"nonsense\r\n\r\n", 400, RefusalReason.BAD_HTTP),
    "control character": (
        lambda served: page(served, "X: a\x01b"), 400, RefusalReason.BAD_HTTP),
    "two lengths": (
        lambda served: page(served, "Content-Length: 1\r\nContent-Length: 2"),
        400, RefusalReason.BAD_HTTP),
    "large body": (
        lambda served: page(served, f"Content-Length: {LIMITS.body_bytes + 1}"),
        413, RefusalReason.BODY_TOO_LARGE),
    "large header": (
        lambda served: page(served, f"X: {'x' * LIMITS.head_bytes}"),
        431, RefusalReason.HEAD_TOO_LARGE),
    "many headers": (
        lambda served: page(served, "\r\n".join(["X: x"] * (LIMITS.headers + 1))),
        431, RefusalReason.HEAD_TOO_LARGE),
    "handshake without a key": (
        lambda served: handshake(served).replace(b"Sec-WebSocket-Key", b"X-Key"),
        400, RefusalReason.BAD_HTTP),
    "handshake of a foreign page": (
        lambda served: handshake(served).replace(b"Authorization", b"X-Nothing").replace(
            b"\r\n\r\n", b"\r\nOrigin: http://evil.example\r\n\r\n"),
        403, RefusalReason.FOREIGN),
    "handshake elsewhere": (
        lambda served: handshake(served).replace(b"/ws/v1/", b"/nowhere/"), 403, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_has_all_headers_and_is_counted(served: Served, kind: str) -> None:
    make, status, reason = REFUSED[kind]
    before = count(served, reason) if reason else 0
    answered, headers = ask(served, make(served))
    assert answered == status
    assert {name: headers[name] for name in NEEDED} == NEEDED
    assert headers["Connection"] == "close"
    assert headers["Cache-Control"] == "no-store"
    assert reason is None or count(served, reason) == before + 1


def test_a_flood_is_counted_once(served: Served) -> None:
    before = count(served, RefusalReason.FLOOD)
    with open_socket(served) as tcp:
        tcp.sendall(frame(9, b"") * (2 * LIMITS.frame_burst))
        read_to_the_end(tcp)
    assert count(served, RefusalReason.FLOOD) == before + 1
