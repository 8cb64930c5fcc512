"""The command line of the attacks, and the page that they write."""

import os
import platform
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from importlib import import_module
from typing import Final

import psutil

from dashboard.servers.serving import SERVERS
from tests.attacks.registry import ATTACKS, Attack, Outcome
from tests.attacks.running import Report, run_all
from tests.attacks.table import Row, cell_of, page_of, read_rows
from tests.attacks.target_ends import add_ends
from tests.support.places import ROOT

SUBJECTS: Final = (
    *("bodies", "request_heads", "frames", "floods", "slow_requests", "rights", "sessions"),
    *("broken_parts", "server_stops", "tabs"),
    *("suites", "memory", "long_runs"),
)
LONG: Final = ("long_runs",)
"""Runs only when it is named."""
PAGE: Final = ROOT / "docs" / "faults.md"


def machine() -> str:
    """Return what the figures depend on."""
    memory_gib = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores of an {platform.machine()} machine with {memory_gib:.0f} GiB, "
        f"Python {platform.python_version()}; load averages when the last part began: {load}"
    )


def chosen_by(options: Namespace) -> list[Attack]:
    """Return the attacks that the command line asks for."""
    usual = [subject for subject in SUBJECTS if subject not in LONG]
    subjects = [subject.replace("_", " ") for subject in options.subject or usual]
    return [
        attack
        for attack in ATTACKS.values()
        if attack.subject in subjects and options.only in attack.name
    ]


def read_options() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description="Attack both servers, and write docs/faults.md.")
    parser.add_argument("--server", choices=SERVERS, action="append", help="both, if not given")
    parser.add_argument(
        "--subject", choices=SUBJECTS, action="append", help="one or more; not long_runs"
    )
    parser.add_argument("--only", default="", help="attacks with these words in their names")
    parser.add_argument("--list", action="store_true", help="name the attacks, and do nothing")
    return parser.parse_args()


def main() -> None:
    """Attack, and write the page after each attack: a run that is ended loses nothing."""
    options = read_options()
    load_attacks()
    chosen = chosen_by(options)
    if options.list:
        print("\n".join(f"{attack.subject:14} {attack.name}" for attack in chosen))
        return
    report = reporter()
    for server in options.server or SERVERS:
        run_all(chosen, server, report)


def load_attacks() -> None:
    """Add all attacks, in the order of the page."""
    for subject in SUBJECTS:
        import_module(f"tests.attacks.{subject}")
    add_ends()


def reporter() -> Report:
    """Return what writes an outcome into the page; all attacks must have been added."""
    rows, facts = read_rows(PAGE.read_text() if PAGE.exists() else ""), machine()

    def report(attack: Attack, server: str, outcome: Outcome) -> None:
        row = rows.setdefault(attack.name, Row())
        row.cells[server], row.date = cell_of(outcome), f"{datetime.now(UTC):%Y-%m-%d}"
        print(f"{server:8} {attack.name}: {row.cells[server]}", flush=True)
        PAGE.write_text(page_of(ATTACKS.values(), rows, facts))

    return report
