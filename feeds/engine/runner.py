"""The only loop of the market: clock -> engine -> bus, compared with the rows now and then.

Must not know subscribers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from math import inf
from typing import Protocol

from django import db

from feeds.clock import Clock
from feeds.engine.engine import Engine
from feeds.exceptions import FeedError
from feeds.market.events import Batch
from feeds.plan.plans import FeedPlan

log = logging.getLogger(__name__)
LAG_REPORT_S = 1.0
"""A loop that is later than this is logged, once per second of lag."""
BEAT_S = 1.0
"""A market without events publishes an empty batch this often, so that silence means a fault."""


class Publisher(Protocol):
    """The side of a bus that takes batches."""

    async def publish(self, batch: Batch) -> None:
        """Hand a batch to every reader."""
        ...


async def nothing_to_settle() -> None:
    """Return at once: no observer has anything to finish before a batch is published."""


class Runner:
    """Step the engine every `flush_ms`; read the rows on a poke, and every `reconcile_s`.

    `observers` see each batch before any reader. `settle` returns when the batch may be published:
    an observer may first have to store what it found. It must have a time limit of its own.

    `plans` is what the rows said last. `events` and `batches` were published so far. `lag_s` is how
    late the last step was, and `late` counts the steps that were reported as late.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        bus: Publisher,
        clock: Clock,
        read_plans: Callable[[], Awaitable[Iterable[FeedPlan]]],
        flush_ms: int,
        reconcile_s: float,
        observers: Sequence[Callable[[Batch], None]] = (),
        settle: Callable[[], Awaitable[None]] = nothing_to_settle,
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._clock = clock
        self._read_plans = read_plans
        self._flush_s = flush_ms / 1000
        self._reconcile_s = reconcile_s
        self._observers = observers
        self._settle = settle
        self._poked = asyncio.Event()
        self._wanted: list[FeedPlan] | None = None
        self.plans: list[FeedPlan] = []
        self._published_s = -inf
        self.events = self.batches = self.late = 0
        self.lag_s = 0.0

    def poke(self) -> None:
        """Compare the market with the rows at once."""
        self._poked.set()

    async def run(self) -> None:
        """Run the market until cancelled."""
        # Rows are read beside the steps, as a database may take its time. Only the stepping task
        # touches the engine and publishes, so batches cannot overtake each other.
        self.plans = self._wanted = list(await self._read_plans())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_rows())
            tasks.create_task(self._step_for_ever())

    async def _follow_rows(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._reconcile_s):
                    await self._poked.wait()
            self._poked.clear()
            try:
                self.plans = self._wanted = list(await self._read_plans())
            # The market goes on with the plans it has; the next look may succeed.
            except (db.Error, FeedError) as error:
                log.error("rows cannot be read error=%s", error)

    async def _step_for_ever(self) -> None:
        due = self._clock.monotonic()
        while True:
            await self._publish(self._reconcile())
            await self._publish(self._engine.step(self._clock.now_ms()))
            due += self._flush_s
            lag = self._clock.monotonic() - due
            self.lag_s = max(0.0, lag)
            if lag > LAG_REPORT_S:
                self.late += 1
                log.warning("feed is late lag_s=%.2f", lag)
                due += lag  # what is missed is one longer step, not many steps in a hurry
            await asyncio.sleep(max(0.0, -lag))

    def _reconcile(self) -> Batch | None:
        plans, self._wanted = self._wanted, None
        if plans is None:
            return None
        try:
            return self._engine.reconcile(plans, self._clock.now_ms())
        except FeedError as error:
            log.error("rows refused error=%s", error)
            return None

    async def _publish(self, batch: Batch | None) -> None:
        """Publish a batch; an empty one only when the last is BEAT_S ago, as a sign of life."""
        now_s = self._clock.monotonic()
        if batch is not None and (batch.events or now_s - self._published_s >= BEAT_S):
            self._published_s = now_s
            self.events += len(batch.events)
            self.batches += 1
            for observe in self._observers:  # before any reader: observers see raw ticks
                observe(batch)
            await self._settle()
            await self._bus.publish(batch)
