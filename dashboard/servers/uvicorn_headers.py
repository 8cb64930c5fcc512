"""Headers on uvicorn: a request that is refused for a control character is logged with its header.

Must not know what is served. The parser of uvicorn refuses such a request but cannot say why.
"""

import logging
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dashboard.servers.header_bytes import RecentBytes

log = logging.getLogger(__name__)


class NamingParser:
    """The parser of a connection, which logs the header that it stopped at."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._recent = RecentBytes()

    def feed_data(self, data: bytes) -> None:
        """Parse what has come.

        Raises:
            httptools.HttpParserError: it is no HTTP.
            httptools.HttpParserUpgrade: the connection becomes a WebSocket.
        """
        self._recent.add(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if (name := self._recent.bad_header()) is not None:
                log.warning("request refused: control character in header %s", name)
            raise

    def forget(self) -> None:
        """Begin with a new head."""
        self._recent = RecentBytes()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


class HeaderHttp(HttpToolsProtocol):
    """A connection that names the header for which it refuses a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser: Any = NamingParser(self.parser)

    def on_headers_complete(self) -> None:
        """Forget the head: what comes is a body, or the next request."""
        self.parser.forget()
        super().on_headers_complete()
