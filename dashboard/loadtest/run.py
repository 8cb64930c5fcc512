"""Run a load test: open the readers of a plan, measure for a while, and report.

Must not know Django or how the server is built.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

import psutil

from dashboard.loadtest.clients import catalogue, client_of
from dashboard.loadtest.plan import Plan, Report, Tally, percentiles

OPEN_AT_ONCE = 20
"""Handshakes at the same time: with more, the test would measure the rush at its start."""
RETRY_S = 1.0


async def run(plan: Plan) -> Report:
    """Open the readers, let them warm up, measure, and return the report.

    Raises:
        OSError: the server cannot be reached, or refuses the token.
    """
    symbols = await catalogue(plan)
    tallies = [Tally() for _ in range(plan.clients)]
    openings = asyncio.Semaphore(OPEN_AT_ONCE)
    # Three readings: memory counts from before the readers came, CPU time only while it measures.
    before = _Usage(plan.server_pid)
    async with asyncio.TaskGroup() as tasks:
        opened = [asyncio.Event() for _ in tallies]
        readers = [
            tasks.create_task(
                _keep_reading(plan, tally, _chosen(plan, symbols, number), openings, event)
            )
            for number, (tally, event) in enumerate(zip(tallies, opened, strict=True))
        ]
        for event in opened:
            await event.wait()
        await asyncio.sleep(plan.warmup_s)
        start, begun_s = _Usage(plan.server_pid), asyncio.get_running_loop().time()
        first = _measure(tallies, is_measuring=True)
        await asyncio.sleep(plan.seconds)
        events = _measure(tallies, is_measuring=False) - first
        end, seconds = _Usage(plan.server_pid), asyncio.get_running_loop().time() - begun_s
        for reader in readers:
            reader.cancel()
    return _report(plan, tallies, seconds, events, usage=(before, start, end))


async def _keep_reading(
    plan: Plan, tally: Tally, symbols: list[str], openings: asyncio.Semaphore, opened: asyncio.Event
) -> None:
    """Read until cancelled; a reader that was cut off reconnects and resumes."""
    while True:
        try:
            await _read(plan, tally, symbols, openings, opened)
        # A task group wraps what its tasks raise.
        except* (OSError, asyncio.IncompleteReadError, ValueError):
            # A reader that never came in has a wrong address or token: to try again would hide
            # that.
            if not opened.is_set():
                raise
        tally.reconnects += 1
        await asyncio.sleep(RETRY_S)


async def _read(
    plan: Plan, tally: Tally, symbols: list[str], openings: asyncio.Semaphore, opened: asyncio.Event
) -> None:
    """Read until the connection ends; only OPEN_AT_ONCE readers connect at the same time."""
    client = client_of(plan, tally, symbols)
    try:
        async with asyncio.TaskGroup() as tasks:
            opening = tasks.create_task(opened.wait())
            async with openings:
                reading = tasks.create_task(client.read(opened))
                await asyncio.wait({opening, reading}, return_when=asyncio.FIRST_COMPLETED)
            opening.cancel()
    finally:
        client.close()


def _chosen(plan: Plan, symbols: Sequence[str], number: int) -> list[str]:
    """Return the symbols of a reader, the same in every run."""
    count = min(plan.symbols, len(symbols))
    return random.Random(number).sample(list(symbols), count)  # noqa: S311


def _measure(tallies: list[Tally], *, is_measuring: bool) -> int:
    """Begin or end to measure; return the highest sequence that a reader knows."""
    for tally in tallies:
        tally.is_measuring = is_measuring
    return max(tally.sequence for tally in tallies)


class _Usage:
    """CPU seconds and memory of a process and its children, as the kernel counts them."""

    def __init__(self, pid: int | None) -> None:
        self.cpu_s = 0.0
        self.memory_bytes = 0
        if pid is None:
            return
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = member.cpu_times()
                self.cpu_s += times.user + times.system
                self.memory_bytes += member.memory_info().rss


def _report(
    plan: Plan,
    tallies: list[Tally],
    seconds: float,
    events: int,
    usage: tuple[_Usage, _Usage, _Usage],
) -> Report:
    updates = sum(tally.updates for tally in tallies)
    bytes_in = sum(tally.bytes_in for tally in tallies)
    before, start, end = usage
    cpu_s = (end.cpu_s - start.cpu_s) if plan.server_pid else None
    grown = (start.memory_bytes - before.memory_bytes) // plan.clients
    return Report(
        transport=plan.transport.value,
        clients=plan.clients,
        symbols=plan.symbols,
        seconds=round(seconds, 2),
        frames=sum(tally.frames for tally in tallies),
        updates=updates,
        market_ticks_per_s=round(events / seconds),
        ticks=sum(tally.ticks for tally in tallies),
        merged=sum(tally.merged for tally in tallies),
        requests=sum(tally.requests for tally in tallies),
        bytes_in=bytes_in,
        bytes_out=sum(tally.bytes_out for tally in tallies),
        bytes_per_update=round(bytes_in / max(1, updates), 1),
        age_ms=percentiles(tallies),
        gaps=sum(tally.gaps for tally in tallies),
        reconnects=sum(tally.reconnects for tally in tallies),
        snapshots=sum(tally.snapshots for tally in tallies),
        server_cpu_s=None if cpu_s is None else round(cpu_s, 2),
        updates_per_cpu_s=round(updates / cpu_s) if cpu_s else None,
        cpu_us_per_update=round(1e6 * cpu_s / updates, 1) if cpu_s and updates else None,
        server_bytes_per_client=grown if plan.server_pid else None,
    )
