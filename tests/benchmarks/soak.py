"""Whether a server stays as it is: uv run python -m tests.benchmarks.soak --minutes 60

Readers on all transports read from one server; one of four comes and goes. Each minute the command
takes the memory of the process, its tasks, open files and threads. After the warm-up a line through
the figures (Theil and Sen) may grow by no more in an hour than the table at the end says. When all
readers have left, tasks and files must be back. It ends with 1 if anything is not so.

The default warm-up is as long as the tape takes to fill with 131,072 events.
"""

import asyncio
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support.flatness import Judgement, Limit, judge
from tests.support.memory import memory
from tests.support.mixed_readers import ROOM, Habits, MixedReaders
from tests.support.served import Served, serve
from tests.support.waiting import rest, until

SERVERS: Final = ("daphne", "uvicorn")
MIB: Final = 2**20
OPEN_S: Final = 300
"""A busy machine takes minutes to let hundreds of readers in."""
MINUTE_S: Final = 60.0
LIMITS: Final = {
    "memory": Limit(share=0.05, least=0),
    "tasks": Limit(share=0.05, least=2),
    "files": Limit(share=0.05, least=2),
    "threads": Limit(share=0.05, least=2),
}
"""Growth in an hour that still is flat. Tasks and files follow who is there at that moment."""
LEFT_OVER: Final = {"tasks": 2, "files": 2}
"""How many more may be there when all have left: a wait of the server may last a little longer.
Threads stay in their pools."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a process was at a time (s): memory in MiB, and what it held."""

    at_s: float
    figures: dict[str, float]
    connections: int
    visits: int
    load: float

    def __str__(self) -> str:
        """Return the line of the table."""
        now = self.figures
        return (
            f"{self.at_s / MINUTE_S:6.1f} {now['memory']:8.1f} {now['tasks']:6.0f}"
            f" {now['files']:6.0f} {now['threads']:8.0f} {self.connections:12}"
            f" {self.visits:7} {self.load:5.1f}"
        )


HEAD: Final = "minute   memory  tasks  files  threads  connections  visits  load"


async def look(served: Served, readers: MixedReaders, begun_s: float) -> Row:
    """Take a row of the table."""
    now = await asyncio.to_thread(served.holdings)
    figures = {name: float(now[name]) for name in ("tasks", "files", "threads")}
    figures["memory"] = memory(served) / MIB
    load = os.getloadavg()[0]
    at_s = time.monotonic() - begun_s
    return Row(at_s, figures, now["connections"], readers.visits, load)


async def soak(served: Served, readers: MixedReaders, options: Namespace) -> list[Row]:
    """Let the readers read, and print a row each minute."""
    reading = asyncio.create_task(readers.read())
    await until(lambda: readers.are_all_fed or reading.done(), OPEN_S)
    begun_s, rows = time.monotonic(), []
    print(HEAD, flush=True)
    while not reading.done() and time.monotonic() < begun_s + options.minutes * MINUTE_S:
        rows.append(await look(served, readers, begun_s))
        print(rows[-1], flush=True)
        next_s = begun_s + len(rows) * options.every_s
        await rest(max(0.0, next_s - time.monotonic()))
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    return rows


def judgements(rows: list[Row], warm_up_s: float) -> dict[str, Judgement]:
    """Judge each figure after the warm-up."""
    warm = [row for row in rows if row.at_s >= warm_up_s]
    return {
        name: judge([(row.at_s, row.figures[name]) for row in warm], limit)
        for name, limit in LIMITS.items()
    }


async def left_over(served: Served, before: dict[str, int]) -> dict[str, int]:
    """Return how much more the process holds than before, once it holds no more than it may."""
    more: dict[str, int] = {}

    def is_back() -> bool:
        now = served.census()
        more.update({name: now[name] - before[name] for name in LEFT_OVER})
        return all(more[name] <= LEFT_OVER[name] for name in LEFT_OVER)

    with suppress(TimeoutError):
        await until(is_back)
    return more


def report(judged: dict[str, Judgement], more: dict[str, int], readers: MixedReaders) -> bool:
    """Print what became of everything; say whether all is as it must be."""
    print("\nfigure    level  lowest  highest  growth/h  allowed/h")
    for name, found in judged.items():
        verdict = "flat" if found.is_flat else "NOT FLAT"
        print(
            f"{name:8}{found.level:7.1f} {found.lowest:7.1f}  {found.highest:7.1f}"
            f"  {found.growth:8.2f}   {found.allowed:8.2f}  {verdict}"
        )
    is_back = all(count <= LEFT_OVER[name] for name, count in more.items())
    print(f"left over when all had left: {more}{'' if is_back else '  NOT GIVEN BACK'}")
    print(f"{readers.visits} visits, {readers.gaps} gaps, {readers.lost} lines of stayers ended")
    for failure, count in readers.failures.items():
        print(f"  {count} x {failure}")
    is_flat = all(found.is_flat for found in judged.values())
    return is_flat and is_back and not readers.gaps and not readers.lost


async def measure(served: Served, options: Namespace) -> bool:
    """Soak a server; say whether all is as it must be."""
    served.wait_for_board()
    before = served.census()
    readers = MixedReaders(served, options.readers, Habits(symbols=options.symbols))
    rows = await soak(served, readers, options)
    judged = judgements(rows, options.warm_up * MINUTE_S)
    return report(judged, await left_over(served, before), readers)


def main() -> None:
    """Soak one server and print what it held."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])
    parser.add_argument("--minutes", type=float, default=60, help="the warm-up included")
    parser.add_argument("--warm-up", type=float, default=15, metavar="MINUTES")
    parser.add_argument("--every-s", type=float, default=MINUTE_S)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--symbols", type=int, default=20, help="of each reader")
    parser.add_argument("--instruments", type=int, default=60)
    parser.add_argument("--rate", type=float, default=200, help="ticks/s")
    options = parser.parse_args()
    market = ["--instruments", str(options.instruments), "--rate", str(options.rate)]
    with (
        TemporaryDirectory() as folder,
        serve(Path(folder), "--server", options.server, *market, **ROOM) as served,
    ):
        is_fine = asyncio.run(measure(served, options))
    sys.exit(not is_fine)


if __name__ == "__main__":
    main()
