"""When a writer of checkpoints writes, what it hands on, and when it lets go of what was kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django import db

from feeds.engine.checkpoint import Checkpoint, FeedCheckpoint
from feeds.market.board import Board
from feeds.market.events import FeedState
from feeds.services import checkpoints
from feeds.services.bar_queue import BarQueue
from feeds.services.bars import ClosedBar
from feeds.services.checkpoints import LOOK_S, CheckpointWriter

RUNNING = {"demo": FeedCheckpoint(FeedState.RUNNING, None, None)}
NOTHING: dict[str, FeedCheckpoint] = {}
EVERY_S = 2.0


class Ended(Exception):
    """The writer wants to wait longer than the test goes."""


class Day:
    """A day of the certificate, of which the writer only knows feed and number."""

    def __init__(self, number: int) -> None:
        self.feed, self.day = "demo", number


class World:
    """All that a writer needs: it notes what the writer does, and moves the clock as it waits."""

    def __init__(
        self, *states: Mapping[str, FeedCheckpoint], answers: Sequence[bool | None] = ()
    ) -> None:
        self.done: list[object] = []
        self.waits: list[float] = []
        self.days: list[list[int]] = []
        self._states, self._answers = list(states), list(answers)
        self._now_s = 100.0

    # --- clock ---
    def now_ms(self) -> int:
        return 7

    def monotonic(self) -> float:
        return self._now_s

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._now_s += seconds
        if not self._states:
            raise Ended

    # --- what the writer asks ---
    def state(self) -> Mapping[str, FeedCheckpoint]:
        return self._states.pop(0)

    def changed(self) -> list[Any]:
        self.done.append("days")
        return [Day(len(self.done))]

    def prepare_part(self) -> None:
        self.done.append("prepare")

    def begin_part(self) -> int:
        self.done.append("begin")
        return 40 + self.done.count("begin")

    def forget_before(self, part: int) -> None:
        self.done.append(part)

    def store(
        self,
        epoch: str,
        checkpoint: Checkpoint | None,
        _bars: Sequence[ClosedBar],
        days: Sequence[Any],
    ) -> bool:
        assert epoch == "e1"
        assert checkpoint is not None
        assert (checkpoint.saved_ms, checkpoint.epoch) == (7, "e1")
        self.done.append("store")
        self.days.append([day.day for day in days])
        answer = self._answers.pop(0) if self._answers else True
        if answer is None:
            raise db.OperationalError("database is locked")
        return answer

    def writer(self, drawn: Callable[[], int] = int) -> CheckpointWriter:
        return CheckpointWriter(
            epoch="e1", clock=self, state=self.state, board=Board, drawn=drawn,  # type: ignore[arg-type]
            bars=BarQueue(), realism=self, kept=self, store=self.store, every_s=EVERY_S,  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], None]:
    """Return what lets the writers of a world wait by its clock."""
    return lambda world: monkeypatch.setattr(checkpoints.asyncio, "sleep", world.wait)


async def run(world: World, waits: Callable[[World], None]) -> None:
    waits(world)
    with pytest.raises(Ended):
        await world.writer().run()


async def test_a_market_that_has_not_begun_is_asked_often_and_writes_nothing(waits) -> None:
    world = World(NOTHING, NOTHING, RUNNING)
    await run(world, waits)
    assert world.waits == [LOOK_S, LOOK_S, EVERY_S]
    assert world.done == ["prepare"] * 3 + ["days", "begin", "store", 41]


async def test_what_was_kept_goes_only_when_the_checkpoint_is_stored(waits) -> None:
    """Neither after an error of the database, nor when another market has taken over."""
    world = World(*[RUNNING] * 4, answers=[True, None, False, True])
    await run(world, waits)
    assert world.waits == [EVERY_S] * 4
    assert world.done == [
        *("prepare", "days", "begin", "store", 41),
        *("prepare", "begin", "store"),
        *("prepare", "begin", "store"),
        *("prepare", "begin", "store", 44),
    ]


async def test_days_of_the_certificate_are_written_every_ten_seconds(waits) -> None:
    world = World(*[RUNNING] * 7)
    await run(world, waits)
    assert [bool(days) for days in world.days] == [True, *[False] * 4, True, False]


async def test_days_that_could_not_be_written_come_with_the_next_checkpoint(waits) -> None:
    world = World(*[RUNNING] * 3, answers=[None, True, True])
    await run(world, waits)
    assert world.days == [[2], [2], []]


async def test_at_its_end_a_market_writes_the_days_in_any_case(waits) -> None:
    world = World(RUNNING, RUNNING)
    waits(world)
    writer = world.writer()
    assert await writer._write(world.monotonic())
    await writer.end()
    assert [bool(days) for days in world.days] == [True, True]
