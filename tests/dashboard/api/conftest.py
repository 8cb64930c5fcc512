"""The market of the tests behind the real addresses, and ada, who asks."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from dashboard import urls
from dashboard.api.charts import Charts
from dashboard.transports.gatekeeper import Gatekeeper
from feeds.models import Feed, Instrument
from tests.support.exchange import Exchange, StandingClock
from tests.support.market_script import NOW
from tests.support.tokens import make_token

Ask = Callable[..., Any]


@pytest.fixture
def clock() -> StandingClock:
    """The clock of the hub: the date is the same whenever the tests run, also across midnight."""
    return StandingClock(NOW)


@pytest.fixture
def people() -> User:
    opened_at = datetime.fromtimestamp(NOW / 1000, UTC)
    feed = Feed.objects.create(slug="demo", name="Demo", opened_at=opened_at)
    for symbol in ("NVX", "ORB"):
        Instrument.objects.create(
            feed=feed, symbol=symbol, name="Novexa", sector="Technology", reference_price=100
        )
    return User.objects.create_user("ada")


@pytest.fixture
def restricted(people: User) -> User:
    """Return ada, who may not see the market unless she is entitled to it."""
    Feed.objects.filter(slug="demo").update(is_restricted=True)
    return people


@pytest.fixture
async def market(exchange: Exchange, people: User, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """The market of the tests behind the real addresses."""
    monkeypatch.setattr(urls._api, "hub", exchange.hub)
    monkeypatch.setattr(urls._api, "gatekeeper", Gatekeeper(exchange.hub, requests_per_s=1000))
    monkeypatch.setattr(urls._api, "charts", Charts(exchange.hub))
    await exchange.settle()
    return exchange


def basic(user: User, token: str) -> str:
    return "Basic " + base64.b64encode(f"{user.username}:{token}".encode()).decode()


@pytest.fixture
def ask(market: Exchange, people: User) -> Ask:
    """GET an address as ada; return status and what was said."""
    client, authorization = AsyncClient(), basic(people, make_token(people))

    async def ask(address: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        await market.settle()
        path = f"/{address}?{urlencode(query)}"
        signed = {"authorization": authorization} | (headers or {})
        return await client.get(path, headers=signed)

    return ask
