"""The intraday profile: how volatile and how active a market is at a time of its trading day.

Pure. Must not know instruments or random numbers. Activity is a U over the day (Jain and Joh 1988,
Journal of Financial and Quantitative Analysis 23:269; Admati and Pfleiderer 1988, Review of
Financial Studies 1:3, on why). Volatility is an inverse J: high after the open, and little higher
at the close (Brooks, Hinich and Patterson 2003). The weights are chosen to meet feeds.realism.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from feeds.plan.schedules import ExchangeTime, Segment, TradingDay
from feeds.simulator.randomness import Floats, exp_of


class DayProfile(NamedTuple):
    """Multiples of the day's mean: `volatility` (its square is 1 on average) and `activity`.

    `size` is by how much a trade is larger than the volatility says.
    """

    volatility: float
    activity: float
    size: float = 1.0


FLAT: Final = DayProfile(1.0, 1.0)
NIGHT: Final = DayProfile(0.0, 0.0)
PRE_OPEN: Final = DayProfile(0.3, 0.2)
"""Before the open there are few quotes and small moves."""
AUCTION: Final = DayProfile(0.5, 1.2)
"""Orders for an auction: its size follows from its share of the day, see `_auction`."""
OPENING_SHARE: Final = 0.03
CLOSING_SHARE: Final = 0.09
"""Shares of a day's volume that trade in the auctions: real closing auctions have near a tenth of
it, and opening auctions a few percent."""
_OPEN, _OPEN_WIDTH, _CLOSE, _CLOSE_WIDTH = 2.0, 0.07, 1.8, 0.05
"""The U of activity: its height at open and close above midday, and decay as a share of the day."""
_VOLATILE_OPEN, _VOLATILE_CLOSE = 1.6, 0.4
"""Heights of the variance at open and close."""
MINUTES: Final = 390
"""The curves are tables by minute of a trading day of 6.5 h, because a lookup is cheap."""


def _curve(opening: float, closing: float) -> Floats:
    """Return 1 + an exponential after the open + one before the close, over the mean."""
    elapsed = (np.arange(MINUTES) + 0.5) / MINUTES
    at_open, at_close = exp_of(-elapsed / _OPEN_WIDTH), exp_of((elapsed - 1.0) / _CLOSE_WIDTH)
    curve: Floats = 1.0 + opening * at_open + closing * at_close
    mean: Floats = curve.mean()
    return curve / mean


# Variances add up over the day, so the variance has the mean 1, not the volatility.
_VOLATILITIES: Final = np.sqrt(_curve(_VOLATILE_OPEN, _VOLATILE_CLOSE))
_ACTIVITIES: Final = _curve(_OPEN, _CLOSE)
_PROFILES: Final = tuple(map(DayProfile, _VOLATILITIES.tolist(), _ACTIVITIES.tolist()))


def profiles_over(elapsed: Floats) -> tuple[Floats, Floats]:
    """Return volatility and activity at shares of continuous trading, in [0, 1)."""
    minutes = (elapsed * MINUTES).astype(int)
    return _VOLATILITIES[minutes], _ACTIVITIES[minutes]


def profile_at(time: ExchangeTime) -> DayProfile:
    """Return the profile at a time; round the clock it is always FLAT."""
    if time.day.starts_ms[Segment.CONTINUOUS] == time.day.starts_ms[Segment.PRE_OPEN]:
        return FLAT
    match time.segment:
        case Segment.CONTINUOUS:
            return _PROFILES[int(time.elapsed * MINUTES)]
        case Segment.CLOSED:
            return NIGHT
        case Segment.PRE_OPEN:
            return PRE_OPEN
    return _auction(time.day, time.segment)


@lru_cache(maxsize=512)
def _auction(day: TradingDay, segment: Segment) -> DayProfile:
    """Return the profile of an auction: its trades are so large that they make up its share."""
    share = OPENING_SHARE if segment is Segment.OPENING_AUCTION else CLOSING_SHARE
    length_ms = day.starts_ms[segment + 1] - day.starts_ms[segment]
    # Sizes grow with the volatility, so a quiet auction would have small trades.
    usual = AUCTION.activity * AUCTION.volatility * length_ms / day.trading_ms
    return AUCTION._replace(size=share / (1 - OPENING_SHARE - CLOSING_SHARE) / usual)
