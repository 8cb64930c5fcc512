"""What the transports over HTTP share: responses, errors, and noticing a reader that left.

Must not know frames. Plain ASGI beside Django: a Django view would hold a thread and a database
connection for every reader that waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec
from django import db

from dashboard.exceptions import (
    CommandRefused,
    ConnectionClosed,
    HubClosing,
    HubFull,
    TooManyConnections,
)
from dashboard.network.asgi_types import Header, Receive, Scope, Send
from dashboard.process import request_id
from dashboard.process.cpu_meter import billed
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.wire.registry import CLOSE_TEXT, Close, Error, error_object

log = logging.getLogger(__name__)

HEADERS: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of every answer. Other headers of pages mean nothing here, and would make each poll
larger."""
JSON: Final[Header] = (b"content-type", b"application/json")
STATUS_OF: Final = {
    Error.SIGNED_OUT: 401,
    Error.FORBIDDEN: 403,
    Error.TOO_MANY_COMMANDS: 429,
    Error.UNAVAILABLE: 503,
}
RETRY_AFTER_S: Final = 1


async def answer(
    scope: Scope, receive: Receive, send: Send, serve: Callable[[], Awaitable[None]]
) -> None:
    """Serve a GET until it is done or its reader left; refusals become errors of the wire."""
    if scope["method"] != "GET":
        await respond(send, 405, b"", [(b"allow", b"GET")])
        return
    serving = asyncio.ensure_future(billed(serve()))
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    except RequestRefused as refused:
        await refuse(send, refused)
    except CommandRefused as refused:
        await refuse(send, RequestRefused(Error(refused.code), str(refused)))
    except TooManyConnections as many:
        await refuse(send, RequestRefused(Error.TOO_MANY_COMMANDS, str(many)))
    except (HubClosing, HubFull) as unavailable:
        await refuse(send, RequestRefused(Error.UNAVAILABLE, str(unavailable)))
    except ConnectionClosed as closed:
        is_signed_out = closed.code == Close.SIGNED_OUT
        code = Error.SIGNED_OUT if is_signed_out else Error.UNAVAILABLE
        await refuse(send, RequestRefused(code, CLOSE_TEXT[Close(closed.code)][0]))
    except db.Error as error:
        log.error("accounts cannot be read error=%s", error)
        await refuse(send, RequestRefused(Error.UNAVAILABLE, "accounts cannot be read now"))
    except OSError:
        pass  # the reader left while we wrote
    finally:
        for task in (serving, leaving):
            task.cancel()
        # Until its own `finally` has run: only then the reader has left the hub.
        await asyncio.wait({serving})
        if not serving.cancelled():
            serving.exception()  # answered above, or nobody is there to be answered


async def refuse(send: Send, refused: RequestRefused) -> None:
    """Answer with an error of the wire."""
    status = STATUS_OF.get(refused.code, 400)
    retry = [(b"retry-after", b"%d" % RETRY_AFTER_S)] if status in (429, 503) else []
    body = msgspec.json.encode({"error": error_object(refused.code, str(refused))})
    await respond(send, status, body, [JSON, *retry])


async def respond(send: Send, status: int, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Send a whole response."""
    length = (b"content-length", b"%d" % len(body))
    all_headers = [*HEADERS, *headers, *request_id.header(), length]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
