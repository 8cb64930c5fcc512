"""A market without news gives signs of life, and no more than these."""

import asyncio

import pytest

from feeds.clock import SystemClock
from feeds.engine import runner
from feeds.engine.engine import Engine
from feeds.engine.runner import Runner
from feeds.market.events import Batch


class Published:
    """What readers would get."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def publish(self, batch: Batch) -> None:
        self.batches.append(batch)


async def no_plans() -> list:
    return []


async def run_for(seconds: float) -> list[Batch]:
    """Run a market without instruments."""
    published = Published()
    market = Runner(
        engine=Engine(epoch="e1", open_source=lambda plan: pytest.fail(str(plan))),
        bus=published,
        clock=SystemClock(),
        read_plans=no_plans,
        flush_ms=5,
        reconcile_s=60,
    )
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
