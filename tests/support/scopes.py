"""What a server hands to the application, as the census server tells it: headers byte by byte."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.raw import handshake, open_tcp, read_to_the_end
from tests.support.served import Served

NAMES = ["Å", "naïve", "…", "\u00a0", "\u0085", "日本", "à"]
"""Texts whose UTF-8 has bytes that some servers take for ends of lines or for spaces."""
ALLOWED = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
CLOSE = b"\x88\x02\x03\xe8"
CONTROLS = [*range(0x09), *range(0x0A, 0x20), 0x7F]
Ask = Callable[[Served, bytes], bytes]


def over_http(served: Served, lines: bytes) -> bytes:
    """Ask for the scope of a request; return the response."""
    tcp = open_tcp(served)
    tcp.sendall(b"GET /scope/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n")
    with tcp:
        return read_to_the_end(tcp)


def over_a_socket(served: Served, lines: bytes) -> bytes:
    """Ask for the scope of a WebSocket; return the response and the frames."""
    tcp = open_tcp(served)
    request = handshake(served).replace(b"/ws/v1/", b"/scope/")
    tcp.sendall(request.removesuffix(b"\r\n") + lines + b"\r\n")
    answer = b""
    with tcp:
        while not answer.endswith(CLOSE) and (piece := tcp.recv(65_536)):
            answer += piece
    return answer


def scope_of(answer: bytes) -> dict[str, Any]:
    """Return the scope in an answer: the JSON in its body or frame."""
    return json.loads(answer[answer.index(b'{"') : answer.rindex(b"}") + 1])


def values_of(answer: bytes, name: str) -> list[bytes]:
    """Return the values of a header in an answer."""
    headers = scope_of(answer)["headers"]
    return [value.encode("latin-1") for key, value in headers if key == name]
