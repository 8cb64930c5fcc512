"""What a process runs, by its settings; and that it stops once and for all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError

from dashboard import runtime as composition
from dashboard.models import Notification
from dashboard.network.hops import parse_networks
from dashboard.operations import alarm
from dashboard.people.identity import Identity
from dashboard.runtime import END_S, FeedRuntime, Runtime
from dashboard.wire.registry import Close, Transport
from feeds.bus import control
from feeds.bus.memory import MemoryBus
from feeds.bus.redis_bus import RedisBus
from feeds.engine.feed_watch import TroubleKind
from feeds.models import Feed
from feeds.plan.plans import FeedKind
from tests.support.exchange import EagerSocket, StandingClock, person
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


async def test_a_process_that_stops_waits_for_the_end_of_its_parts() -> None:
    async with started() as runtime:
        parts = list(runtime._tasks)
    assert (len(parts), [part.done() for part in parts]) == (9, [True] * 9)


async def test_a_process_that_stops_closes_its_bus(monkeypatch, settings) -> None:
    settings.MARKET_REDIS_URL = "redis://127.0.0.1:1/0"
    closed = list[RedisBus]()

    async def close(bus: RedisBus) -> None:
        closed.append(bus)

    monkeypatch.setattr(RedisBus, "close", close)
    web, feed, stop = Runtime(), FeedRuntime(), asyncio.Event()
    await web.stop()
    stop.set()
    await asyncio.wait_for(feed.run(stop), 5)
    assert closed == [web.bus, feed._bus]


async def test_a_process_that_stops_lets_its_readers_go_before_its_tasks(monkeypatch) -> None:
    seen: list[tuple[Close, float, bool]] = []

    async def close_all(close: Close, *, within_s: float) -> None:
        seen.append((close, within_s, any(task.done() for task in runtime._tasks)))

    async with started() as runtime:
        monkeypatch.setattr(runtime.hub, "close_all", close_all)
    assert seen == [(Close.RESTART, composition.GOODBYE_S, False)]


async def heard_by(process: Runtime | FeedRuntime, monkeypatch) -> dict[str, Callable[..., None]]:
    """Return what a process does when others poke it."""
    calls: dict[str, Callable[..., None]] = {}

    async def listen(**these: Callable[..., None]) -> None:
        calls.update(these)

    monkeypatch.setattr(control, "listen", listen)
    await process._listen()
    return calls


async def test_a_web_process_does_what_others_say(monkeypatch) -> None:
    runtime, pokes = Runtime(), list[str]()
    monkeypatch.setattr(runtime._feed, "poke", lambda: pokes.append("feed"))
    monkeypatch.setattr(runtime._courier, "wake", lambda: pokes.append("courier"))
    calls = await heard_by(runtime, monkeypatch)
    mine, other = (
        runtime.hub.join(person(user_id), Transport.WEBSOCKET, EagerSocket()) for user_id in (1, 2)
    )
    calls["on_disconnect"](1, "")
    assert (mine.closed, other.closed) == (Close.DISCONNECTED, None)
    calls["on_people"]([2])
    calls["on_feeds"]()
    assert (runtime.hub._people, pokes) == ({2}, ["courier", "feed"])


async def test_a_process_of_the_feed_hears_of_rows_and_of_no_people(monkeypatch, settings) -> None:
    settings.MARKET_REDIS_URL = "redis://127.0.0.1:1/0"
    runtime, pokes = FeedRuntime(), list[str]()
    monkeypatch.setattr(runtime._feed, "poke", lambda: pokes.append("feed"))
    calls = await heard_by(runtime, monkeypatch)
    assert set(calls) == {"on_feeds", "on_people"}
    calls["on_people"]([1])
    calls["on_feeds"]()
    assert pokes == ["feed"]


def test_a_process_measures_what_runs_in_it(monkeypatch, settings) -> None:
    monkeypatch.setattr(
        composition, "metrics_of", lambda collectors: [type(each).__name__ for each in collectors]
    )
    alone = Runtime().metrics
    settings.MARKET_REDIS_URL = "redis://127.0.0.1:1/0"
    assert alone == ["HubCollector", "FeedCollector", "MemoryCollector", "AlarmCollector"]
    assert Runtime().metrics == ["HubCollector", "MemoryCollector", "AlarmCollector"]
    assert FeedRuntime().metrics == ["FeedCollector", "AlarmCollector"]


async def test_metrics_need_the_token_of_the_settings(settings) -> None:
    settings.MARKET_METRICS_TOKEN = "secret"
    statuses = []

    async def send(message: dict[str, Any]) -> None:
        statuses.append(message.get("status"))

    metrics = composition.metrics_of([])
    for token in (b"other", b"secret"):
        headers = [(b"authorization", b"Bearer " + token)]
        await metrics({"type": "http", "method": "GET", "headers": headers}, None, send)
    assert statuses[::2] == [401, 200]


def test_the_hub_has_the_limits_of_the_settings(settings, monkeypatch) -> None:
    monkeypatch.setattr(composition, "present_trouble", lambda: "full")
    settings.MARKET_TAPE_EVENTS = 11
    settings.MARKET_MAX_SUBSCRIBERS = 12
    settings.MARKET_CONNECTIONS_PER_USER = 13
    settings.MARKET_HEARTBEAT_MS = 14_000
    settings.MARKET_SWEEP_S = 15
    settings.MARKET_SEND_DEADLINE_S = 16
    settings.MARKET_PUBLIC_ORIGINS = ("https://m.example",)
    runtime = Runtime()
    hub = runtime.hub
    limits = hub._capacity, hub._max_connections, hub._connections_per_user, hub._heartbeat_ms
    assert (*limits, hub._sweep_s, hub._deadline_s) == (11, 12, 13, 14_000, 15, 16)
    assert hub._read_trouble() == "full"
    assert runtime._courier._origin == "https://m.example"
    assert runtime.public_origins == ("https://m.example",)


async def test_open_connections_count_as_uses_of_their_tokens(monkeypatch) -> None:
    monkeypatch.setattr(composition, "USES_NOTED_S", 0)
    noted: list[Collection[Identity]] = []

    async def note_open(identities: Collection[Identity]) -> None:
        noted.append(identities)

    monkeypatch.setattr(composition, "note_open", note_open)
    runtime = Runtime()
    for user_id in (1, 2, 2):
        runtime.hub.join(person(user_id), Transport.WEBSOCKET, EagerSocket())
    noting = asyncio.ensure_future(runtime._note_uses())
    await until(lambda: noted)
    noting.cancel()
    assert noted[0] == {person(1), person(2)}


@pytest.mark.parametrize(
    ("origins", "subject"),
    [
        (("http://a.example", "https://b.example"), "https://b.example"),
        (("http://a.example",), "mailto:market@m.example"),
        ((), "mailto:market@m.example"),
    ],
)
def test_push_services_learn_who_runs_the_site(settings, origins, subject: str) -> None:
    settings.MARKET_PUBLIC_ORIGINS = origins
    settings.DEFAULT_FROM_EMAIL = "The market <market@m.example>"
    assert composition.vapid_key()._subject == subject


def test_the_limit_of_memory_is_a_setting_in_mib(settings) -> None:
    settings.MARKET_MEMORY_LIMIT_MIB = 1
    memory = composition.memory_now()
    assert memory is not None
    assert memory.limit == 1_048_576


@pytest.mark.parametrize(("url", "is_shared"), [("redis://127.0.0.1:1/0", True), ("", False)])
def test_a_market_with_redis_is_shared(settings, url: str, *, is_shared: bool) -> None:
    settings.MARKET_REDIS_URL = url
    assert composition.is_shared() is is_shared


@pytest.mark.django_db
async def test_rows_are_read_in_the_thread_of_the_database(monkeypatch) -> None:
    monkeypatch.setattr(
        composition, "personal_of", lambda user_ids: dict.fromkeys(user_ids, "rows")
    )
    assert await composition.read_personal([7]) == {7: "rows"}

    def fail() -> bool:
        raise OperationalError("away")

    await composition.read_database()
    monkeypatch.setattr(Feed.objects, "exists", fail, raising=False)
    with pytest.raises(OperationalError):
        await composition.read_database()


def test_costs_say_when_they_were_read_and_of_which_process() -> None:
    runtime = Runtime()
    runtime.clock = StandingClock(7)
    costs = runtime.read_costs()
    assert (costs["ts"], costs["process"]) == (7, runtime.costs.process)
    assert costs["transports"].keys() == set(Transport)


def test_addresses_inside_are_reached_as_the_settings_say(settings) -> None:
    networks = parse_networks("10.0.0.0/8")
    settings.MARKET_REACH_HTTP, settings.MARKET_REACHABLE_NETWORKS = True, networks
    assert composition.reach_rules() == (True, networks)
    settings.MARKET_REACH_HTTP, settings.MARKET_REACHABLE_NETWORKS = False, ()
    assert composition.reach_rules() == (False, ())
