"""What readers that stop reading cost: uv run python -m tests.benchmarks.stalled

50 of 500 readers ask for everything and read nothing. A reader that is cut is replaced, so there
are always 50. Before and after that minute the other 450 are alone, on the same server: their ages
are compared within one run. The process may have 16 MiB more meanwhile, less than 1 MiB more each
minute, and the 99th percentile of the ages may be 1.5 times what it is without them. It ends with 1
if anything is not so.

With --deadline-s 300 nobody is cut, and the same 50 stay. The warm-up fills the tape.
"""

import asyncio
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Final

import psutil

from dashboard.loadtest.plan import Tally, percentiles
from dashboard.wire.registry import Transport
from tests.support.flatness import Limit, Sample, judge
from tests.support.memory import memory
from tests.support.mixed_readers import ROOM, Habits, MixedReaders
from tests.support.served import Served, serve
from tests.support.stalled import StalledCrowd
from tests.support.waiting import rest, until

SERVERS: Final = ("daphne", "uvicorn")
MIB: Final = 2**20
OPEN_S: Final = 300
"""A busy machine takes minutes to let hundreds of readers in."""
Look = Callable[[], Awaitable[object]]
LOOK_S: Final = 0.5
MOST_MIB: Final = 16
MOST_TIMES: Final = 1.5
FLAT: Final = Limit(share=0, least=60)
"""MiB an hour, which is 1 MiB a minute."""
BEGIN: Final = 1 / 4
"""The share of the minute that the stalled have to fill what they may; flat is what follows."""


@dataclass
class Phase:
    """Some seconds of the run: the ages (ms) of the good readers, and the memory (MiB)."""

    name: str
    ages_ms: dict[str, float] = field(default_factory=dict)
    memory: list[Sample] = field(default_factory=list)
    cpu_s: float = 0.0

    def __str__(self) -> str:
        """Return the line of the table."""
        ages = "  ".join(f"{name} {age:5.0f}" for name, age in self.ages_ms.items())
        levels = [level for _, level in self.memory]
        return (
            f"{self.name:22} ages (ms): {ages}  memory (MiB): {levels[0]:.1f} to {max(levels):.1f}"
            f"  CPU {self.cpu_s:.1f} s"
        )


async def measure(
    phase: Phase, served: Served, readers: MixedReaders, seconds: float, look: Look
) -> Phase:
    """Fill a phase."""
    for tally in readers.tallies:
        tally.ages_ms.clear()
        tally.is_measuring = True
    begun_s, spent_s = time.monotonic(), cpu_s(served)
    while (at_s := time.monotonic() - begun_s) < seconds:
        phase.memory.append((at_s, memory(served) / MIB))
        await look()
        await rest(LOOK_S)
    phase.ages_ms = percentiles(readers.tallies)
    phase.cpu_s = cpu_s(served) - spent_s
    print(phase, flush=True)
    return phase


def cpu_s(served: Served) -> float:
    """Return the CPU time of the server so far."""
    times = psutil.Process(served.process.pid).cpu_times()
    return float(times.user + times.system)


async def run(served: Served, options: Namespace) -> bool:
    """Measure without, with and without the stalled ones; say whether all is as it must be."""
    habits = Habits(options.symbols, (Transport.WEBSOCKET,), options.max_rate, passing=None)
    readers = MixedReaders(served, options.readers - options.stalled, habits)
    reading = asyncio.create_task(readers.read())
    await until(lambda: readers.are_all_fed or reading.done(), OPEN_S)
    await rest(options.warm_up)
    alone = Phase("alone, before"), Phase("alone, after")
    await measure(
        alone[0], served, readers, options.seconds, lambda: asyncio.to_thread(served.holdings)
    )
    crowd = await asyncio.to_thread(StalledCrowd, served, options.stalled)
    await until(lambda: served.holdings()["connections"] == options.readers)
    together = Phase(f"with {options.stalled} stalled")

    def replace() -> None:
        crowd.replace(served.holdings()["connections"] - len(readers.tallies))

    await measure(together, served, readers, options.seconds, lambda: asyncio.to_thread(replace))
    crowd.close()
    await until(lambda: served.holdings()["connections"] <= len(readers.tallies))
    await measure(
        alone[1], served, readers, options.seconds, lambda: asyncio.to_thread(served.holdings)
    )
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    print(f"{crowd.cut} stalled ones were cut and replaced")
    return report(alone, together, readers.tallies)


def report(alone: tuple[Phase, Phase], together: Phase, tallies: list[Tally]) -> bool:
    """Print the comparison; say whether all is as it must be."""
    times = together.ages_ms["p99"] / mean(phase.ages_ms["p99"] for phase in alone)
    more = max(level for _, level in together.memory) - together.memory[0][1]
    end_s = together.memory[-1][0]
    judged = judge([each for each in together.memory if each[0] > BEGIN * end_s], FLAT)
    gaps = sum(tally.gaps for tally in tallies)
    print(f"p99 of the good ones: {times:.2f} times that without (at most {MOST_TIMES})")
    print(f"memory: +{more:.1f} MiB at most (allowed {MOST_MIB}), {judged.growth / 60:.2f} MiB/min")
    print(f"gaps: {gaps}")
    return times <= MOST_TIMES and more <= MOST_MIB and judged.is_flat and not gaps


def separate_cores(served: Served) -> None:
    """Give the server a core of its own, so that its readers do not compete with it."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(served.process.pid, cores[:1])
        os.sched_setaffinity(0, cores[1:])


def main() -> None:
    """Measure one server and print the comparison."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])
    parser.add_argument("--readers", type=int, default=500, help="the stalled ones included")
    parser.add_argument("--stalled", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60, help="of each of the three phases")
    parser.add_argument("--warm-up", type=float, default=75, metavar="SECONDS")
    parser.add_argument("--symbols", type=int, default=20, help="of each good reader")
    parser.add_argument("--max-rate", type=float, default=10, help="frames/s of each good reader")
    parser.add_argument("--instruments", type=int, default=500)
    parser.add_argument("--rate", type=float, default=2000, help="ticks/s")
    parser.add_argument("--deadline-s", type=float, default=10, help="MARKET_SEND_DEADLINE_S")
    options = parser.parse_args()
    market = ["--instruments", str(options.instruments), "--rate", str(options.rate)]
    settings = ROOM | {"MARKET_SEND_DEADLINE_S": str(options.deadline_s)}
    with (
        TemporaryDirectory() as folder,
        serve(Path(folder), "--server", options.server, *market, **settings) as served,
    ):
        separate_cores(served)
        served.wait_for_board()
        is_fine = asyncio.run(run(served, options))
    sys.exit(not is_fine)


if __name__ == "__main__":
    main()
