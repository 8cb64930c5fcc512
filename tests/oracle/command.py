"""The command line of the long run."""

import resource
import sys
import threading
from argparse import ArgumentParser, Namespace
from functools import partial
from importlib import import_module
from typing import Final

import msgspec

from dashboard.servers.serving import SERVERS
from tests.oracle.long_run import Plan, run_long
from tests.support.planted_frames import PLANTS

STACK_BYTES: Final = 256 * 1024


def read_options() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description="Compare what many readers applied with the tape.")
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of all moments and choices")
    parser.add_argument("--server", choices=SERVERS, help="one process of each, if not given")
    parser.add_argument("--times", type=int, default=5, help="that each fault happens")
    parser.add_argument("--instruments", type=int, default=60)
    parser.add_argument("--rate", type=float, default=60, help="ticks/s")
    parser.add_argument("--symbols", type=int, default=5, help="of each reader")
    parser.add_argument("--frames-per-s", type=float, default=1, help="of prices, of each stream")
    parser.add_argument("--plant", choices=PLANTS, default="", help="a fault to be found")
    parser.add_argument("--json", action="store_true", help="print the result for programs")
    parser.add_argument("--page", action="store_true", help="write it into docs/faults.md")
    return parser.parse_args()


def plan_of(options: Namespace) -> Plan:
    """Return what the command line asks for."""
    servers = (options.server,) * 2 if options.server else SERVERS
    return Plan(
        servers=servers,
        readers=options.readers,
        minutes=options.minutes,
        seed=options.seed,
        times=options.times,
        instruments=options.instruments,
        rate=options.rate,
        symbols=options.symbols,
        frames_per_s=options.frames_per_s,
        plant=options.plant,
    )


def allow_many_lines() -> None:
    """Let this process and its children open many files; each line takes two small threads."""
    threading.stack_size(STACK_BYTES)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Run, print what was found, and end with 1 if anything is wrong."""
    options = read_options()
    allow_many_lines()
    report = run_long(plan_of(options), partial(print, file=sys.stderr, flush=True))
    if options.json:
        print(msgspec.json.encode(report).decode())
    else:
        print("\n".join(report.describe()))
    if options.page:
        # Only this needs the attacks. The page has them in the order in which they are added.
        import_module("tests.attacks.command").load_attacks()
        import_module("tests.attacks.long_runs").write_row(report, options.server)
    sys.exit(not report.is_fine)
