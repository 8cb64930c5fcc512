"""Time as an argument: the wall clock stamps events, the monotonic clock measures waits.

Must not know markets. Only code that does I/O holds a Clock; pure code receives numbers.
"""

import time
from datetime import datetime
from typing import NamedTuple, Protocol


class Moment(NamedTuple):
    """Both clocks read at the same time: wall time in UTC ms, monotonic time in seconds."""

    wall_ms: int
    mono_s: float


class Clock(Protocol):
    """The two clocks, so that tests can set the time."""

    def now_ms(self) -> int:
        """Return UTC wall time in milliseconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, from an arbitrary start."""
        ...


class SystemClock:
    """The clocks of the machine."""

    def now_ms(self) -> int:
        """Return UTC wall time in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds that never run backwards, from an arbitrary start."""
        return time.monotonic()


def moment_of(clock: Clock) -> Moment:
    """Read both clocks."""
    return Moment(clock.now_ms(), clock.monotonic())


def ms_of(moment: datetime) -> int:
    """Return a time as UTC milliseconds since 1970, as Clock.now_ms does."""
    return round(moment.timestamp() * 1000)
