"""HTTP of uvicorn with bounds: bytes and headers of a request, and deadlines for its parts.

Must not know what is served. Stock uvicorn takes headers and bodies of any size, and waits for
them for ever.
"""

import asyncio
from collections import Counter
from functools import partial
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.deadlines import Deadline
from dashboard.servers.limits import LIMITS, ConnectionLimits
from dashboard.servers.refusals import HEADERS, count_refusal, refusal, text_of
from dashboard.servers.uploads import Uploads, declared_length
from dashboard.servers.uvicorn_headers import HeaderHttp


class _Refused(Exception):
    """A request that is over a bound; it leaves the parser with the status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class UvicornHttp(HeaderHttp):
    """A connection that speaks HTTP, within limits."""

    limits: ClassVar[ConnectionLimits] = LIMITS
    uploads: ClassVar[Uploads] = Uploads()
    refusals: ClassVar[Counter[RefusalReason]] = Counter()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timeout_keep_alive = self.limits.idle_s  # type: ignore[assignment]
        self._deadline = Deadline(self.loop.call_later)
        self._running: RequestResponseCycle | None = None
        self._is_refused = False
        self._is_between = True
        self._is_in_body = False
        self._head_bytes = self._body_bytes = self._unused_bytes = 0
        self._body_bound = self.limits.body_bytes

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first request its time."""
        super().connection_made(transport)
        self._deadline.start(self.limits.head_s, self._end_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the deadline of a request that will not come; tell all that their reader left."""
        self._deadline.cancel()
        self._unset_keepalive_if_required()  # uvicorn keeps it, and us, when a line breaks
        super().connection_lost(exc)
        # uvicorn tells only the newest of the requests that came at once.
        for cycle in filter(None, (self._running, *(cycle for cycle, _ in self.pipeline))):
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Parse in pieces, so that no more than a piece over a bound is ever kept."""
        if self._is_refused:
            return
        self._unset_keepalive_if_required()
        if self._is_between and not self._deadline.is_set and self._is_answered():
            self._deadline.start(self.limits.head_s, self._end_late)
        size = self.limits.head_bytes
        try:
            for start in range(0, len(data), size):
                self._feed(data[start : start + size])
        except httptools.HttpParserUpgrade:
            self._upgrade()
        except httptools.HttpParserError as error:
            # Where a callback raises, the parser raises an error of its own from it.
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, _Refused) else 400)
        except _Refused as refused:
            self._refuse(refused.status)

    def on_message_begin(self) -> None:
        """Count a new request."""
        super().on_message_begin()
        self._is_between = self._is_in_body = False
        self._head_bytes = self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, also of those after a chunked body."""
        self._count_head(len(name) + len(value))
        if len(self.headers) >= self.limits.headers:
            raise _Refused(431)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Refuse a body whose declared length is too large, and give others their time."""
        length = declared_length(self.headers)
        self._body_bound = self.uploads.bound_of(self.url, length, self.limits)
        if (length or 0) > self._body_bound:
            raise _Refused(413)
        is_upload = (length or 0) > self.limits.body_bytes
        super().on_headers_complete()
        self._is_in_body = True
        seconds = self.limits.upload_s if is_upload else self.limits.body_s
        self._deadline.start(seconds, self._end_late)

    def on_body(self, body: bytes) -> None:
        """Count the body."""
        self._body_bytes += len(body)
        self._unused_bytes = 0
        if self._body_bytes > self._body_bound:
            raise _Refused(413)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the time of a request that is here."""
        self._deadline.cancel()
        self._is_between = True
        self._unused_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, but not for one whose beginning is here."""
        super().on_response_complete()
        if not self._is_between:
            self._unset_keepalive_if_required()
            if not self._deadline.is_set:
                self._deadline.start(self.limits.head_s, self._end_late)

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection, also if its last response is not read."""
        super().timeout_keep_alive_handler()
        self._deadline.start(self.limits.body_s, self.transport.abort)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; the WebSocket has a deadline of its own."""
        self._deadline.cancel()
        super().handle_websocket_upgrade()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Ask who sends a large body before anybody reads it."""
        self._running = cycle
        # uvicorn makes the cycle itself, and its own answer has none of the headers.
        cycle.send_500_response = partial(_send_error, cycle)  # type: ignore[method-assign]
        length = declared_length(cycle.scope["headers"])
        is_upload = (length or 0) > self.limits.body_bytes
        super()._start_asgi_task(cycle, self._checked(app) if is_upload else app)

    def _checked(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if await self.uploads.admits(scope):
                await app(scope, receive, send)
            else:
                self._refuse(413)

        return serve

    def _feed(self, piece: bytes) -> None:
        self._unused_bytes += len(piece)
        self.parser.feed_data(piece)
        # Bytes that are neither body nor the end of something are kept or skipped by the parser:
        # a header, the extension of a chunk. Without this bound they could go on for ever.
        if self._unused_bytes > 2 * self.limits.head_bytes:
            raise _Refused(431)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes:
            raise _Refused(431)

    def _upgrade(self) -> None:
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        else:
            self._unsupported_upgrade_warning()

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _end_late(self) -> None:
        """End a connection whose request did not come in time; answer 408 if one has begun."""
        if self._is_between:
            self.transport.close()
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        """Answer, read on for a moment so that the answer arrives, and end."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        count_refusal(status, self.refusals)
        self._deadline.cancel()
        cycle = self.cycle
        is_speaking = cycle is not None and cycle.response_started and not cycle.response_complete
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if is_speaking:
            self.transport.abort()
            return
        # A request may be answered before its body has come; then a second answer must not follow.
        if not (self._is_in_body and self._is_answered()):
            self.transport.write(refusal(status))
        self.transport.write_eof()
        self.flow.resume_reading()
        self._deadline.start(self.limits.linger_s, self.transport.abort)


async def _send_error(cycle: RequestResponseCycle) -> None:
    """Answer 500 where the application failed before it answered."""
    text = text_of(500).encode()
    more = (("content-length", str(len(text))), ("connection", "close"))
    headers = [(name.encode(), value.encode()) for name, value in (*HEADERS, *more)]
    await cycle.send({"type": "http.response.start", "status": 500, "headers": headers})
    await cycle.send({"type": "http.response.body", "body": text, "more_body": False})
