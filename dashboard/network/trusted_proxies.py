"""What every request passes first: the client's address and scheme, from trusted proxies only.

Must not know the application behind it. It is the same on every server, for HTTP and WebSockets, so
the servers' own ways to read these headers are switched off.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from dashboard.network.asgi_types import Scope
from dashboard.network.hops import ForwardedClient, Network, client_behind

ASGIApplication = Callable[[Scope, Any, Any], Awaitable[None]]

SCHEMES: Final = {"http": ("http", "https"), "websocket": ("ws", "wss")}
"""The schemes of both kinds of connection, without TLS and with it."""
CLAIMS: Final = frozenset({b"forwarded", b"x-real-ip", b"daphne-root-path"})
"""Headers by which a client could claim to be elsewhere; all of X-Forwarded-* are claims, too."""


class TrustedProxies:
    """An application that sees the true client and scheme, and no header that claims another."""

    def __init__(self, application: ASGIApplication, networks: Sequence[Network]) -> None:
        self._application = application
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] in SCHEMES:
            scope = seen_through(scope, self._networks)
        await self._application(scope, receive, send)


def seen_through(scope: Scope, networks: Sequence[Network]) -> Scope:
    """Return the scope with the client's own address and scheme, and without claims."""
    headers = scope["headers"]
    peer = (scope.get("client") or ("",))[0]
    client = client_behind(peer, headers, networks) if networks else None
    kept = [header for header in headers if not _is_claim(header[0])]
    return scope | {"headers": kept} | (_facts(scope["type"], client) if client else {})


def _facts(kind: str, client: ForwardedClient) -> Scope:
    """Return what a scope says of a client; its port is unknown."""
    facts: Scope = {"client": [client.address, 0]}
    if client.is_secure is not None:
        facts["scheme"] = SCHEMES[kind][client.is_secure]
    return facts


def _is_claim(name: bytes) -> bool:
    # Some servers treat the underscore as a hyphen, so a claim could be spelled with it.
    plain = name.replace(b"_", b"-")
    return plain in CLAIMS or plain.startswith(b"x-forwarded-")
