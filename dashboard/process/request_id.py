"""The id of a request or connection: it stands in its log lines and in the header of its answer.

Must not know what is asked. A proxy may choose the id, so that its log and ours name the same.
"""

import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final

NAME: Final = b"x-request-id"
KNOWN: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
"""Ids that are taken over: nothing that could break a log line or a header."""
_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Name the request of this context, by its header if that holds a usable id."""
    sent = next((value for name, value in headers if name == NAME), b"")
    _current.set(sent.decode() if KNOWN.fullmatch(sent) else secrets.token_hex(8))


def current() -> str:
    """Return the id of the request of this context; "" outside of requests."""
    return _current.get()


def header() -> list[tuple[bytes, bytes]]:
    """Return the header that tells the id, for an answer."""
    return [(NAME, current().encode())] if current() else []


def telling(send: Any) -> Any:
    """Wrap an ASGI `send` so that the response has the id; not for responses of many messages."""

    async def send_with_id(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message.get("headers", ()), *header()]}
        await send(message)

    return send_with_id
