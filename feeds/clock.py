"""Time as an argument: the wall clock stamps events, the monotonic clock measures waits.

Knows nothing of markets. Shells (runner, hub, transports) hold a Clock; pure rooms get numbers.
"""

import time
from datetime import datetime
from typing import NamedTuple, Protocol


class Moment(NamedTuple):
    """One look at both clocks: UTC milliseconds to stamp with, seconds to measure waits with."""

    wall_ms: int
    mono_s: float


class Clock(Protocol):
    """What a shell needs to know of time."""

    def now_ms(self) -> int:
        """Return UTC wall time in milliseconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, from an arbitrary start."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now_ms(self) -> int:
        """Return UTC wall time in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds that never run backwards, from an arbitrary start."""
        return time.monotonic()


def moment_of(clock: Clock) -> Moment:
    """Look at both clocks once."""
    return Moment(clock.now_ms(), clock.monotonic())


def ms_of(moment: datetime) -> int:
    """Return a moment as the clock would: UTC milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
