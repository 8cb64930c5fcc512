"""What the tests of delivery share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.exchange import Exchange
from tests.support.market_script import listing


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    exchange = Exchange()
    running = asyncio.ensure_future(exchange.hub.run())
    await asyncio.sleep(0)
    await exchange.happen(listing("NVX"), listing("ORB"))
    yield exchange
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
