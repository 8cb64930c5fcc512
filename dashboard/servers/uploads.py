"""Which requests may have a large body: the imports, for those who may import.

Must not know what an import is, nor who a person is.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from dashboard.network.asgi_types import Header
from dashboard.servers.limits import ConnectionLimits


async def _nobody(scope: dict[str, Any]) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True, slots=True)
class Uploads:
    """The paths of imports, and a question that is asked before the body is read."""

    paths: Collection[bytes] = ()
    admits: Callable[[dict[str, Any]], Awaitable[bool]] = _nobody

    def bound_of(self, target: bytes, length: int | None, limits: ConnectionLimits) -> int:
        """Return the most bytes of a body, more for a sender who may import.

        A body without a declared length (None) has the usual bound: its size is known too late to
        ask.
        """
        is_upload = length is not None and target.partition(b"?")[0] in self.paths
        return limits.upload_bytes if is_upload else limits.body_bytes


def declared_length(headers: Iterable[Header]) -> int | None:
    """Return the length that headers declare, None for a chunked body, 0 without a body."""
    length: int | None = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length
