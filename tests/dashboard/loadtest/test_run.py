"""A load test gives each reader its symbols, says why one cannot come in, and closes them all."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import msgspec
import psutil
import pytest

from dashboard.loadtest import run as module
from dashboard.loadtest.plan import Plan, Tally
from dashboard.wire.registry import Transport
from tests.support.waiting import until

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


# --- what a run reports ---------------------------------------------------------------------
class Measured(NamedTuple):
    cpu_s: float
    memory_bytes: int


async def test_memory_counts_from_before_the_readers_and_cpu_time_only_while_it_measures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    World(monkeypatch, lambda tally: None)
    readings = iter([Measured(1.0, 1_000), Measured(10.0, 7_000), Measured(30.5, 9_000)])
    monkeypatch.setattr(module, "_Usage", lambda pid: next(readings))
    report = await module.run(msgspec.structs.replace(PLAN, server_pid=7))
    assert (report.server_cpu_s, report.server_bytes_per_client) == (20.5, 2_000)


async def test_nothing_is_counted_before_and_after_the_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tallies: list[Tally] = []

    now_s, rests = [0.0], list[tuple[float, list[bool]]]()

    def stand(tally: Tally) -> None:
        tallies.append(tally)
        tally.sequence = 5 * len(tallies)
        assert not tally.is_measuring

    async def pass_on(seconds: float) -> None:
        rests.append((seconds, [tally.is_measuring for tally in tallies]))
        for tally in tallies:
            tally.sequence += round(1_000 * seconds)
        now_s[0] += seconds

    World(monkeypatch, stand)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(module.asyncio, "sleep", pass_on)
    monkeypatch.setattr(loop, "time", lambda: now_s[0])
    report = await module.run(msgspec.structs.replace(PLAN, seconds=4.0, warmup_s=2.0))
    assert rests == [(2.0, [False] * 3), (4.0, [True] * 3)]
    assert [tally.is_measuring for tally in tallies] == [False] * 3
    assert (report.seconds, report.market_ticks_per_s) == (4.0, 1_000)


def tally_of(**figures: int) -> Tally:
    tally = Tally()
    for name, figure in figures.items():
        setattr(tally, name, figure)
    return tally


def test_a_report_adds_up_what_all_readers_received() -> None:
    tallies = [
        tally_of(frames=3, updates=40, ticks=50, merged=10, requests=2, bytes_in=1_001,
                 bytes_out=20, gaps=1, reconnects=4, snapshots=5),
        tally_of(frames=4, updates=50, ticks=70, merged=20, requests=1, bytes_in=2_000,
                 bytes_out=30, gaps=2, reconnects=1, snapshots=1),
    ]  # fmt: skip
    tallies[1].ages_ms[12] = 1
    plan = msgspec.structs.replace(PLAN, clients=2, server_pid=7)
    usage = (Measured(1.0, 1_000), Measured(2.0, 1_801), Measured(3.2345, 5_000))
    report = module._report(plan, tallies, 2.004, 4_007, usage=cast(Any, usage))
    assert msgspec.to_builtins(report) == {
        "transport": "websocket", "clients": 2, "symbols": 2, "seconds": 2.0,
        "frames": 7, "updates": 90, "market_ticks_per_s": 2_000, "ticks": 120, "merged": 30,
        "requests": 3, "bytes_in": 3_001, "bytes_out": 50, "bytes_per_update": 33.3,
        "age_ms": {"p50": 12.0, "p95": 12.0, "p99": 12.0, "max": 12.0},
        "gaps": 3, "reconnects": 5, "snapshots": 6, "server_cpu_s": 1.23,
        "updates_per_cpu_s": 73, "cpu_us_per_update": 13_716.7, "server_bytes_per_client": 400,
    }  # fmt: skip


def test_a_report_without_a_process_or_updates_leaves_figures_out() -> None:
    usage = (Measured(0.0, 0), Measured(0.0, 0), Measured(0.0, 0))
    report = module._report(PLAN, [tally_of(bytes_in=7)], 1.0, 0, usage=cast(Any, usage))
    of_server = (report.server_cpu_s, report.updates_per_cpu_s, report.server_bytes_per_client)
    assert of_server == (None, None, None)
    assert (report.cpu_us_per_update, report.bytes_per_update, report.age_ms) == (None, 7.0, {})
    plan = msgspec.structs.replace(PLAN, server_pid=7)
    usage = (Measured(0.0, 0), Measured(1.0, 0), Measured(2.0, 0))
    idle = module._report(plan, [tally_of()], 1.0, 0, usage=cast(Any, usage))
    assert (idle.server_cpu_s, idle.updates_per_cpu_s, idle.cpu_us_per_update) == (1.0, 0, None)


class MadeUpProcess:
    """A process with children; one of them is gone when it is asked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def children(self, *, recursive: bool = False) -> list["MadeUpProcess"]:
        return [MadeUpProcess(pid) for pid in ((0, 200, 300) if recursive else (0, 200))]

    def cpu_times(self) -> Any:
        if not self.pid:
            raise psutil.NoSuchProcess(0)
        return SimpleNamespace(user=self.pid, system=0.5)

    def memory_info(self) -> Any:
        return SimpleNamespace(rss=1_000 * self.pid)


def test_the_usage_of_a_server_is_that_of_all_its_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psutil, "Process", MadeUpProcess)
    usage = module._Usage(7)
    assert (usage.cpu_s, usage.memory_bytes) == (508.5, 507_000)
    nothing = module._Usage(None)
    assert (nothing.cpu_s, nothing.memory_bytes) == (0.0, 0)


# --- a reader that is cut off ---------------------------------------------------------------
class RestedEnough(Exception):
    """Ends a reader that would go on for ever."""


@pytest.mark.parametrize("has_error", [True, False])
async def test_a_reader_that_was_cut_off_comes_back_after_a_rest(
    monkeypatch: pytest.MonkeyPatch, has_error: bool
) -> None:
    rests, opened, reads = list[float](), asyncio.Event(), list[int]()
    opened.set()

    class Reader(MadeUpReader):
        async def read(self, opened: asyncio.Event) -> None:
            reads.append(1)
            if has_error:
                raise OSError("cut off")

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 3:
            raise RestedEnough

    tally = Tally()
    readers = [Reader(tally, lambda _: None) for _ in range(3)]
    left = iter(readers)
    monkeypatch.setattr(module, "client_of", lambda *_: next(left))
    monkeypatch.setattr(module.asyncio, "sleep", rest)
    with pytest.raises(RestedEnough):
        await module._keep_reading(PLAN, tally, ["NVX"], asyncio.Semaphore(1), opened)
    assert (rests, len(reads), tally.reconnects) == ([1.0] * 3, 3, 3)
    assert all(reader.is_closed for reader in readers)


async def test_a_line_that_ends_before_the_first_snapshot_is_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for a snapshot that cannot come any more."""

    class Reader(MadeUpReader):
        async def read(self, opened: asyncio.Event) -> None:
            """Say nothing, and end."""

    reader = Reader(Tally(), lambda _: None)
    monkeypatch.setattr(module, "client_of", lambda *_: reader)
    async with asyncio.timeout(5):
        await module._read(PLAN, Tally(), [], asyncio.Semaphore(1), asyncio.Event())
    assert reader.is_closed


async def test_only_so_many_readers_connect_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    openings, connecting = asyncio.Semaphore(2), list[asyncio.Event]()

    class Reader(MadeUpReader):
        async def read(self, opened: asyncio.Event) -> None:
            connecting.append(opened)
            await asyncio.Event().wait()

    monkeypatch.setattr(module, "client_of", lambda *_: Reader(Tally(), lambda _: None))
    tasks = [
        asyncio.ensure_future(module._read(PLAN, Tally(), [], openings, asyncio.Event()))
        for _ in range(4)
    ]
    await until(lambda: openings.locked() and len(connecting) == 2)
    connecting[0].set()
    await until(lambda: len(connecting) == 3)
    assert openings.locked()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
