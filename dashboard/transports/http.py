"""What the transports over HTTP share: who asks, what is asked, errors, and noticing who left.

Must not know frames. Plain ASGI beside Django: a Django view would hold a thread and a database
connection for every reader that waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec
from django import db

from dashboard.cpu_meter import billed
from dashboard.delivery.hub import Hub
from dashboard.delivery.rate_limit import RateLimit
from dashboard.exceptions import (
    CommandRefused,
    ConnectionClosed,
    DeliveryError,
    HubFull,
    TooManyConnections,
)
from dashboard.people.identity import Identity, identify
from dashboard.wire.query import Question, read_question
from dashboard.wire.registry import CLOSE_TEXT, ERROR_TEXT, Close, Error, error_object

log = logging.getLogger(__name__)
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

HEADERS: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
JSON: Final[Header] = (b"content-type", b"application/json")
BURST_S: Final = 3
"""Requests of so many seconds may come at once: a browser that opens its tabs again."""
IDLE_USERS: Final = 1000
"""Rate limits kept before those of users who ask no more are forgotten."""
STATUS_OF: Final = {
    Error.SIGNED_OUT: 401,
    Error.FORBIDDEN: 403,
    Error.TOO_MANY_COMMANDS: 429,
    Error.UNAVAILABLE: 503,
}
RETRY_AFTER_S: Final = 1


class RequestRefused(DeliveryError):
    """A request that is answered with an error of the wire."""

    def __init__(self, code: Error, fact: str) -> None:
        super().__init__(fact)
        self.code = code


class Gatekeeper:
    """Lets in who may ask; polls, streams, REST and UDF share the limit of a user."""

    def __init__(self, hub: Hub, *, requests_per_s: float) -> None:
        self.hub = hub
        self._per_s = requests_per_s
        self._rate_limits: dict[int, RateLimit] = {}

    async def admit(self, scope: Scope) -> tuple[Identity, Question]:
        """Return who asks, and what.

        Raises:
            RequestRefused: not signed in, a foreign page, too many requests, or a bad question.
        """
        identity = await self.let_in(scope)
        try:
            return identity, read_question(scope["query_string"], last_event_id=_last_id(scope))
        except CommandRefused as refused:
            raise RequestRefused(Error(refused.code), str(refused)) from None

    async def let_in(self, scope: Scope) -> Identity:
        """Return who asks.

        Raises:
            RequestRefused: not signed in, a foreign page, or too many requests.
        """
        identity = await identify(scope)
        if not isinstance(identity, Identity):
            code = Error.FORBIDDEN if identity.is_foreign else Error.SIGNED_OUT
            raise RequestRefused(code, ERROR_TEXT[code][0])
        if not self._rate_limit_of(identity.user_id).spend(self.hub.clock.monotonic()):
            raise RequestRefused(Error.TOO_MANY_COMMANDS, f"limit is {self._per_s:g} per second")
        return identity

    def _rate_limit_of(self, user_id: int) -> RateLimit:
        now_s = self.hub.clock.monotonic()
        if len(self._rate_limits) >= IDLE_USERS:
            known = self._rate_limits.items()
            self._rate_limits = {user: one for user, one in known if not one.is_full(now_s)}
        fresh = RateLimit(per_s=self._per_s, burst=self._per_s * BURST_S, now_s=now_s)
        return self._rate_limits.setdefault(user_id, fresh)


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
    except HubFull as full:
        await refuse(send, RequestRefused(Error.UNAVAILABLE, str(full)))
    except ConnectionClosed as closed:
        is_signed_out = closed.code == Close.SIGNED_OUT
        code = Error.SIGNED_OUT if is_signed_out else Error.UNAVAILABLE
        await refuse(send, RequestRefused(code, CLOSE_TEXT[Close(closed.code)][0]))
    except db.Error as error:
        log.error("accounts cannot be read error=%s", error)
        await refuse(send, RequestRefused(Error.UNAVAILABLE, "accounts cannot be read now"))
    except OSError:
        pass  # the reader went while we wrote
    finally:
        for task in (serving, leaving):
            task.cancel()
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
    all_headers = [*HEADERS, *headers, length]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            return bytes(value).decode("latin-1")
    return None
