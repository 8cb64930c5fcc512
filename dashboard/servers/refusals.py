"""Answers that a server gives before the application sees a request, and how they are counted.

They have the security headers of what is no page: a browser shows or caches nothing of them.
"""

from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from dashboard.network.closed_headers import CLOSED_HEADERS
from dashboard.process.refusal_reasons import RefusalReason

TEXTS: Final = {
    400: "The request is not valid HTTP.",
    403: "The connection is not permitted.",
    408: "The request took too long.",
    413: "The request body is too large.",
    431: "The request line and headers are too large.",
    500: "The server could not answer.",
    503: "The server could not answer in time.",
}
REASONS: Final = {
    400: RefusalReason.BAD_HTTP,
    408: RefusalReason.TOO_LATE,
    413: RefusalReason.BODY_TOO_LARGE,
    426: RefusalReason.BAD_HTTP,
    431: RefusalReason.HEAD_TOO_LARGE,
    503: RefusalReason.NO_HANDSHAKE,
}
"""What a status counts as; the application has counted the others itself."""
HEADERS: Final = (
    ("content-type", "text/plain; charset=utf-8"),
    ("cache-control", "no-store"),
    *CLOSED_HEADERS,
)


def text_of(status: int) -> str:
    """Return the words for a status."""
    return f"{TEXTS.get(status) or HTTPStatus(status).phrase}\n"


def refusal(status: int, more: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return a whole response, after which the connection ends."""
    text = text_of(status).encode()
    length = ("content-length", str(len(text)))
    lines = [f"{name}: {value}\r\n" for name, value in (*HEADERS, *more, length)]
    start = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{start}{''.join(lines)}connection: close\r\n\r\n".encode() + text


def count_refusal(status: int, refusals: Counter[RefusalReason]) -> None:
    """Count an answer that the server itself gave."""
    if (reason := REASONS.get(status)) is not None:
        refusals[reason] += 1
