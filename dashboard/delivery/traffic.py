"""What a process sent and refused, and how late it was: sums since the process began.

Pure. Must not know who reads the sums. A rate is the difference of two readings.
"""

from collections import Counter
from typing import Final

from dashboard.process.histogram import Histogram
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.registry import Close

AGE_BOUNDS_MS: Final = (5, 10, 20, 40, 60, 80, 100, 150, 250, 500, 1_000, 2_500, 5_000, 10_000)
LAG_BOUNDS_MS: Final = (1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 2_500, 5_000)


class Traffic:
    """Sums of one process.

    `changes` are the changes of prices that readers got who have left since, and `merged` is the
    number of ticks for which these stood. `ages` is the age of the newest tick (ms) at the time
    when a frame with it was written. `lags` is by how much (ms) the loop woke later than asked.
    """

    __slots__ = (
        *("ages", "batches", "changes", "characters", "cuts", "ends", "frames", "lags", "merged"),
        *("overruns", "refusals"),
    )

    def __init__(self) -> None:
        self.batches = 0
        self.frames = 0
        self.characters = 0
        self.cuts = 0
        self.overruns = 0
        self.changes = 0
        self.merged = 0
        self.refusals: Counter[RefusalReason] = Counter()
        self.ends: Counter[Close] = Counter()
        self.ages = Histogram(AGE_BOUNDS_MS)
        self.lags = Histogram(LAG_BOUNDS_MS)

    @property
    def refused(self) -> int:
        """Return how many connections were refused because there was no room for them."""
        full = (RefusalReason.FULL, RefusalReason.ACCOUNT_FULL, RefusalReason.STOPPING)
        return sum(self.refusals[reason] for reason in (*full, RefusalReason.NO_MEMORY))

    def leave(self, conflation: tuple[int, int], closed: Close | None) -> None:
        """Add what a reader that leaves had got, and why the server ended it, if it did."""
        self.changes += conflation[0]
        self.merged += conflation[1]
        if closed is not None:
            self.ends[closed] += 1

    def send(self, frames: list[str]) -> list[str]:
        """Count frames on their way out."""
        self.frames += len(frames)
        self.characters += sum(map(len, frames))
        return frames
