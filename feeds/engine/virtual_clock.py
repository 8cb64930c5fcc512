"""A market on a virtual clock: as fast as the machine allows, and the same on every machine.

Pure. Must not know rows or buses.
"""

from collections.abc import Iterator
from typing import Final

from feeds.engine.engine import Engine
from feeds.market.events import Batch, FeedState
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import CompressedSchedule, Days
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.simulator import Simulator

START_MS: Final = 1_767_600_000_000
"""Monday 5 January 2026, 8:00 UTC, when the pre-open of the first day begins."""
BATCH_MS: Final = 400
"""Time of one batch: longer ones leave the processor's caches, shorter ones cost more calls."""


def demo_plan(
    days: Days, *, seed: int, rate: float, instruments: int, day_ms: int = 1_800_000
) -> FeedPlan:
    """Return the plan of the demo exchange: `rate` in ticks per second, days of `day_ms`."""
    return FeedPlan(
        feed="demo", name="Demo Exchange", state=FeedState.RUNNING, rate=rate, seed=seed,
        definitions=definitions(instruments), schedule=CompressedSchedule(days, START_MS, day_ms),
    )  # fmt: skip


def tape_of(plan: FeedPlan, seconds: float, *, batch_ms: int = BATCH_MS) -> Iterator[Batch]:
    """Yield the batches of so many seconds; their length changes the cuts, never the events."""
    engine = Engine(epoch="virtual", open_source=lambda plan: Simulator(plan.seed))
    yield engine.reconcile([plan], START_MS)
    yield engine.step(START_MS)
    end_ms = START_MS + round(seconds * 1000)
    for now_ms in range(START_MS + batch_ms, end_ms + batch_ms, batch_ms):
        yield engine.step(min(now_ms, end_ms))
