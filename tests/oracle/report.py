"""What a long run of the oracle found, and whether that is as it must be. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from tests.support.flatness import HOUR_S, Limit, Sample, judge

SHARE: Final = 0.05
LEAST_MIB: Final = 4.0
"""Memory may grow by this share in an hour, or by so much while it is watched."""
JUDGED_S: Final = 600.0
"""Memory that was watched for less is not judged: a process that began anew still grows."""
BUSY: Final = 0.9
"""With more of a core than this the readers themselves were the limit."""
MOST_PROBLEMS: Final = 20


class Memory(msgspec.Struct, frozen=True):
    """The memory of a process (MiB) while it was watched, and its growth in an hour.

    Without a limit (`allowed` is None) it was watched too shortly to be judged.
    """

    begin: float
    end: float
    growth: float
    allowed: float | None

    @property
    def is_flat(self) -> bool:
        """Say whether it grew no more than is allowed."""
        return self.allowed is None or self.growth <= self.allowed

    @property
    def verdict(self) -> str:
        """Return what to think of it."""
        if self.allowed is None:
            return "watched too shortly to be judged"
        word = "flat" if self.is_flat else "NOT FLAT"
        return f"{self.growth:+.1f} MiB/h (allowed {self.allowed:.1f}), {word}"


class Report(msgspec.Struct, kw_only=True):
    """What came of a run. `ticks` are those of the tape; the rest was counted at the readers.

    `marks` and `refused` count what readers were told of: gaps, and positions to which the tape no
    longer reached.
    """

    servers: list[str]
    readers: int
    minutes: float
    seed: int
    ticks: int
    epochs: int
    frames: int
    applied: int
    trades: int
    skipped: int
    doubled: int
    wrong: int
    marks: int
    refused: int
    lines: int
    faults: dict[str, int]
    arrived_s: float
    memory: dict[str, Memory]
    busiest: float
    problems: list[str]

    @property
    def is_fine(self) -> bool:
        """Say whether nothing is wrong."""
        is_flat = all(memory.is_flat for memory in self.memory.values())
        return is_flat and not (self.skipped or self.doubled or self.wrong or self.problems)

    def describe(self) -> Iterator[str]:
        """Yield the lines for people."""
        servers = ", ".join(self.servers)
        yield f"\n{self.readers} readers, {self.minutes:g} minutes, seed {self.seed}, {servers}"
        yield f"tape: {self.ticks:,} ticks in {self.epochs} epochs"
        yield f"applied: {self.frames:,} frames, {self.applied:,} ticks, {self.trades:,} trades"
        yield f"over {self.lines:,} lines; all arrived after {self.arrived_s:.1f} s at the end"
        yield f"skipped {self.skipped}, doubled {self.doubled}, wrong values {self.wrong}"
        yield f"honest: {self.marks} marks of gaps, {self.refused} positions not resumed"
        yield "faults: " + ", ".join(f"{count} {name}" for name, count in self.faults.items())
        for name, memory in self.memory.items():
            yield f"memory of {name}: {memory.begin:.1f} to {memory.end:.1f} MiB, {memory.verdict}"
        limit = "; THE READERS WERE THE LIMIT" if self.busiest > BUSY else ""
        yield f"the readers took {self.busiest:.0%} of a core in their busiest minute{limit}"
        yield from self.problems[:MOST_PROBLEMS]
        yield "nothing is wrong" if self.is_fine else "SOMETHING IS WRONG"


def memory_of(samples: Sequence[Sample]) -> Memory:
    """Judge the memory (MiB) of a process that was watched for a while."""
    watched_s = samples[-1][0] - samples[0][0]
    least = LEAST_MIB * HOUR_S / max(JUDGED_S, watched_s)
    found = judge(samples, Limit(share=SHARE, least=least))
    allowed = found.allowed if watched_s >= JUDGED_S else None
    return Memory(samples[0][1], samples[-1][1], found.growth, allowed)
