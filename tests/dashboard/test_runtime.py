"""What a process runs, by its settings; and that it stops once and for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from dashboard.models import Notification
from dashboard.operations import alarm
from dashboard.runtime import END_S, FeedRuntime, Runtime
from feeds.bus.memory import MemoryBus
from feeds.engine.feed_watch import TroubleKind
from feeds.models import Feed
from feeds.plan.plans import FeedKind
from tests.support.redis_server import RedisServer
from tests.support.waiting import until, until_found


@asynccontextmanager
async def started() -> AsyncIterator[Runtime]:
    runtime = Runtime()
    runtime.ensure_started()
    yield runtime
    await runtime.stop()


def parts_of(runtime: Runtime) -> int:
    return len(runtime._tasks)


@pytest.mark.django_db(transaction=True)
async def test_without_redis_the_feed_runs_here() -> None:
    async with started() as runtime:
        await until(lambda: runtime.hub.replica.epoch)


@pytest.mark.django_db(transaction=True)
async def test_with_redis_the_feed_runs_elsewhere(settings, redis: RedisServer) -> None:
    settings.MARKET_REDIS_URL = redis.url
    stop = asyncio.Event()
    async with started() as runtime:
        assert not isinstance(runtime.bus, MemoryBus)
        assert parts_of(runtime) == 8
        feed = asyncio.ensure_future(FeedRuntime().run(stop))
        await until(lambda: runtime.hub.replica.epoch)
        stop.set()
        await asyncio.wait_for(feed, 2 * END_S)


@pytest.mark.django_db(transaction=True)
async def test_operators_hear_of_a_feed_that_draws_nothing(settings, monkeypatch) -> None:
    """An upstream feed without an upstream; all the way from the source to the row."""
    settings.MARKET_FEED_STALL_S = 0.1
    monkeypatch.setattr(alarm, "LOOK_S", 0.05)
    await sync_to_async(make_upstream_feed_and_operator)()
    async with started() as runtime:
        await until_found(Notification.objects.aexists)
        assert runtime._alarm.counts == {TroubleKind.STOPPED: 1}
    row = await Notification.objects.aget()
    assert row.title == "Feed far has stopped by itself"
    assert row.body == "no upstream is set (MARKET_UPSTREAM_URL)"


def make_upstream_feed_and_operator() -> None:
    User.objects.create_superuser("ada", password="x")
    Feed.objects.create(slug="far", name="Far", kind=FeedKind.UPSTREAM)


async def test_it_starts_once() -> None:
    async with started() as runtime:
        before = list(runtime._tasks)
        runtime.ensure_started()
        assert runtime._tasks == before


async def test_it_starts_no_more_after_its_end() -> None:
    async with started() as runtime:
        pass
    runtime.ensure_started()
    assert parts_of(runtime) == 0
    await runtime.stop()
