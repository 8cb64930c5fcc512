"""GET /healthz and /readyz, as a plain ASGI application: may this process live, may it get readers.

Must not know pages. Both are answered before anything else, so a full server still answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from django import db

from dashboard.delivery.hub import Hub
from dashboard.network.asgi_types import Receive, Scope, Send
from dashboard.transports.http import JSON, respond

DATABASE_S: Final = 2.0
"""A database that takes longer to answer counts as away."""
BUS_S: Final = 5.0
"""A market says something every second; a standby takes over within this time."""
PATHS: Final = frozenset({"/healthz", "/readyz"})


class HealthApplication:
    """Answers whether the loop turns, and whether the process has all that readers need."""

    def __init__(self, hub: Hub, *, read_database: Callable[[], Awaitable[None]]) -> None:
        self._hub = hub
        self._read_database = read_database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, b"", [(b"allow", b"GET, HEAD")])
            return
        wrong = await self.wrong() if scope["path"] == "/readyz" else {}
        body = msgspec.json.encode({"ok": not wrong, "wrong": wrong})
        await respond(send, 503 if wrong else 200, body, [JSON])

    async def wrong(self) -> dict[str, str]:
        """Return what keeps this process from serving readers, by the part it is about."""
        hub = self._hub
        wrong: dict[str, str] = {}
        if hub.is_closing:
            wrong["server"] = "is stopping"
        if not hub.replica.epoch:
            wrong["board"] = "no feed has written yet"
        elif hub.bus_age_s >= BUS_S:
            wrong["bus"] = f"brought nothing for {hub.bus_age_s:.0f} s"
        if (fact := await self._database()) is not None:
            wrong["database"] = fact
        return wrong

    async def _database(self) -> str | None:
        try:
            await asyncio.wait_for(self._read_database(), DATABASE_S)
        except TimeoutError:
            return f"did not answer within {DATABASE_S:g} s"
        except db.Error:
            return "cannot be read"
        return None
