"""A market without news gives signs of life, and no more than these; late steps are counted."""

import asyncio

import pytest

from feeds.clock import SystemClock
from feeds.engine import runner
from feeds.engine.engine import Engine
from feeds.engine.runner import LAG_REPORT_S, Runner
from feeds.market.events import Batch
from tests.support.waiting import until


class Published:
    """What readers would get."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def publish(self, batch: Batch) -> None:
        self.batches.append(batch)


async def no_plans() -> list:
    return []


def market_of(published: Published, clock: SystemClock) -> Runner:
    """Return a market without instruments."""
    return Runner(
        engine=Engine(epoch="e1", open_source=lambda plan: pytest.fail(str(plan))),
        bus=published,
        clock=clock,
        read_plans=no_plans,
        flush_ms=5,
        reconcile_s=60,
    )


async def run_for(seconds: float) -> list[Batch]:
    published = Published()
    market = market_of(published, SystemClock())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(market.run(), seconds)
    return published.batches


async def test_a_silent_market_gives_a_sign_of_life_at_once_and_every_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "BEAT_S", 0.1)
    batches = await run_for(0.55)
    assert set(batches) == {Batch("e1", 1, ())}
    assert 2 <= len(batches) <= 6


async def test_between_beats_it_says_nothing() -> None:
    assert len(await run_for(0.3)) == 1


class JumpingClock(SystemClock):
    """A clock that once jumps ahead, as after a step that took long."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.asked = 0

    def monotonic(self) -> float:
        self.asked += 1
        return super().monotonic() + self.ahead_s


@pytest.mark.parametrize(("jump_s", "late"), [(LAG_REPORT_S / 2, 0), (3 * LAG_REPORT_S, 1)])
async def test_a_late_step_is_counted_once_and_made_up_by_the_next(
    jump_s: float, late: int
) -> None:
    clock = JumpingClock()

    class Slow(Published):
        async def publish(self, batch: Batch) -> None:
            clock.ahead_s = jump_s

    market = market_of(Slow(), clock)
    running = asyncio.create_task(market.run())
    try:
        await until(lambda: clock.asked > 30)
    finally:
        running.cancel()
    assert market.late == late
