"""The alerts of a market that runs: a firing is stored before anybody sees its tick."""

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError

from dashboard.alerts import watch as watch_module
from dashboard.alerts.rules import Condition, Kind
from dashboard.alerts.services import AlertFacts, make_alert
from dashboard.alerts.watch import AlertWatch
from dashboard.models import AlertFiring
from feeds.clock import SystemClock
from feeds.market.events import Batch, Phase, Side, Status, Trade
from feeds.models import Feed, Instrument
from tests.support.market_script import NOW, listing
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
BEGIN = (listing("NVX"), Status("NVX", Phase.OPEN, "", NOW, 1))


def add_alert() -> None:
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    Instrument.objects.create(
        feed=feed, symbol="NVX", name="NVX", sector="Energy", reference_price=Decimal(10)
    )
    conditions = (Condition(Kind.ABOVE, Decimal(100)),)
    make_alert(User.objects.create_user("ada"), AlertFacts(symbol="NVX", conditions=conditions))


@asynccontextmanager
async def running(watch: AlertWatch):
    task = asyncio.create_task(watch.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def dear(first: int) -> Batch:
    return Batch("e", first, (Trade("NVX", 10_100, 1, Side.BUY, NOW),))


async def test_a_firing_is_stored_when_its_batch_may_be_published() -> None:
    await sync_to_async(add_alert)()
    watch = AlertWatch(epoch="e", clock=SystemClock())
    await watch.begin()
    async with running(watch):
        watch.observe(Batch("e", 1, BEGIN))
        await watch.settle()
        assert not await AlertFiring.objects.aexists()
        watch.observe(dear(3))
        await watch.settle()
        assert (await AlertFiring.objects.aget()).sequence == 3


async def test_a_new_alert_is_judged_soon(monkeypatch) -> None:
    monkeypatch.setattr(watch_module, "LOOK_S", 0.01)
    watch = AlertWatch(epoch="e", clock=SystemClock())
    await watch.begin()
    async with running(watch):
        watch.observe(Batch("e", 1, BEGIN))
        await sync_to_async(add_alert)()
        await until(lambda: watch._judge.has_rules)
        watch.observe(dear(3))
        await watch.settle()
        await until(watch._stored.is_set)
        assert await AlertFiring.objects.aexists()


async def test_a_database_that_is_away_holds_up_one_batch_and_loses_nothing(monkeypatch) -> None:
    await sync_to_async(add_alert)()
    is_away = asyncio.Event()
    store = watch_module.store_judgements

    def store_or_fail(*args: object) -> bool:
        if is_away.is_set():
            raise OperationalError("locked")
        return store(*args)

    monkeypatch.setattr(watch_module, "store_judgements", store_or_fail)
    monkeypatch.setattr(watch_module, "RETRY_S", 0.01)
    watch = AlertWatch(epoch="e", clock=SystemClock())
    await watch.begin()
    is_away.set()
    async with running(watch):
        watch.observe(Batch("e", 1, BEGIN))
        watch.observe(dear(3))
        await watch.settle()  # returns although nothing is stored
        assert not await AlertFiring.objects.aexists()
        is_away.clear()
        await until(watch._stored.is_set)
        assert await AlertFiring.objects.aexists()
