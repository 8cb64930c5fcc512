"""What the tests of delivery share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from feeds.clock import Clock, SystemClock
from tests.support.exchange import Exchange
from tests.support.market_script import listing


@pytest.fixture
def clock() -> Clock:
    """The clock of the hub; tests of what depends on the date set their own."""
    return SystemClock()


@pytest.fixture
def sweep_s() -> float:
    """How often the hub looks for those who are to go; some tests say themselves when it does."""
    return 0.01


@pytest.fixture
async def exchange(clock: Clock, sweep_s: float) -> AsyncIterator[Exchange]:
    exchange = Exchange(clock, sweep_s)
    running = asyncio.ensure_future(exchange.hub.run())
    await asyncio.sleep(0)
    await exchange.happen(listing("NVX"), listing("ORB"))
    yield exchange
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
