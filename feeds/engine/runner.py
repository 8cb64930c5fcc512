"""The only loop of the market: clock -> engine -> bus, compared with the rows now and then.

Must not know subscribers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from math import inf
from time import thread_time
from typing import Protocol

from django import db

from feeds.clock import Clock
from feeds.engine.engine import Engine
from feeds.engine.thinning import OVERLOAD_S, Load
from feeds.exceptions import FeedError
from feeds.market.events import Batch
from feeds.plan.plans import FeedPlan

log = logging.getLogger(__name__)
LAG_REPORT_S = 1.0
"""A loop that is later than this is logged, once per second of lag."""
REST_SHARE = 0.25
MOST_REST_S = 0.1
"""The loop rests for this share of a step's time after it: pages and sockets get their turn."""
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

    A market that cannot keep its rate says so, and makes fewer ticks before pages and sockets
    starve; `load` says how many.
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
        self._flush_ms = flush_ms
        self._reconcile_s = reconcile_s
        self._observers = observers
        self._settle = settle
        self._poked = asyncio.Event()
        self._wanted: list[FeedPlan] | None = None
        self.plans: list[FeedPlan] = []
        self._published_s = -inf
        self.events = self.batches = self.late = 0
        self.lag_s = 0.0
        self.load = Load()
        self._noted_s = self._others_s = 0.0

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
            # Cleared before the rows are read: a poke during the read leads to another look.
            self._poked.clear()
            try:
                self.plans = self._wanted = list(await self._read_plans())
            # The market goes on with the plans it has; the next look may succeed.
            except (db.Error, FeedError) as error:
                log.error("rows cannot be read error=%s", error)

    async def _step_for_ever(self) -> None:
        due = self._last_turn()
        while True:
            begun, used_before_s = self._clock.monotonic(), thread_time()
            self._others_s = 0.0
            await self._publish(self._reconcile())
            await self._publish(self._engine.step(self._clock.now_ms(), share=self.load.share))
            due += self._flush_ms / 1000
            now_s = self._clock.monotonic()
            # Readers of the same loop take time too, but mostly not because of ticks.
            used_s = thread_time() - used_before_s - self._others_s
            self._note_lag(now_s - due, self._core_share(used_s, now_s))
            rest_s = max(due - now_s, min(MOST_REST_S, REST_SHARE * (now_s - begun)))
            if now_s - due > OVERLOAD_S:
                due = self._last_turn()  # what is missed is one longer step, not many in a hurry
            await asyncio.sleep(rest_s)

    def _core_share(self, used_s: float, now_s: float) -> float:
        """Return which share of a core the market took since the last step."""
        passed_s, self._noted_s = now_s - self._noted_s, now_s
        return used_s / passed_s if passed_s > 0 else 0.0

    def _note_lag(self, lag_s: float, core: float) -> None:
        self.lag_s = max(0.0, lag_s)
        if lag_s > LAG_REPORT_S:
            self.late += 1
            log.warning("feed is late lag_s=%.2f", lag_s)
        was_over = self.load.is_over
        self.load.note(lag_s, core)
        if self.load.is_over and not was_over:
            log.warning("market cannot keep its rate, makes fewer ticks lag_s=%.2f", lag_s)
        elif was_over and not self.load.is_over:
            log.info("market keeps its rate again")

    def _last_turn(self) -> float:
        """Return when wall time was last a multiple of the time between steps (monotonic, s).

        A simulator draws whole steps of 50 ms. So with steps that begin when its steps end, no tick
        waits for the next one.
        """
        return self._clock.monotonic() - self._clock.now_ms() % self._flush_ms / 1000

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
            used_before_s = thread_time()  # others run while it settles
            try:
                await self._settle()
            finally:
                self._others_s += thread_time() - used_before_s
                # Also when the market ends meanwhile: observers have the batch, and so has the
                # state that is stored last.
                await self._bus.publish(batch)
