"""Which bytes a header value may hold: all but control characters (RFC 9110, section 5.5).

Pure. Bytes from 0x80 on belong to names in UTF-8, which authenticating proxies send.
"""

import re
from typing import Final

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LINE: Final = re.compile(rb"([-!#$%&'*+.^_`|~0-9a-zA-Z]{1,100}):(.*)", re.DOTALL)
RECENT_BYTES: Final = 16_384


def bad_header(line: bytes) -> str | None:
    """Return the name of a header whose value holds a control character; None if it is well."""
    found = _LINE.fullmatch(line.removesuffix(b"\r"))
    if found is None or not _CONTROL.search(found[2]):
        return None
    return found[1].decode("ascii")


class RecentBytes:
    """The newest bytes of a request, to name the header that a parser stopped at."""

    def __init__(self) -> None:
        self._bytes = b""

    def add(self, data: bytes) -> None:
        """Keep what has just come, and as much before it as a header can be long."""
        self._bytes = (self._bytes + data)[-RECENT_BYTES:]

    def bad_header(self) -> str | None:
        """Return the name of the first header with a control character, if there is one."""
        head = self._bytes.partition(b"\r\n\r\n")[0]
        return next(filter(None, map(bad_header, head.split(b"\r\n"))), None)
