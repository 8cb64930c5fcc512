"""A symbol that a person may not see looks like one that does not exist, wherever it is named."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from dashboard.delivery.connection import Connection
from dashboard.people.access import Access
from dashboard.people.selectors import access_of
from dashboard.transports import gatekeeper
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.poll import PollApplication
from dashboard.wire.registry import Transport
from feeds.market.events import Phase, Side, Status, Trade
from tests.dashboard.api.conftest import Ask
from tests.support.exchange import EagerSocket, Exchange, person, quote
from tests.support.market_script import NOW, definition, listing
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HIDDEN, NONE, OPEN = "NVX", "QQQ", "OPN"
NAMES = ("{}", "{},OPN", "OPN,{}", " {}", "{},", "{},{}")
ONE = (
    ("api/v1/instruments/{}", {}),
    ("api/v1/bars", {"symbol": "{}"}),
    ("api/v1/bars", {"symbol": "{}", "interval": "1d", "corrections": 1}),
    ("udf/symbols", {"symbol": "{}"}),
    ("udf/symbols", {"symbol": "demo:{}"}),
    ("udf/history", {"symbol": "{}", "resolution": "1", "from": 0, "to": 9_999_999_999}),
    ("udf/history", {"symbol": "{}", "resolution": "1D", "from": 5, "to": 9, "countback": 3}),
    ("udf/search", {"query": "{}"}),
    ("udf/search", {"query": "", "exchange": "demo"}),
)
"""Addresses about one symbol, and those that look for some."""
MANY = ("api/v1/quotes", "api/v1/trades", "api/v1/sparklines", "udf/quotes")


@pytest.fixture
async def hidden(market: Exchange, restricted: User) -> Exchange:
    """Return a market of a hidden feed and an open one."""
    opened = type(listing(OPEN))("open", definition(OPEN), NOW)
    await market.happen(opened, Status(OPEN, Phase.OPEN, "", NOW, 1))
    await market.happen(quote(10), *(trade(symbol) for symbol in (HIDDEN, OPEN)))
    return market


def trade(symbol: str) -> Trade:
    return Trade(symbol, 12_345, 7, Side.BUY, NOW, NOW)


async def answer(ask: Ask, address: str, query: dict[str, Any], symbol: str) -> tuple[int, str]:
    """Return status and text of an answer, with a place where the symbol stands."""
    filled = {key: str(value).replace("{}", symbol) for key, value in query.items()}
    response = await ask(address.replace("{}", symbol), **filled)
    return response.status_code, response.content.decode().replace(symbol, "?")


@pytest.mark.parametrize(("address", "query"), ONE)
async def test_one_hidden_symbol_looks_like_none(hidden, ask, address, query) -> None:
    seen = await answer(ask, address, query, HIDDEN)
    assert seen == await answer(ask, address, query, NONE)
    assert "123.45" not in seen[1]
    assert "Novexa" not in seen[1]


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("address", MANY)
async def test_a_hidden_symbol_among_others_looks_like_none(hidden, ask, address, names) -> None:
    seen = await answer(ask, address, {"symbols": names}, HIDDEN)
    assert seen == await answer(ask, address, {"symbols": names}, NONE)
    status, text = seen
    assert status == 200
    named = [name for name in names.replace("{}", "?").split(",") if name]
    found = json.loads(text)
    if address == "udf/quotes":
        said = [entry["s"] for entry in found["d"]]
        assert said == ["error" if "?" in name else "ok" for name in named]
    else:
        rejected = {name: "unknown symbol" for name in named if "?" in name}
        assert found["rejected"] == rejected
        assert (OPEN in text) is (OPEN in names)


@pytest.mark.parametrize("address", MANY)
async def test_everything_leaves_hidden_symbols_out(hidden, ask, address) -> None:
    if address == "udf/quotes":
        return  # it has no word for everything
    _, text = await answer(ask, address, {"symbols": "*"}, HIDDEN)
    assert "?" not in text
    assert OPEN in text


async def connected(market: Exchange, access: Access) -> Connection:
    identity = type(person())(1, "ada", 0, None, access)
    return market.hub.join(identity, Transport.WEBSOCKET, EagerSocket())


async def reply(connection: Connection, symbol: str) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for frame in await connection.frames():
                if "rejected" in frame:
                    return frame.replace(symbol, "?")


CHANNELS = {"ticker": "{}", "trades": "{}", "bars": "{}@1m", "depth": "{}"}


@pytest.mark.parametrize("names", NAMES[:3])
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_subscription_rejects_a_hidden_symbol_like_none(
    hidden: Exchange, restricted: User, channel: str, names: str
) -> None:
    access = (await sync_to_async(access_of)([restricted.pk]))[restricted.pk]
    await hidden.settle()
    answers = []
    for symbol in (HIDDEN, NONE):
        connection = await connected(hidden, access)
        form = CHANNELS[channel]
        asked = [form.replace("{}", name.replace("{}", symbol)) for name in names.split(",")]
        params = {"channel": channel, "symbols": asked}
        connection.receive(json.dumps({"method": "subscribe", "params": params, "id": 1}))
        answers.append(await reply(connection, symbol))
    assert answers[0] == answers[1]
    assert f'"{CHANNELS[channel].replace("{}", "?")}":"unknown symbol"' in answers[0]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_poll_rejects_a_hidden_symbol_like_none(
    hidden: Exchange, restricted: User, monkeypatch, channel: str
) -> None:
    access = (await sync_to_async(access_of)([restricted.pk]))[restricted.pk]
    await hidden.settle()

    async def identify(_: dict[str, Any]) -> Any:
        return type(person())(1, "ada", 0, None, access)

    monkeypatch.setattr(gatekeeper, "identify", identify)
    application = PollApplication(
        hub=hidden.hub,
        gatekeeper=Gatekeeper(hidden.hub, requests_per_s=1000),
        read_personal=hidden.rows.read_personal,
    )
    texts = []
    for symbol in (HIDDEN, NONE):
        named = f"{CHANNELS[channel]},{CHANNELS[channel].replace('{}', OPEN)}"
        texts.append(await polled(application, channel, named.replace("{}", symbol), symbol))
    assert texts[0] == texts[1]
    assert '":"unknown symbol"' in texts[0]
    assert OPEN in texts[0]


async def polled(application: Any, channel: str, named: str, symbol: str) -> str:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def stay() -> dict[str, Any]:
        raise AssertionError

    key = "bars" if channel == "bars" else "depth" if channel == "depth" else "symbols"
    query = f"channels={channel}&{key}={named}".encode()
    scope = {"method": "GET", "query_string": query, "headers": []}
    await application(scope, stay, send)
    assert sent[0]["status"] == 200, sent
    body: str = sent[1]["body"].decode()
    return body.replace(symbol, "?")
