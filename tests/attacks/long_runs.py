"""What takes an hour for each server, and is run only when it is asked for."""

from collections.abc import Sequence
from typing import Final

from dashboard.servers.serving import SERVERS
from tests.attacks.command import reporter
from tests.attacks.registry import ATTACKS, Outcome, attack
from tests.attacks.targets import ServerToStart, nothing_yet
from tests.oracle.long_run import Plan, run_long
from tests.oracle.report import Report

NAME: Final = "1,000 readers at once for an hour, each fault five times"
READERS: Final = 1000
MINUTES: Final = 60
TIMES: Final = 5
SEED: Final = 1


@attack(
    NAME,
    expected="no gap, nothing lost or doubled, memory flat",
    source="faults: the oracle, tier 3",
    at=nothing_yet,
    test="tests/oracle/__main__.py",
    longest_s=2 * MINUTES * 60,
)
def readers_for_an_hour(to_start: ServerToStart) -> Outcome:
    """`tests.oracle --page` fills the row from a run of any length."""
    plan = Plan((to_start.server,) * 2, READERS, MINUTES, SEED, TIMES)
    return outcome_of(run_long(plan, print))


def outcome_of(report: Report) -> Outcome:
    """Return a result as a row; a run that is smaller than the expectation does not meet it."""
    fewest = min(report.faults.values(), default=0)
    memory = ", ".join(f"{each.begin:.0f} to {each.end:.0f}" for each in report.memory.values())
    text = (
        f"{report.readers:,} readers, {report.minutes:g} minutes, each of {len(report.faults)} "
        f"faults {fewest} times: {report.ticks:,} ticks, {report.frames:,} frames applied, "
        f"{report.skipped} skipped, {report.doubled} doubled, {report.wrong} wrong; "
        f"{report.marks + report.refused} gaps said so; memory {memory} MiB"
    )
    reasons = [*_smaller(report, fewest), *report.problems[:1]]
    grown = [name for name, each in report.memory.items() if not each.is_flat]
    reasons += [f"memory of {name} grew" for name in grown]
    return Outcome(text, report.is_fine and not reasons, "; ".join(reasons))


def _smaller(report: Report, fewest: int) -> list[str]:
    is_whole = report.readers >= READERS and report.minutes >= MINUTES and fewest >= TIMES
    return [] if is_whole else ["a smaller run than that"]


def write_row(report: Report, server: str | None) -> None:
    """Write a result into the page, for one kind of server or for both; all attacks are loaded."""
    write = reporter()
    servers: Sequence[str] = [server] if server else SERVERS
    for each in servers:
        write(ATTACKS[NAME], each, outcome_of(report))
