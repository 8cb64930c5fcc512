"""What tests of several rooms share: a hub that runs, two people, and who is poked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.contrib.auth.models import User

from feeds.bus import control
from feeds.clock import Clock, SystemClock
from tests.support.exchange import Exchange
from tests.support.market_script import listing


@pytest.fixture
def clock() -> Clock:
    """The clock of the hub; tests of what depends on the date set their own."""
    return SystemClock()


@pytest.fixture
def sweep_s() -> float:
    """How often the hub looks for connections to end; some tests say themselves when it does."""
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


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture
def pokes(monkeypatch, django_capture_on_commit_callbacks):
    """Return the users whom a call pokes on commit, which no test's transaction reaches."""
    calls = []
    monkeypatch.setattr(control, "poke_people", lambda user_ids: calls.append(user_ids))

    def collect(call, *args, **options):
        calls.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call(*args, **options)
            assert calls == [], "poked before the commit"
        return list(calls)

    return collect
