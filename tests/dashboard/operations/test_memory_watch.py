"""The watch gives up what the memory asks for, and operators hear of a shortage once."""

import asyncio
import threading

import pytest

from dashboard.delivery.saving import Saving
from dashboard.operations import memory_watch
from dashboard.operations.memory_watch import MemoryWatch
from dashboard.operations.metrics import MemoryCollector
from dashboard.process.memory import Memory
from feeds.engine.feed_watch import Trouble, TroubleKind
from tests.support.metrics import samples
from tests.support.waiting import until

MIB = 2**20


class Watched:
    """A watch, and what it said."""

    def __init__(self, *percents: int | None) -> None:
        self._percents = list(percents)
        self.saved: list[Saving] = []
        self.troubles: list[Trouble] = []
        self.watch = MemoryWatch(self._read, save=self.saved.append, report=self.troubles.append)

    def _read(self) -> Memory | None:
        percent = self._percents.pop(0)
        return None if percent is None else Memory(percent * MIB, 100 * MIB, "the machine")

    def look(self) -> "Watched":
        """Look as often as there is something to read."""
        while self._percents:
            self.watch.look(self._read())
        return self


def test_each_step_comes_and_goes_once() -> None:
    watched = Watched(50, 91, 92, 96, 91, 89, 86, 84, 50).look()
    assert watched.saved == [Saving.RATES, Saving.READERS, Saving.RATES, Saving.NOTHING]


def test_operators_hear_of_each_shortage_once() -> None:
    watched = Watched(91, 96, 91, 99, 50).look()
    [trouble] = watched.troubles
    assert trouble.kind is TroubleKind.MEMORY
    assert "the machine has 9 MiB left" in trouble.fact
    assert len(Watched(91, 50, 91).look().troubles) == 2


async def test_the_memory_is_read_again_and_again_outside_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_watch, "LOOK_S", 0.0)
    readers: list[threading.Thread] = []
    saved: list[Saving] = []

    def read() -> Memory:
        readers.append(threading.current_thread())
        return Memory((91 if len(readers) == 1 else 96) * MIB, 100 * MIB, "the machine")

    watch = MemoryWatch(read, save=saved.append, report=lambda _: None)
    running = asyncio.ensure_future(watch.run())
    await until(lambda: len(saved) == 2)
    running.cancel()
    await asyncio.wait({running})
    assert saved == [Saving.RATES, Saving.READERS]
    assert watch.share == 0.96
    assert threading.current_thread() not in readers


def test_where_nothing_is_known_nothing_is_given_up() -> None:
    watched = Watched(None, None).look()
    assert (watched.saved, watched.watch.share) == ([], 0.0)


def test_the_steps_are_logged_and_measured(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(96).look()
    assert "memory saving=readers share=0.96" in caplog.text
    read = samples(MemoryCollector(watched.watch))
    assert read == {"market_memory_share": 0.96, "market_memory_saving": 2}
