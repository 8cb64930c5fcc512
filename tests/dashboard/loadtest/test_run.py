"""A load test gives each reader its symbols, says why one cannot come in, and closes them all."""

import asyncio
from collections.abc import Callable

import pytest

from dashboard.loadtest import run as module
from dashboard.loadtest.plan import Plan, Tally
from dashboard.wire.registry import Transport

PLAN = Plan(
    url="http://127.0.0.1:1", user="ada", token="t", transport=Transport.WEBSOCKET,
    clients=3, symbols=2, seconds=0.0, warmup_s=0.0,
)  # fmt: skip


class MadeUpReader:
    """A reader that does what a test wants when it reads."""

    def __init__(self, tally: Tally, read: Callable[[Tally], None]) -> None:
        self._tally, self._read = tally, read
        self.is_closed = False

    async def read(self, opened: asyncio.Event) -> None:
        self._read(self._tally)
        opened.set()
        await asyncio.Event().wait()

    def close(self) -> None:
        self.is_closed = True


class World:
    """The readers of a run, each with its symbols."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, read: Callable[[Tally], None]) -> None:
        self.readers: list[MadeUpReader] = []
        self.chosen: list[list[str]] = []
        self._read = read
        monkeypatch.setattr(module, "catalogue", self._catalogue)
        monkeypatch.setattr(module, "client_of", self._open)
        monkeypatch.setattr(module, "RETRY_S", 0.0)

    async def _catalogue(self, plan: Plan) -> list[str]:
        return ["NVX", "ORB", "ZED"]

    def _open(self, plan: Plan, tally: Tally, symbols: list[str]) -> MadeUpReader:
        self.chosen.append(symbols)
        self.readers.append(MadeUpReader(tally, self._read))
        return self.readers[-1]


async def test_every_reader_has_its_symbols_the_same_in_each_run_and_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worlds = []
    for _ in range(2):
        worlds.append(World(monkeypatch, lambda tally: None))
        report = await module.run(PLAN)
        assert (report.clients, report.reconnects) == (3, 0)
    first, second = worlds
    assert first.chosen == second.chosen
    assert [len(set(symbols)) for symbols in first.chosen] == [2] * 3
    assert [reader.is_closed for reader in first.readers] == [True] * 3


async def test_a_reader_that_never_came_in_ends_the_run_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(tally: Tally) -> None:
        raise OSError("the server answered 401")

    world = World(monkeypatch, refuse)
    with pytest.raises(ExceptionGroup) as caught:
        await module.run(PLAN)
    assert caught.group_contains(OSError, match="401")
    assert all(reader.is_closed for reader in world.readers)
