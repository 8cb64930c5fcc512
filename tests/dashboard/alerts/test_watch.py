"""The alerts of a market that runs: a firing is stored before anybody sees its tick."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from dashboard.alerts import watch as watch_module
from dashboard.alerts.reading import RuleReader
from dashboard.alerts.rules import Condition, Kind
from dashboard.alerts.services import AlertFacts, Judgement, make_alert
from dashboard.alerts.watch import AlertWatch
from dashboard.models import Alert, AlertFiring
from feeds.clock import SystemClock
from feeds.market.events import Batch, Phase, Side, Status, Trade
from feeds.models import Feed, Instrument
from feeds.services.bars import close_thread
from tests.support.log_lines import lines_of
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


class SetClock(SystemClock):
    """A clock that stands until it is moved."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


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


async def test_measures_are_saved_every_two_seconds_and_again_after_a_failure(monkeypatch) -> None:
    await sync_to_async(add_alert)()
    clock, saved, answers = SetClock(), [], []

    def store(epoch: str, judgements: list[Judgement], measures: object) -> bool:
        saved.append((clock.now_s, measures is not None))
        if answers:
            raise answers.pop()
        return True

    monkeypatch.setattr(watch_module, "store_judgements", store)
    watch = AlertWatch(epoch="e", clock=clock)
    await watch.begin()
    watch.observe(Batch("e", 1, BEGIN))
    with ThreadPoolExecutor(1) as thread:
        for clock.now_s in (0, 1.9, 2, 3.9, 4, 4.1):
            answers = [OperationalError("locked")] if clock.now_s == 4 else []
            await watch._store(thread)
        await asyncio.wrap_future(thread.submit(close_thread))
    assert saved == [(0, True), (2, True), (4, True), (4.1, True)]


async def test_without_rules_nothing_is_saved(monkeypatch) -> None:
    monkeypatch.setattr(watch_module, "store_judgements", None)
    watch = AlertWatch(epoch="e", clock=SystemClock())
    await watch.begin()
    watch.observe(Batch("e", 1, BEGIN))
    with ThreadPoolExecutor(1) as thread:
        await watch._store(thread)


async def test_alerts_without_a_list_stop_and_those_whose_time_is_over_expire() -> None:
    await sync_to_async(add_alert)()
    ada = await User.objects.aget()
    end = timezone.now() - timedelta(seconds=1)
    await Alert.objects.aupdate(instrument=None)
    await Alert.objects.acreate(user=ada, revision=2, expires_at=end)
    watch = AlertWatch(epoch="e", clock=SystemClock())
    await watch.begin()
    states = [state async for state in Alert.objects.order_by("pk").values_list("state", flat=True)]
    assert states == ["stopped", "stopped"]


async def test_a_look_that_fails_is_complained_of_and_the_next_one_goes_on(
    monkeypatch, caplog
) -> None:
    caplog.set_level("INFO", watch_module.log.name)
    for name in ("LOOK_S", "RETRY_S"):
        monkeypatch.setattr(watch_module, name, 0.01)
    watch = AlertWatch(epoch="e", clock=SystemClock())
    await watch.begin()
    await sync_to_async(add_alert)()
    read, failures = RuleReader.read, [OperationalError("locked")] * 2

    def read_or_fail(reader: RuleReader) -> object:
        if failures:
            raise failures.pop()
        return read(reader)

    monkeypatch.setattr(RuleReader, "read", read_or_fail)
    async with running(watch):
        await until(lambda: watch._judge.has_rules)
        await until(lambda: not watch._trouble)
    lines = lines_of(caplog, watch_module)
    assert lines == ["alerts wait waiting=0 error=locked", "alerts are stored again"]


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
