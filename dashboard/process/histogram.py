"""A histogram of what happens often: an observation costs one search among a few bounds.

Pure. Must not know what is measured.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


class Histogram:
    """Counts of values by upper bounds, in any unit; the last count is of what exceeds them all."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.sum = 0.0
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value that occurred so many times."""
        self._counts[bisect_left(self._bounds, value)] += times
        self.sum += value * times

    @property
    def count(self) -> int:
        """Return how many values were observed."""
        return sum(self._counts)

    def up_to_bounds(self) -> list[tuple[float, int]]:
        """Return for each bound how many values were at most that."""
        return list(zip(self._bounds, accumulate(self._counts), strict=False))
