"""Composition: reads the settings, builds engine, bus, hub and runner; starts and stops them.

The only room that reads MARKET_* settings. Called by asgi and urls (parts), servers (stop) and the
command runfeed (`FeedRuntime`). Without Redis the feed lives in the web process; with it web
processes only read, and the feed has a process of its own.
"""

import asyncio
import logging
import secrets
from collections.abc import Collection
from functools import cache
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings

from dashboard.display import MarketView
from dashboard.hub import Hub
from dashboard.identity import find_revoked
from dashboard.meter import CostMeter, in_thread
from dashboard.selectors import personal_of
from dashboard.supervision import Part, supervise
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close
from feeds import control
from feeds.bus import Bus, MemoryBus
from feeds.clock import SystemClock
from feeds.engine import Engine
from feeds.redis_bus import RedisBus
from feeds.runner import Runner
from feeds.selectors import read_plans
from feeds.simulator import Simulator

log = logging.getLogger(__name__)
GOODBYE_S: Final = 1.0
"""How long sockets may take to hear that the server restarts."""
END_S: Final = 3.0
"""How long the parts of a process may take to end."""


class Feed:
    """The market of this process: a new one after every crash."""

    def __init__(self, bus: Bus, clock: SystemClock) -> None:
        self._bus = bus
        self._clock = clock
        self._runner: Runner | None = None

    async def run(self) -> None:
        """Run a market of a new epoch: after a crash nobody can know what the old one was."""
        engine = Engine(epoch=secrets.token_hex(4), open_source=lambda plan: Simulator(plan.seed))
        self._runner = Runner(
            engine=engine,
            bus=self._bus,
            clock=self._clock,
            read_plans=sync_to_async(read_plans),
            flush_ms=settings.MARKET_FLUSH_MS,
            reconcile_s=settings.MARKET_RECONCILE_S,
        )
        await self._runner.run()

    def poke(self) -> None:
        """Compare with the rows at once."""
        if self._runner is not None:
            self._runner.poke()


class Runtime:
    """Own every long-lived task of a web process; idle until the first `ensure_started`."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        url = settings.MARKET_REDIS_URL
        self.bus: Bus = RedisBus(url, clock=self.clock) if url else MemoryBus()
        self.costs = CostMeter()
        self.hub = Hub(
            bus=self.bus,
            clock=self.clock,
            costs=self.costs,
            find_revoked=find_revoked,
            read_personal=read_personal,
            capacity=settings.MARKET_TAPE_EVENTS,
            max_seats=settings.MARKET_MAX_SUBSCRIBERS,
            seats_per_user=settings.MARKET_SEATS_PER_USER,
            heartbeat_ms=settings.MARKET_HEARTBEAT_MS,
            sweep_s=settings.MARKET_SWEEP_S,
            deadline_s=settings.MARKET_SEND_DEADLINE_S,
        )
        self.market = MarketView(self.hub)
        self.ping_s: float = settings.MARKET_PING_S
        self.requests_per_s: float = settings.MARKET_REQUESTS_PER_S
        self._feed = Feed(self.bus, self.clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_stopped = False

    def read_costs(self) -> dict[str, Any]:
        """Return what the process and each transport cost so far, and when that is (UTC ms)."""
        return {"ts": self.clock.now_ms(), **self.costs.totals(self.hub.delivered)}

    def ensure_started(self) -> None:
        """Start the hub, the control plane and, without Redis, the feed in this loop; once."""
        if self._tasks or self._is_stopped:
            return
        parts: list[Part] = [self.hub.run, self._listen]
        if isinstance(self.bus, MemoryBus):
            parts.append(self._feed.run)
        else:
            log.info("this process reads the market, manage.py runfeed runs it")
        self._tasks = [asyncio.create_task(supervise(part, clock=self.clock)) for part in parts]

    async def stop(self) -> None:
        """Say goodbye to every subscriber, then end every task for good."""
        self._is_stopped = True
        await self.hub.close_all(Close.RESTART, within_s=GOODBYE_S)
        await _end(self._tasks)
        if isinstance(self.bus, RedisBus):
            await self.bus.close()

    async def _listen(self) -> None:
        await control.listen(on_feeds=self._feed.poke, on_people=self.hub.poke_people)


class FeedRuntime:
    """Own every long-lived task of the feed's own process."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._bus = RedisBus(settings.MARKET_REDIS_URL, clock=self._clock)
        self._feed = Feed(self._bus, self._clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Run the feed until told to stop."""
        parts: list[Part] = [self._carry, self._listen]
        tasks = [asyncio.create_task(supervise(part, clock=self._clock)) for part in parts]
        await stop.wait()
        await _end(tasks)
        await self._bus.close()

    async def _carry(self) -> None:
        await self._bus.carry(self._feed.run)

    async def _listen(self) -> None:
        await control.listen(on_feeds=self._feed.poke, on_people=_ignore)


@in_thread
def read_personal(user_ids: Collection[int]) -> dict[int, Personal]:
    """Return what is personal of these users, read in the database's thread."""
    return personal_of(user_ids)


def is_shared() -> bool:
    """Say whether several processes share one market."""
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
    """The feed knows nobody."""
