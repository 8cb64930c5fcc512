"""What the endpoints of REST and UDF share: the hub, the charts, and who may ask.

Must not know what is asked.
"""

from typing import Any, cast

from django import db
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from dashboard.api.charts import Charts
from dashboard.delivery.hub import Hub
from dashboard.people.access import Access, Scope
from dashboard.people.identity import Identity
from dashboard.transports.gatekeeper import Gatekeeper, RequestRefused
from dashboard.wire.registry import Error
from feeds.market.events import FeedStatus


class ApiContext:
    """The board of the hub, its bars, and the gatekeeper of all transports."""

    def __init__(self, hub: Hub, gatekeeper: Gatekeeper, charts: Charts) -> None:
        self.hub = hub
        self.gatekeeper = gatekeeper
        self.charts = charts

    async def admit(self, request: HttpRequest) -> Access:
        """Return what the user may see; runs before any parameter is looked at.

        Raises:
            RequestRefused: not signed in, a foreign page, too many requests, a token without the
                scope, or no market yet.
        """
        identity = await identity_of(request, self.gatekeeper)
        if Scope.REST not in identity.scopes:
            fact = f"this token does not have the scope {Scope.REST}"
            raise RequestRefused(Error.FORBIDDEN, fact)
        if not self.hub.replica.epoch:
            raise RequestRefused(Error.UNAVAILABLE, "the market has not begun")
        return identity.access

    def feeds(self, access: Access) -> list[FeedStatus]:
        """Return the feeds that the user sees, delayed ones as they were then."""
        return access.feeds_of(self.hub.replica.board)

    def exchange_ms(self, access: Access) -> int:
        """Return the time of the bars (exchange time, UTC ms): the foremost of several clocks.

        Charts ask for bars up to this time. A clock that is behind would hide the newest bars, and
        one that is ahead hides none.
        """
        now_ms = self.hub.clock.now_ms()
        return max((feed.exchange_at(now_ms) for feed in self.feeds(access)), default=now_ms)

    def position(self, access: Access) -> str:
        """Return the present position of the market, as a program with this access knows it."""
        return str(access.to_reader(self.hub.replica.position))


async def identity_of(request: HttpRequest, gatekeeper: Gatekeeper) -> Identity:
    """Return who asks, by session or token.

    Raises:
        RequestRefused: not signed in, a foreign page, too many requests, or no database.
    """
    try:
        return await gatekeeper.let_in(dict(cast(ASGIRequest, request).scope))
    except db.Error:
        raise RequestRefused(Error.UNAVAILABLE, "accounts cannot be read now") from None


def access_of(request: HttpRequest) -> Access:
    """Return what the user of an admitted request may see."""
    access: Access = cast(Any, request).auth
    return access
