"""What servers deliver per second of their CPU, beside a server on Node that was written by hand.

    uv run --group scripts python -m tests.benchmarks.delivery
    uv run --group scripts --group benchmarks python -m tests.benchmarks.delivery --all --rounds 1

Every round measures all servers in turn, with the same readers, so that other work on the machine
hits all alike. Only the ratios within a round say something. CPU time is what the kernel booked for
the server's process and its children, on a core of its own. Readers, Redis and who publishes ticks
have the other cores, and their CPU is reported apart.

All markets make `--rate` ticks/s while they are measured. Ours is measured after its opening, when
it is busier than in the mean of its day, so its rate is lowered. `--opening` leaves the rate to be
the mean of the day: our market then makes about twice as many ticks as those of the others.

A server that does not conflate sends each tick by itself. If it cannot bear the work, the rate of
ticks is halved until it can: 99 of 100 updates must be younger than a second, and 95 of 100 arrive.
"""

import json
import os
import random
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from statistics import fmean
from typing import Any, Final

from dashboard.loadtest.plan import percentiles
from tests.benchmarks.loads import (
    HALVES,
    bears,
    expected_messages,
    largest_load,
    ratios,
    smaller_loads,
)
from tests.benchmarks.peers import node
from tests.benchmarks.peers.peer import Peer, Running, Work, running_peer
from tests.benchmarks.peers.processes import Cores, cores, usage_of
from tests.benchmarks.peers.table import NODE, PEERS, QUICK
from tests.benchmarks.readers.counts import Counts
from tests.benchmarks.readers.crowd import Crowd

Figures = dict[str, Any]
SPEEDS: Final = ("updates_per_cpu_s", "frames_per_cpu_s")
LEAST_CPU_S: Final = 0.01
"""What the kernel tells apart."""


def measure(name: str, work: Work, on: Cores) -> Figures:
    """Return what a server delivered to its readers; only the reason if they could not open."""
    counts, found = Counts(), {"server": name, "rate": work.rate}
    with running_peer(PEERS[name], work, on) as running:
        crowd = Crowd(running.wire, counts)
        try:
            before = usage_of(running.process)
            crowd.open(running.port, choices_of(work, running.symbols))
            running.begin()
            crowd.read(work.warmup_s)
            grown = usage_of(running.process).memory_bytes - before.memory_bytes
            found |= watch(PEERS[name], work, running, crowd, counts)
            return found | {"bytes_per_socket": grown // work.clients}
        except OSError as error:
            return found | {"error": str(error), "is_borne": False}
        finally:
            crowd.close()


def choices_of(work: Work, symbols: list[str]) -> list[list[str]]:
    """Return the symbols of each reader, the same in every run."""
    return [random.Random(number).sample(symbols, work.symbols) for number in range(work.clients)]


def watch(peer: Peer, work: Work, running: Running, crowd: Crowd, counts: Counts) -> Figures:
    """Read for the seconds of the work; return the figures of the server and of its helpers."""
    before, begun_s = cpu_of(running), time.monotonic()
    counts.is_counting = True
    crowd.read(work.seconds)
    counts.is_counting = False
    seconds = time.monotonic() - begun_s
    cpu_s = {name: after_s - before[name] for name, after_s in cpu_of(running).items()}
    shares = {name: round(100 * each / seconds) for name, each in cpu_s.items()}
    found = figures_of(peer, work, running, counts, seconds, max(cpu_s["server"], LEAST_CPU_S))
    return found | {"core_percent": shares}


def cpu_of(running: Running) -> dict[str, float]:
    """Return the CPU seconds of all who take part, by their names."""
    processes = {"server": running.process} | running.others
    found = {name: usage_of(number).cpu_s for name, number in processes.items()}
    return found | {"readers": time.process_time()}


def figures_of(
    peer: Peer, work: Work, running: Running, counts: Counts, seconds: float, cpu_s: float
) -> Figures:
    """Return what was delivered, how old it was, and what it cost the server."""
    frames, updates = counts.frames, counts.updates
    if running.frame_bytes:
        frames = counts.bytes // running.frame_bytes
        updates = frames * running.frame_updates
    ages, expected = percentiles([counts]), seconds * expected_frames(peer, work)
    return {
        "seconds": round(seconds, 2),
        "market_ticks_per_s": round(counts.ticks / seconds),
        "frames": frames,
        "updates": updates,
        "frames_per_cpu_s": round(frames / cpu_s),
        "updates_per_cpu_s": round(updates / cpu_s),
        "us_per_frame": round(1e6 * cpu_s / max(1, frames), 1),
        "updates_per_frame": round(updates / max(1, frames), 1),
        "bytes_per_frame": round(counts.bytes / max(1, frames)),
        "age_ms": ages,
        "gaps": counts.gaps if running.wire and running.wire.has_positions else None,
        "lost": counts.lost,
        "delivered_percent": None if running.frame_bytes else round(100 * frames / expected),
        "is_borne": bears(delivered=frames, expected=expected, p99_ms=ages.get("p99")),
    }


def expected_frames(peer: Peer, work: Work) -> float:
    """Return frames a second: those of the pace, or one for each tick of a symbol and reader."""
    if peer.conflates:
        return work.clients * work.pace
    return expected_messages(
        rate=work.rate,
        clients=work.clients,
        symbols=work.symbols,
        instruments=work.instruments,
    )


def measure_load(name: str, work: Work, on: Cores, halves: int) -> list[Figures]:
    """Measure a server with the work; if that is too much, look for what it bears.

    Return all measurements, the smallest load first; the last one is of the whole work.
    """
    found: dict[float, Figures] = {}

    def is_borne(rate: float) -> bool:
        found[rate] = measure(name, work._replace(rate=rate), on)
        print(found[rate], file=sys.stderr, flush=True)
        return bool(found[rate]["is_borne"])

    loads = smaller_loads(work.rate, 0 if PEERS[name].conflates else halves)
    largest_load(loads, is_borne)
    return [found[rate] for rate in sorted(found)]


def best_of(measured: list[Figures]) -> Figures | None:
    """Return the figures of the largest load that was borne; of one load, those that there are."""
    if len(measured) == 1:
        return None if "error" in measured[0] else measured[0]
    return next((each for each in reversed(measured) if each["is_borne"]), None)


def summary(rounds: list[dict[str, list[Figures]]]) -> Figures:
    """Return the ratios of all servers to Node, and which part of the work each bears."""
    found: Figures = {}
    for speed in SPEEDS:
        speeds = [
            {name: best[speed] for name, each in measured.items() if (best := best_of(each))}
            for measured in rounds
        ]
        found[f"{speed} over Node"] = ratios(speeds, NODE)
    borne: dict[str, list[float]] = {}
    for measured in rounds:
        for name, each in measured.items():
            best = best_of(each)
            borne.setdefault(name, []).append(best["rate"] if best and best["is_borne"] else 0)
    return found | {"ticks_per_s_borne": {name: fmean(each) for name, each in borne.items()}}


def servers_in(text: str) -> list[str]:
    """Return the servers that a list with commas names; Node is one of them always."""
    names = text.split(",")
    if unknown := sorted(set(names) - PEERS.keys()):
        raise ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return [name for name in PEERS if name in {NODE, *names}]


def daily_rate(work: Work, on: Cores) -> float:
    """Return the mean of a day with which the project's market makes the rate of the work now."""
    found = measure("uvicorn", work._replace(clients=1), on)
    return round(work.rate**2 / found["market_ticks_per_s"], 1)


def options_of() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=servers_in, default=list(QUICK), help="with commas")
    parser.add_argument("--all", action="store_const", const=list(PEERS), dest="servers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--symbols", type=int, default=20, help="of each client")
    parser.add_argument("--instruments", type=int, default=500)
    parser.add_argument("--rate", type=float, default=2000, help="ticks/s of each market")
    parser.add_argument("--opening", action="store_true", help="rate is the mean of our day")
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument(
        "--halves", type=int, default=HALVES, help="of the rate at most; 0 if the machine is busy"
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    return parser.parse_args()


def main() -> None:
    """Measure all servers in turn and print a line for each, then the ratios."""
    options = options_of()
    node.install()
    work = Work(
        options.clients, options.symbols, options.instruments, options.rate, options.seconds
    )
    on = cores()
    os.sched_setaffinity(0, on.others)
    if not options.opening:
        work = work._replace(daily_rate=daily_rate(work, on))
    rounds = [
        {name: measure_load(name, work, on, options.halves) for name in options.servers}
        for _ in range(options.rounds)
    ]
    found = summary(rounds) | {"our_daily_rate": work.daily_rate}
    print(json.dumps(found | {"rounds": rounds} if options.json else found))


if __name__ == "__main__":
    main()
