"""A market without news gives signs of life, and no more than these; late steps are counted."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from feeds.clock import SystemClock
from feeds.engine import runner
from feeds.engine.engine import Engine
from feeds.engine.runner import LAG_REPORT_S, Runner
from feeds.market.events import Batch
from tests.support.waiting import PATIENCE_S, rest, until

STEP_S = 0.005


class Published:
    """What readers would get."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def publish(self, batch: Batch) -> None:
        self.batches.append(batch)


async def no_plans() -> list:
    return []


def market_of(published: Published, clock: SystemClock, **options: Any) -> Runner:
    """Return a market without instruments."""
    engine = Engine(epoch="e1", open_source=lambda plan: pytest.fail(str(plan)))
    usual = {"engine": engine, "read_plans": no_plans, "flush_ms": STEP_S * 1000}
    return Runner(bus=published, clock=clock, reconcile_s=60, **usual | options)


class JumpingClock(SystemClock):
    """A clock that once jumps ahead, as after a step that took long.

    Otherwise a step is never late, however busy the machine is: each looks at the clock four times.
    """

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.asked = 0

    def monotonic(self) -> float:
        self.asked += 1
        return self.asked * STEP_S / 4 + self.ahead_s


async def run_for(seconds: float) -> list[Batch]:
    published, clock = Published(), JumpingClock()
    market = market_of(published, clock)
    running = asyncio.create_task(market.run())
    try:
        await until(lambda: clock.asked * STEP_S / 4 > seconds)
    finally:
        running.cancel()
    return published.batches


async def test_a_silent_market_gives_a_sign_of_life_at_once_and_every_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "BEAT_S", 0.1)
    batches = await run_for(0.45)
    assert set(batches) == {Batch("e1", 1, ())}
    assert len(batches) == 5


async def test_between_beats_it_says_nothing() -> None:
    assert len(await run_for(0.3)) == 1


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


class Slow(Engine):
    """An engine without feeds whose steps are late while `busy` has entries: (lag, CPU time), s.

    With `is_between`, that time goes by when the loop turns after the step.
    """

    def __init__(
        self, clock: JumpingClock, busy: list[tuple[float, float]], *, is_between: bool
    ) -> None:
        super().__init__(epoch="e1", open_source=lambda plan: pytest.fail(str(plan)))
        self.shares: list[float] = []
        self.used_s = 0.0
        self._clock, self._busy, self._is_between = clock, busy, is_between

    def step(self, now_ms: int, *, share: float = 1.0) -> Batch:
        self.shares.append(share)
        if self._busy:
            spent = self._busy.pop(0)
            if self._is_between:
                asyncio.get_running_loop().call_soon(self._spend, *spent)
            else:
                self._spend(*spent)
        return super().step(now_ms, share=share)

    def _spend(self, lag_s: float, used_s: float) -> None:
        self._clock.ahead_s += lag_s
        self.used_s += used_s


@pytest.mark.parametrize(
    ("used_s", "is_between", "settles", "is_overload"),
    [
        (2.0, False, False, True),
        (0.1, False, False, False),
        (4.0, True, False, False),
        (4.0, True, True, False),
    ],
    ids=[
        "by its ticks",
        "by other processes",
        "by readers between steps",
        "by readers while it settles",
    ],
)
async def test_a_market_that_is_late_makes_fewer_ticks_if_these_are_the_reason(
    used_s: float,
    is_between: bool,
    settles: bool,
    is_overload: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger=runner.__name__)
    clock = JumpingClock()
    engine = Slow(clock, [(0.0, 0.0), (4.0, used_s)], is_between=is_between)
    monkeypatch.setattr(runner, "thread_time", lambda: engine.used_s)
    monkeypatch.setattr(runner, "BEAT_S", 0.0)  # so that an engine without feeds publishes, too

    async def settle() -> None:
        if settles:
            await rest(0)

    market = market_of(Published(), clock, engine=engine, settle=settle)
    running = asyncio.create_task(market.run())
    try:
        await until(lambda: len(engine.shares) > 4)
        assert engine.shares[:2] == [1.0, 1.0]
        assert (min(engine.shares) < 1) is is_overload
        await until(lambda: engine.shares[-1] == 1.0)
    finally:
        running.cancel()
    assert caplog.text.count("makes fewer ticks") == is_overload
    assert caplog.text.count("keeps its rate again") == is_overload


async def test_a_clock_that_stands_still_stops_no_market() -> None:
    class Standing(JumpingClock):
        def monotonic(self) -> float:
            self.asked += 1
            return 5.0

    clock = Standing()
    market = market_of(Published(), clock)
    running = asyncio.create_task(market.run())
    await until(lambda: clock.asked > 20 or running.done())
    assert not running.done()
    running.cancel()


async def test_the_rows_are_read_once_for_each_poke() -> None:
    looks, pokes = 0, asyncio.Semaphore(0)

    async def read_plans() -> list:
        nonlocal looks
        looks += 1
        pokes.release()
        return []

    market = market_of(Published(), SystemClock(), read_plans=read_plans)
    running = asyncio.create_task(market.run())
    async with asyncio.timeout(PATIENCE_S):
        await pokes.acquire()
        for _ in range(2):
            market.poke()
            await pokes.acquire()
    batches = market.batches
    await until(lambda: market.batches > batches)
    assert looks == 3
    running.cancel()


@pytest.mark.parametrize("how", ["stopped", "failed"])
async def test_a_batch_that_waits_is_published_when_the_market_ends(how: str) -> None:
    """Observers have it and the engine is past it, so the last state must have it, too."""
    published, waits = Published(), asyncio.Event()

    async def settle() -> None:
        waits.set()
        if how == "failed":
            raise RuntimeError("it broke")
        await asyncio.Event().wait()

    market = market_of(published, SystemClock(), settle=settle)
    running = asyncio.ensure_future(market.run())
    await waits.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(published.batches) == market.batches > 0


async def test_a_market_rests_until_its_next_step_and_at_least_a_quarter_of_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pages get their turn after a long step, but no more than 0.1 s for that."""
    rests: list[float] = []
    lasting_s = [0.25, 0.125, 0.6875, 0.2, 1.8, 0.0125]
    has_ended = asyncio.Event()

    class Clock(SystemClock):
        now_s = 1_000.125

        def monotonic(self) -> float:
            return self.now_s

        def now_ms(self) -> int:
            return int((self.now_s - 1_000) * 1_000)

    class Lasting(Engine):
        used_s = 0.0

        def step(self, now_ms: int, *, share: float = 1.0) -> Batch:
            self.used_s += lasting_s[0] / 2
            clock.now_s += lasting_s.pop(0)
            return super().step(now_ms, share=share)

    async def note(delay_s: float) -> None:
        rests.append(delay_s)
        clock.now_s += delay_s
        if not lasting_s:
            has_ended.set()
            await asyncio.Event().wait()

    clock = Clock()
    engine = Lasting(epoch="e1", open_source=lambda plan: pytest.fail(str(plan)))
    market = market_of(Published(), clock, engine=engine, flush_ms=500)
    loads: list[tuple[float, float]] = []
    market.load = SimpleNamespace(
        share=1.0, is_over=False, note=lambda lag_s, core: loads.append((lag_s, core))
    )
    monkeypatch.setattr(asyncio, "sleep", note)
    monkeypatch.setattr(runner, "thread_time", lambda: engine.used_s)
    running = asyncio.create_task(market.run())
    async with asyncio.timeout(PATIENCE_S):
        await has_ended.wait()
    running.cancel()
    # Steps should end at 1000.5, 1001, 1001.5, 1002 and 1002.5. The fifth ends at 1003.8375, which
    # is overload: what is missed is left out, and the sixth should end at 1004.
    assert rests == pytest.approx([0.125, 0.375, 0.1, 0.05, 0.1, 0.05], abs=0.002)
    lags, cores = zip(*loads, strict=True)
    assert lags == pytest.approx([-0.125, -0.375, 0.1875, -0.0125, 1.3375, -0.05], abs=0.002)
    assert cores[1:] == pytest.approx([0.25, 0.3235, 0.3333, 0.4865, 0.0556], abs=0.0001)
