"""GET /metrics for Prometheus, as a plain ASGI application: for this machine, or with a token.

Must not know what the figures mean.
"""

from ipaddress import ip_address
from secrets import compare_digest
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from dashboard.network.asgi_types import Header, Receive, Scope, Send
from dashboard.transports.http import respond

LOCAL_NAMES: Final = {"localhost", "127.0.0.1", "[::1]"}
FORWARDED: Final = {b"forwarded", b"x-forwarded-for", b"x-real-ip"}
"""Headers that a proxy adds: behind one every request comes from this machine."""
REFUSED: Final = b"Read this from the same machine, or set MARKET_METRICS_TOKEN and send it.\n"
WRONG_TOKEN: Final = b"Send the token of MARKET_METRICS_TOKEN as a bearer token.\n"
TEXT: Final[Header] = (b"content-type", b"text/plain; charset=utf-8")


class MetricsApplication:
    """Answers with all figures of a registry; without a token only this machine may read them."""

    def __init__(self, registry: CollectorRegistry, *, token: str) -> None:
        self._registry = registry
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        headers = dict(scope["headers"])
        if scope["method"] != "GET":
            await respond(send, 405, b"", [(b"allow", b"GET")])
        elif self._token and not self._has_token(headers):
            await respond(send, 401, WRONG_TOKEN, [TEXT, (b"www-authenticate", b"Bearer")])
        elif not self._token and not is_local(scope, headers):
            await respond(send, 403, REFUSED, [TEXT])
        else:
            encode, content_type = choose_encoder(headers.get(b"accept", b"").decode("latin-1"))
            body = encode(self._registry)
            await respond(send, 200, body, [(b"content-type", content_type.encode())])

    def _has_token(self, headers: dict[bytes, bytes]) -> bool:
        kind, _, token = headers.get(b"authorization", b"").partition(b" ")
        return kind.lower() == b"bearer" and compare_digest(token.strip(), self._token)


def is_local(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Say whether a request was made on this machine, and not through a proxy on it.

    A proxy that adds no header of its own passes the public host name on, or nobody could sign in.
    """
    address = (scope.get("client") or ("",))[0]
    name = headers.get(b"host", b"").decode("latin-1")
    host = name if name.endswith("]") else name.rpartition(":")[0] or name
    return _is_loopback(address) and host in LOCAL_NAMES and not FORWARDED & headers.keys()


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
