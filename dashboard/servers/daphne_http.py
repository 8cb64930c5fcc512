"""HTTP of Daphne with bounds: bytes and headers of a request, and deadlines for its parts.

Must not know what is served. Stock Daphne keeps a body of any size in memory, and a byte now and
then keeps a connection open for ever.
"""

import asyncio
from typing import Any, Final

from daphne.http_protocol import HTTPFactory
from twisted.internet import reactor
from twisted.web import http

from dashboard.network.asgi_types import Receive
from dashboard.servers.daphne_headers import HeaderChannel, HeaderRequest
from dashboard.servers.deadlines import Deadline
from dashboard.servers.limits import ConnectionLimits
from dashboard.servers.refusals import count_refusal, refusal
from dashboard.servers.uploads import Uploads

PIECE_BYTES: Final = 65_536


class Spool:
    """A large body in a file: Daphne would put all of it into the queue of the application."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._is_read = False

    @property
    def closed(self) -> bool:
        """Say whether the connection is gone."""
        return bool(self._file.closed)

    def seek(self, offset: int, whence: int = 0) -> None:
        """Go to a place in the file."""
        self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002
        """Return nothing: Daphne then queues one empty message."""
        return b""

    def close(self) -> None:
        """Close the file, which removes it."""
        self._file.close()

    async def receive(self, receive: Receive) -> dict[str, Any]:
        """Return the next piece of the body, and what Daphne queued after the last."""
        if self._is_read:
            return await receive()
        if self._file.closed:
            return {"type": "http.disconnect"}
        piece = self._file.read(PIECE_BYTES)
        self._is_read = len(piece) < PIECE_BYTES
        if self._is_read:
            await receive()  # the empty message in place of the body
        return {"type": "http.request", "body": piece, "more_body": not self._is_read}


class DaphneRequest(HeaderRequest):
    """A request whose body has a bound."""

    content: Any
    spool: Spool | None = None
    _is_upload = False
    _body_bytes = 0
    _body_bound = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Django reads forms. Twisted would do it as well, in the loop and wholly in memory.
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 Twisted's name
        """Refuse a body whose declared length is too large; ask who sends a large one."""
        channel = self.channel
        self._body_bound = channel.uploads.bound_of(channel.target, length, channel.limits)
        if (length or 0) > self._body_bound:
            # With 0 Twisted makes no file for a body that nobody reads.
            super().gotLength(0)
            channel.refuse(413)
            return
        super().gotLength(length)
        self._is_upload = (length or 0) > channel.limits.body_bytes
        if self._is_upload:
            channel.hold()
            asyncio.ensure_future(self._ask(channel))  # noqa: RUF006 the channel outlives it

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 Twisted's name
        """Count the body."""
        self._body_bytes += len(data)
        if self._body_bytes > self._body_bound:
            self.channel.refuse(413)
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Hand the request to the application; a large body stays in its file."""
        if self._is_upload:
            self.content = self.spool = Spool(self.content)
        return super().process()

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:  # noqa: ARG002
        """Answer with an error, if the answer has not begun and somebody is there."""
        if self.channel is None:
            return
        if self._response_started:
            self.channel.transport.abortConnection()
        else:
            self.channel.refuse(status)

    async def _ask(self, channel: "DaphneChannel") -> None:
        """Read on if the sender may send as much; else refuse. Nothing is read meanwhile."""
        headers = [
            (name.lower(), value)
            for name, values in self.requestHeaders.getAllRawHeaders()
            for value in values
        ]
        path = channel.target.partition(b"?")[0].decode("latin-1")
        scheme = "https" if channel.isSecure() else "http"
        client = [str(getattr(channel.getPeer(), "host", "")), 0]
        scope = {
            "type": "http", "path": path, "scheme": scheme, "client": client, "headers": headers,
        }  # fmt: skip
        if await channel.uploads.admits(scope):
            channel.go_on()
        else:
            channel.refuse(413)


class DaphneChannel(HeaderChannel):
    """A connection that speaks HTTP, within limits."""

    is_refused = False

    def __init__(self, limits: ConnectionLimits, uploads: Uploads) -> None:
        super().__init__()
        self.limits = limits
        self.uploads = uploads
        self._deadline = Deadline(reactor.callLater)
        self._idle = Deadline(reactor.callLater)

    @property
    def target(self) -> bytes:
        """Return the path and query of the request that is read."""
        return bytes(getattr(self, "_path", b""))

    def connectionMade(self) -> None:  # noqa: N802 Twisted's name
        """Give the first request its time."""
        self.MAX_LENGTH = self.totalHeadersSize = self.limits.head_bytes
        self.maxHeaders = self.limits.headers
        self.timeOut = None  # Twisted's own begins again with every byte
        super().connectionMade()
        self._deadline.start(self.limits.head_s, self._end_late)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 Twisted's name
        """End the deadline of a request that will not come."""
        self._deadline.cancel()
        self._idle.cancel()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 Twisted's name
        """Give a request its time from its first byte on."""
        if self.is_refused:
            return
        if self._idle.is_set:
            self._idle.cancel()
            self._deadline.start(self.limits.head_s, self._end_late)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> bool:  # noqa: N802 Twisted's name
        """Read a line; return whether the request is refused, and no other line counts."""
        if not self.is_refused:
            super().lineReceived(line)
        return self.is_refused

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802 Twisted's name
        """Read a part of a body, unless the request was refused."""
        if not self.is_refused:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:  # noqa: N802 Twisted's name
        """Give the body its time."""
        self._deadline.start(self.limits.body_s, self._end_late)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802 Twisted's name
        """End the time of a request that is here."""
        if self.is_refused:
            return
        self._deadline.cancel()
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802 Twisted's name
        """Wait for the next request, whose beginning may be here already."""
        if self.persistent:
            self._idle.start(self.limits.idle_s, self.timeoutConnection)
        super().requestDone(request)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 Twisted's name
        """Refuse a line that does not end."""
        self.refuse(431)

    def hold(self) -> None:
        """Read no more until somebody says that the request may go on."""
        self._deadline.start(self.limits.upload_s, self._end_late)
        self._networkProducer.pauseProducing()

    def go_on(self) -> None:
        """Read the body of a request that was held."""
        if not self.is_refused and self.transport.connected:
            self._networkProducer.resumeProducing()

    def refuse(self, status: int) -> None:
        """Answer, read on for a moment so that the answer arrives, and end."""
        if self.is_refused or not self.transport.connected:
            return
        self.is_refused = True
        count_refusal(status, self.factory.server.refusals)
        self._networkProducer.unregisterProducer()
        self.transport.write(refusal(status))
        self.transport.loseWriteConnection()
        self._networkProducer.resumeProducing()
        self._deadline.start(self.limits.linger_s, self.transport.abortConnection)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802 Twisted's name
        is_large = (
            self._receivedHeaderSize > self.totalHeadersSize
            or self._receivedHeaderCount > self.maxHeaders
        )
        self.refuse(431 if is_large else 400)

    def _send100Continue(self) -> None:  # noqa: N802 Twisted's name
        if not self.is_refused:
            super()._send100Continue()

    def _end_late(self) -> None:
        """End a connection whose request did not come in time; answer 408 if one has begun."""
        if self.requests or self._buffer:
            self.refuse(408)
        else:
            self.timeoutConnection()


class DaphneFactory(HTTPFactory):  # type: ignore[misc]
    """Builds connections with limits."""

    def __init__(self, server: Any, *, limits: ConnectionLimits, uploads: Uploads) -> None:
        super().__init__(server)
        self._limits = limits
        self._uploads = uploads

    def protocol(self) -> Any:
        """Return a connection, as Twisted wraps it."""
        return http._GenericHTTPChannelProtocol(DaphneChannel(self._limits, self._uploads))

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 Twisted's name
        """Return a connection that makes our requests."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = DaphneRequest
        return protocol


def spooled(application: Any) -> Any:
    """Return an application that reads large bodies from their files."""

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        spool = getattr(send.args[0], "spool", None)
        if spool is None:
            await application(scope, receive, send)
        else:
            await application(scope, lambda: spool.receive(receive), send)

    return serve
