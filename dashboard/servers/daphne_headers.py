"""Headers on Daphne: any byte that HTTP allows arrives, and no header changes the links of pages.

Must not know what is served. Daphne refuses the byte 0x85, as autobahn would take it for the end
of a line and strip 0xa0 as a space, and its own header `Daphne-Root-Path` would be obeyed.
"""

import logging
from collections.abc import Iterable
from typing import Any, Final

from daphne.http_protocol import WebRequest
from twisted.web import http

from dashboard.network.asgi_types import Header
from dashboard.servers.header_bytes import bad_header

log = logging.getLogger(__name__)

_TROUBLE: Final = b"\x85\xa0"
"""Bytes that autobahn does not keep."""
_DISGUISE: Final = b"\x01\x02"
"""What stands for them inside Daphne: control characters, which no accepted header holds."""
_DISGUISED: Final = bytes.maketrans(_TROUBLE, _DISGUISE)
_REVEALED: Final = bytes.maketrans(_DISGUISE, _TROUBLE)
SUBPROTOCOL: Final = b"Sec-WebSocket-Protocol"
ROOT_PATH: Final = b"Daphne-Root-Path"


class HeaderChannel(http.HTTPChannel):  # type: ignore[misc]
    """A connection that refuses control characters in headers, and logs in which."""

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802 Twisted's name
        """Take a header; return whether the request may go on."""
        if (name := bad_header(line)) is not None:
            log.warning("request refused: control character in header %s", name)
            self._respondToBadRequestAndDisconnect()
            return False
        return bool(super().headerReceived(line))


class HeaderRequest(WebRequest):  # type: ignore[misc]
    """A request whose headers pass through Daphne as they came."""

    def process(self) -> Any:
        """Hand the request on, without headers that Daphne itself would act on or stumble over."""
        headers = self.requestHeaders
        headers.removeHeader(ROOT_PATH)
        if not all(value.isascii() for value in headers.getRawHeaders(SUBPROTOCOL, [])):
            headers.removeHeader(SUBPROTOCOL)  # it is no subprotocol, and none is spoken here
        for name, values in list(headers.getAllRawHeaders()):
            if any(byte in value for value in values for byte in _TROUBLE):
                headers.setRawHeaders(name, [value.translate(_DISGUISED) for value in values])
        return super().process()


def revealed(headers: Iterable[Header]) -> list[Header]:
    """Return the headers as they came, for the application."""
    return [
        (name, value.translate(_REVEALED) if any(byte in value for byte in _DISGUISE) else value)
        for name, value in headers
    ]
