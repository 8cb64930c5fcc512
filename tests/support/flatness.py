"""Whether figures of a long run grow: the judgement of soaks. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

HOUR_S: Final = 3600.0
Sample = tuple[float, float]
"""A time (s) and a figure."""


def hourly_growth(samples: Sequence[Sample]) -> float:
    """Return the growth in an hour of the line through samples (Theil and Sen).

    The median of the slopes between any two samples: a few that stand out change nothing.
    """
    slopes = [
        (later - earlier) / (end_s - begin_s)
        for (begin_s, earlier), (end_s, later) in combinations(samples, 2)
    ]
    return median(slopes) * HOUR_S


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a figure may grow in an hour: a share of its level, or so many at least."""

    share: float
    least: float

    def of(self, level: float) -> float:
        """Return the growth that is allowed at a level."""
        return max(self.share * level, self.least)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a figure after the warm-up."""

    level: float
    lowest: float
    highest: float
    growth: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        """Say whether it grew no more than is allowed."""
        return self.growth <= self.allowed


def judge(samples: Sequence[Sample], limit: Limit) -> Judgement:
    """Judge the samples after the warm-up."""
    figures = [figure for _, figure in samples]
    level = median(figures)
    growth = hourly_growth(samples)
    return Judgement(level, min(figures), max(figures), growth, limit.of(level))
