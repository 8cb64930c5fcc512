"""Composition: reads the settings, builds engine, bus, hub and runner; starts and stops them.

The only room that reads MARKET_* settings. Called by asgi and urls (parts) and server (stop).
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Coroutine
from functools import cache
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings

from dashboard.display import MarketView
from dashboard.hub import Hub
from dashboard.identity import find_revoked
from dashboard.meter import CostMeter, in_thread
from dashboard.selectors import personal_of
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close
from feeds import control
from feeds.bus import MemoryBus
from feeds.clock import SystemClock
from feeds.engine import Engine
from feeds.runner import Runner
from feeds.selectors import read_plans
from feeds.simulator import Simulator

log = logging.getLogger(__name__)
FIRST_BACKOFF_S: Final = 0.5
LAST_BACKOFF_S: Final = 10.0
GOODBYE_S: Final = 1.0
"""How long sockets may take to hear that the server restarts."""


class Runtime:
    """Own every long-lived task of a process; idle until the first `ensure_started`."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.bus = MemoryBus()
        self.costs = CostMeter()
        self.hub = Hub(
            bus=self.bus,
            clock=self.clock,
            find_revoked=find_revoked,
            read_personal=read_personal,
            capacity=settings.MARKET_TAPE_EVENTS,
            max_seats=settings.MARKET_MAX_SUBSCRIBERS,
            heartbeat_ms=settings.MARKET_HEARTBEAT_MS,
            sweep_s=settings.MARKET_SWEEP_S,
            deadline_s=settings.MARKET_SEND_DEADLINE_S,
        )
        self.market = MarketView(self.hub)
        self.ping_s: float = settings.MARKET_PING_S
        self.requests_per_s: float = settings.MARKET_REQUESTS_PER_S
        self._runner: Runner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def read_costs(self) -> dict[str, Any]:
        """Return what the process and each transport cost so far, and when that is (UTC ms)."""
        return {"ts": self.clock.now_ms(), **self.costs.totals(self.hub.delivered)}

    def ensure_started(self) -> None:
        """Start the feed, the hub and the control plane in this loop, once."""
        if self._tasks:
            return
        parts: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (
            self.hub.run,
            self._listen,
            self._run_feed,
        )
        self._tasks = [asyncio.create_task(_supervise(part)) for part in parts]

    async def stop(self) -> None:
        """Say goodbye to every subscriber, then end every task."""
        await self.hub.close_all(Close.RESTART, within_s=GOODBYE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _run_feed(self) -> None:
        """Run a market of a new epoch: after a crash nobody can know what the old one was."""
        engine = Engine(epoch=secrets.token_hex(4), open_source=lambda plan: Simulator(plan.seed))
        self._runner = Runner(
            engine=engine,
            bus=self.bus,
            clock=self.clock,
            read_plans=sync_to_async(read_plans),
            flush_ms=settings.MARKET_FLUSH_MS,
            reconcile_s=settings.MARKET_RECONCILE_S,
        )
        await self._runner.run()

    async def _listen(self) -> None:
        await control.listen(on_feeds=self._poke_runner, on_people=self.hub.poke_people)

    def _poke_runner(self) -> None:
        if self._runner is not None:
            self._runner.poke()


@in_thread
def read_personal(user_ids: Collection[int]) -> dict[int, Personal]:
    """Return what is personal of these users, read in the database's thread."""
    return personal_of(user_ids)


@cache
def current() -> Runtime:
    """Return the runtime of this process."""
    return Runtime()


async def _supervise(part: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a part for ever: what crashes is logged and begins again, later each time."""
    backoff_s = FIRST_BACKOFF_S
    while True:
        try:
            await part()
        except Exception:
            log.exception("part crashed part=%s again_in_s=%.1f", part.__qualname__, backoff_s)
        await asyncio.sleep(backoff_s)
        backoff_s = min(LAST_BACKOFF_S, backoff_s * 2)
