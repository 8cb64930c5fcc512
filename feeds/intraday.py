"""The shape of a trading day: when prices move more, and when more is traded.

Pure. Called with the part of continuous trading that is gone by: 0 at the open, 1 at the close.
Volatility is highest after the open; activity after the open and before the close (Admati and
Pfleiderer 1988, Jain and Joh 1988).
"""

from typing import Final

from feeds.randomness import Floats, exp_of

OPEN_FADE: Final = 12.0
CLOSE_FADE: Final = 14.0
"""How fast the rush at the open and at the close fades, per day: half of it in some 20 minutes."""
_VOLATILITY: Final = (0.72, 1.9, 0.35)
_ACTIVITY: Final = (0.66, 1.7, 1.9)
"""At noon, and what the open and the close add to it."""


def volatility_of(elapsed: Floats) -> Floats:
    """Return how volatile prices are at a time of the day; 1 in the mean square."""
    return _shape(elapsed, _VOLATILITY) / 0.9681


def activity_of(elapsed: Floats) -> Floats:
    """Return how much is traded at a time of the day; 1 on average."""
    return _shape(elapsed, _ACTIVITY) / 0.9374


def _shape(elapsed: Floats, terms: tuple[float, float, float]) -> Floats:
    noon, at_open, at_close = terms
    rush = exp_of(-OPEN_FADE * elapsed)
    return noon + at_open * rush + at_close * exp_of(-CLOSE_FADE * (1 - elapsed))
