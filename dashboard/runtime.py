"""Composition: reads the settings, builds bus, hub and all tasks; starts and stops them.

Other modules get what they need as arguments; tests/laws/test_python.py lists the few that read a
setting themselves. Without Redis the feed runs in the web process. With Redis web processes only
read the market, and the feed has a process of its own.
"""

import asyncio
import logging
from collections.abc import Collection
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from prometheus_client.registry import Collector

from dashboard.deck.realism_monitor import RealismMonitor
from dashboard.deck.watch import Deck
from dashboard.delivery.hub import Hub
from dashboard.feed_tasks import FeedTasks, tell_operators
from dashboard.network.hops import Network
from dashboard.operations.alarm import Alarm, BusWatch
from dashboard.operations.exposition import MetricsApplication
from dashboard.operations.health import HealthApplication
from dashboard.operations.memory_watch import MemoryWatch
from dashboard.operations.metrics import (
    AlarmCollector,
    FeedCollector,
    HubCollector,
    MemoryCollector,
    registry_of,
)
from dashboard.operations.write_probe import WriteProbe
from dashboard.pages.market_display import MarketDisplay
from dashboard.people.forgotten_password import ResetRequests, send_links
from dashboard.people.identity import find_revoked, note_open
from dashboard.personal.selectors import personal_of
from dashboard.process.cpu_meter import CostMeter, in_thread
from dashboard.process.database_trouble import present_trouble
from dashboard.process.memory import MIB, Memory, read_memory
from dashboard.process.supervision import Part, supervise
from dashboard.reaching.courier import Courier
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.outgoing import Outgoing
from dashboard.reaching.sending import Sender
from dashboard.reaching.vapid import VapidKey
from dashboard.static_files.publishing import publish
from dashboard.static_files.serving import PREFIX, StaticFiles
from dashboard.static_files.sources import current_build, source_files, source_folders
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close
from feeds.bus import control
from feeds.bus.interface import Bus
from feeds.bus.journal import Journal
from feeds.bus.memory import MemoryBus
from feeds.bus.redis_bus import RedisBus
from feeds.clock import SystemClock
from feeds.database import with_connection, writability
from feeds.models import Feed

log = logging.getLogger(__name__)
GOODBYE_S: Final = 1.0
"""Time that sockets have to receive the news of a restart: a process that ends late is killed."""
USES_NOTED_S: Final = 60.0
"""How often open connections are looked at for the last use of their tokens."""
END_S: Final = 3.0
"""Time that the tasks of a process have to end."""


class Runtime:
    """Own every long-lived task of a web process; idle until the first `ensure_started`.

    Every command builds it, as Django's checks import the addresses. So building it must neither
    connect to anything nor need an event loop.
    """

    def __init__(self) -> None:
        self.clock = SystemClock()
        url = settings.MARKET_REDIS_URL
        self.bus: Bus = RedisBus(url, clock=self.clock) if url else _bus_in_memory()
        self.costs = CostMeter()
        self.realism_monitor = RealismMonitor()
        self.hub = Hub(
            bus=self.bus,
            clock=self.clock,
            costs=self.costs,
            find_revoked=find_revoked,
            read_personal=read_personal,
            capacity=settings.MARKET_TAPE_EVENTS,
            max_connections=settings.MARKET_MAX_SUBSCRIBERS,
            connections_per_user=settings.MARKET_CONNECTIONS_PER_USER,
            heartbeat_ms=settings.MARKET_HEARTBEAT_MS,
            sweep_s=settings.MARKET_SWEEP_S,
            deadline_s=settings.MARKET_SEND_DEADLINE_S,
            read_trouble=present_trouble,
        )
        self.market = MarketDisplay(self.hub)
        self.deck = Deck(self.hub, process=self.costs.process)
        self.ping_s: float = settings.MARKET_PING_S
        self.public_origins: tuple[str, ...] = settings.MARKET_PUBLIC_ORIGINS
        self.trusted_proxies: tuple[Network, ...] = settings.MARKET_TRUSTED_PROXIES
        # One for all transports and REST: with two each user would have two budgets of requests.
        self.gatekeeper = Gatekeeper(self.hub, requests_per_s=settings.MARKET_REQUESTS_PER_S)
        self._feed = FeedTasks(self.bus, self.clock)
        collectors: list[Collector] = [HubCollector(self.hub, self.costs)]
        if isinstance(self.bus, MemoryBus):
            self._alarm = self._feed.alarm
            collectors.append(FeedCollector(self._feed.figures))
        else:
            self._alarm = Alarm(BusWatch(self.hub).look, tell_operators)
        self._memory = MemoryWatch(memory_now, save=self.hub.save, report=self._alarm.note)
        collectors.append(MemoryCollector(self._memory))
        self.metrics = metrics_of([*collectors, AlarmCollector(self._alarm)])
        self.health = HealthApplication(self.hub, read_database=read_database)
        self.reset_requests = ResetRequests(send_links)
        self.reach_rules = reach_rules()
        self.vapid = vapid_key()
        outgoing = Outgoing(self.reach_rules, clock=self.clock)
        sender = Sender(outgoing, self.vapid, clock=self.clock)
        self._courier = Courier(sender.send, origin=next(iter(self.public_origins), ""))
        self._tasks: list[asyncio.Task[None]] = []
        self._is_stopped = False

    def read_costs(self) -> dict[str, Any]:
        """Return the CPU time of the process and each transport so far; `ts` is now (UTC ms)."""
        return {"ts": self.clock.now_ms(), **self.costs.totals(self.hub.delivered)}

    def ensure_started(self) -> None:
        """Start the hub, the control plane and, without Redis, the feed in this loop; once only."""
        if self._tasks or self._is_stopped:
            return
        # The order does not matter: the hub attaches to a bus without a market, too, and the feed
        # reads the rows when it begins, so no poke before that is missed.
        probe = WriteProbe(writability)
        parts: list[Part] = [
            *(self.hub.run, self.deck.run, self._listen, self._alarm.run, probe.run),
        ]
        parts += [self._note_uses, self._courier.run, self._memory.run]
        if isinstance(self.bus, MemoryBus):
            parts.append(self._feed.run)
        else:
            log.info("this process reads the market, manage.py runfeed runs it")
        self._tasks = [asyncio.create_task(supervise(part, clock=self.clock)) for part in parts]

    async def stop(self) -> None:
        """Close every connection with the code for a restart, then end every task for good."""
        self._is_stopped = True  # a late request must not start the market again
        await self.hub.close_all(Close.RESTART, within_s=GOODBYE_S)
        await _end(self._tasks)
        if isinstance(self.bus, RedisBus):
            await self.bus.close()

    async def _note_uses(self) -> None:
        while True:
            await asyncio.sleep(USES_NOTED_S)
            await note_open({connection.identity for connection in self.hub.connections})

    async def _listen(self) -> None:
        await control.listen(
            on_feeds=self._feed.poke,
            on_people=self._hear_of_people,
            on_disconnect=self.hub.disconnect,
        )

    def _hear_of_people(self, user_ids: list[int]) -> None:
        self.hub.poke_people(user_ids)
        self._courier.wake()


class FeedRuntime:
    """Own every long-lived task of a process that runs only the feed."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._bus = RedisBus(settings.MARKET_REDIS_URL, clock=self._clock)
        self._feed = FeedTasks(self._bus, self._clock)
        collectors = [FeedCollector(self._feed.figures), AlarmCollector(self._feed.alarm)]
        self.metrics = metrics_of(collectors)

    async def run(self, stop: asyncio.Event) -> None:
        """Run the feed until `stop` is set."""
        parts: list[Part] = [self._carry, self._listen, self._feed.alarm.run]
        tasks = [asyncio.create_task(supervise(part, clock=self._clock)) for part in parts]
        await stop.wait()
        await _end(tasks)
        await self._bus.close()

    async def _carry(self) -> None:
        await self._bus.carry(self._feed.run, self._feed.rehearse)

    async def _listen(self) -> None:
        await control.listen(on_feeds=self._feed.poke, on_people=_ignore)


def _bus_in_memory() -> MemoryBus:
    """Return the bus of a single process; what it published outlives kill -9 beside the data."""
    return MemoryBus(Journal(settings.MARKET_DATA_DIR / "journal"))


def reach_rules() -> ReachRules:
    """Return where people may have their notifications sent."""
    return ReachRules(settings.MARKET_REACH_HTTP, settings.MARKET_REACHABLE_NETWORKS)


def vapid_key() -> VapidKey:
    """Return the key of pushes; its file is made when it is first used."""
    origin = next((each for each in settings.MARKET_PUBLIC_ORIGINS if "https" in each), "")
    subject = origin or f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
    return VapidKey(settings.MARKET_VAPID_KEY_FILE, subject=subject)


def metrics_of(collectors: list[Collector]) -> MetricsApplication:
    """Return what answers Prometheus."""
    return MetricsApplication(registry_of(collectors), token=settings.MARKET_METRICS_TOKEN)


def memory_now() -> Memory | None:
    """Return the memory of which least is left."""
    return read_memory(settings.MARKET_MEMORY_LIMIT_MIB * MIB)


@in_thread
def read_personal(user_ids: Collection[int]) -> dict[int, Personal]:
    """Return watchlists and notifications by user; reads in the database's thread."""
    return personal_of(user_ids)


@sync_to_async
@with_connection
def read_database() -> None:
    """Read a row.

    Raises:
        Error: the database is away, or has no tables (of django.db).
    """
    Feed.objects.exists()


def static_files() -> StaticFiles:
    """Return what serves the files of pages; a new build is published first.

    Where nothing can be written they are served as they are, under the same addresses.
    """
    folders = source_folders()
    if settings.DEBUG:
        places = [(folder, f"{PREFIX}{prefix}") for folder, prefix in folders]
        return StaticFiles(places, is_fixed=False)
    build, root = current_build(), Path(settings.STATIC_ROOT)
    try:
        places = [(publish(build, source_files(), root), PREFIX)]
    except OSError as error:
        log.error("files of pages cannot be published, so they are larger error=%s", error)
        places = [
            (folder, f"{PREFIX}{part}{prefix}")
            for folder, prefix in folders
            for part in ("", f"{build}/")
        ]
    hsts_s = settings.SECURE_HSTS_SECONDS
    return StaticFiles([*places, (root, PREFIX)], is_fixed=True, hsts_s=hsts_s)


def is_redirected(scope: dict[str, Any]) -> bool:
    """Say whether a request comes over plain http and must not: Django redirects it."""
    return bool(settings.SECURE_SSL_REDIRECT) and scope.get("scheme") != "https"


def is_shared() -> bool:
    """Say whether several processes share one market through Redis."""
    return bool(settings.MARKET_REDIS_URL)


@cache
def current() -> Runtime:
    """Return the runtime of this process."""
    return Runtime()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=END_S)
    tasks.clear()


def _ignore(user_ids: list[int]) -> None:
    """Do nothing: the feed's process has no people."""
