"""How lively a market is at a time of its trading day: prices above all after the open, trading at
both ends.

Pure. Must not know instruments or chance. The curves are an inverse J and a U (Jain and Joh 1988,
J. Financial and Quantitative Analysis 23:269; Brooks, Hinich and Patterson 2003 for the J), with
weights that meet the bands of realism.
"""

from typing import Final, NamedTuple

import numpy as np

from feeds.plan.schedules import ExchangeTime, Segment
from feeds.simulator.randomness import Floats, exp_of


class DayProfile(NamedTuple):
    """Multiples of the day's mean: `volatility` (its square is 1 on average) and `activity`."""

    volatility: float
    activity: float


FLAT: Final = DayProfile(1.0, 1.0)
NIGHT: Final = DayProfile(0.0, 0.0)
BEFORE: Final = DayProfile(0.3, 0.2)
"""Before the open: few quotes, small moves."""
AUCTION: Final = DayProfile(0.5, 0.6)
_OPEN, _OPEN_WIDTH, _CLOSE, _CLOSE_WIDTH = 2.0, 0.07, 1.8, 0.05
"""Of activity: what open and close add to the middle of the day, and how soon that is over."""
_VOLATILE_OPEN, _VOLATILE_CLOSE = 1.6, 0.4
"""The same of variance."""


MINUTES: Final = 390
"""The curves are steps of a market minute: they cost nothing and round the same anywhere."""


def _curve(opening: float, closing: float) -> Floats:
    """Return 1 + what open and close add, by minute, as multiples of the mean."""
    elapsed = (np.arange(MINUTES) + 0.5) / MINUTES
    at_open, at_close = exp_of(-elapsed / _OPEN_WIDTH), exp_of((elapsed - 1.0) / _CLOSE_WIDTH)
    curve: Floats = 1.0 + opening * at_open + closing * at_close
    mean: Floats = curve.mean()
    return curve / mean


_VOLATILITIES: Final = np.sqrt(_curve(_VOLATILE_OPEN, _VOLATILE_CLOSE))
_ACTIVITIES: Final = _curve(_OPEN, _CLOSE)
_PROFILES: Final = tuple(map(DayProfile, _VOLATILITIES.tolist(), _ACTIVITIES.tolist()))


def profiles_over(elapsed: Floats) -> tuple[Floats, Floats]:
    """Return volatility and activity at parts of continuous trading, in [0, 1)."""
    minutes = (elapsed * MINUTES).astype(int)
    return _VOLATILITIES[minutes], _ACTIVITIES[minutes]


def profile_at(time: ExchangeTime) -> DayProfile:
    """Return the profile of a moment; a market that never opens has none."""
    if time.day.starts_ms[Segment.CONTINUOUS] == time.day.starts_ms[Segment.PRE_OPEN]:
        return FLAT
    match time.segment:
        case Segment.CONTINUOUS:
            return _PROFILES[int(time.elapsed * MINUTES)]
        case Segment.CLOSED:
            return NIGHT
        case Segment.PRE_OPEN:
            return BEFORE
    return AUCTION
