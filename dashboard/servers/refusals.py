"""Answers that a server gives before the application sees a request."""

from http import HTTPStatus
from typing import Final

TEXTS: Final = {
    400: "The request is not valid HTTP.",
    408: "The request took too long.",
    413: "The request body is too large.",
    431: "The request line and headers are too large.",
    503: "The server could not answer in time.",
}


def refusal(status: int) -> bytes:
    """Return a whole response, after which the connection ends."""
    text = f"{TEXTS[status]}\n".encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "content-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(text)}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + text
