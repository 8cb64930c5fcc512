"""The grid on which the bars of a table begin: their distances must be those of their length.

Pure. Must not know prices.
"""

from collections import Counter
from math import gcd
from typing import Final

from feeds.market.bars import DAY_MS
from feeds.recordings.faults import Fault

MONTH_MS: Final = 28 * DAY_MS
"""No month is shorter than this. Their lengths differ, and are whole days."""
MOST_DISTANCES: Final = 1000
ENOUGH: Final = 3
USUAL_S: Final = frozenset(
    (300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 604_800)
)
"""Lengths of bars that vendors offer."""
_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"))


class BarGrid:
    """Check where bars of `interval_ms` begin, by symbol."""

    def __init__(self, interval_ms: int) -> None:
        self._interval_ms = interval_ms
        self._lasts: dict[str, int] = {}
        self._distances: Counter[int] = Counter()
        self._step_ms = 0
        self._least_ms = 0
        self._has_dates_only = False

    def rounded(self, ts: int) -> int:
        """Return the start of the interval that a time is in."""
        return ts - ts % self._interval_ms

    def note_date(self) -> None:
        """Take note of a bar that has a date and no time of day."""
        self._has_dates_only = True

    def add(self, symbol: str, ts: int) -> None:
        """Take a bar.

        Raises:
            Fault: it begins off the grid, or before the one above ends.
        """
        last = self._lasts.get(symbol)
        if last is not None and (distance := ts - last) < self._interval_ms:
            length = f"{self._interval_ms / 1000:g} s each"
            message = f"bars of {symbol} overlap at {length}, they are {distance / 1000:g} s apart"
            raise Fault("overlap", message, symbol)
        if off_ms := ts % self._interval_ms:
            grid = length_text(self._interval_ms)
            raise Fault("grid", f"the bar begins {off_ms / 1000:g} s after the grid of {grid}")
        self._note(symbol, ts)

    def pass_over(self, symbol: str, ts: int) -> None:
        """Take the place of a bar that is left out: the bars beside it are that far apart."""
        if ts > self._lasts.get(symbol, ts - 1):
            self._note(symbol, ts)

    def _note(self, symbol: str, ts: int) -> None:
        last = self._lasts.get(symbol)
        if last is not None:
            self._step_ms = gcd(self._step_ms, ts - last)
            self._least_ms = min(self._least_ms or ts - last, ts - last)
            # Bounded: bars at irregular times may have as many distances as there are rows.
            if len(self._distances) < MOST_DISTANCES or ts - last in self._distances:
                self._distances[ts - last] += 1
        self._lasts[symbol] = ts

    def too_far_apart(self) -> str:
        """Return what is wrong if all bars are further apart than they last, else ""."""
        if self._step_ms > self._interval_ms and self._is_sure():
            found = self._distances.most_common(1)[0][0]
        elif self._has_dates_only and self._interval_ms < DAY_MS and not self._step_ms:
            found = DAY_MS
        elif self._interval_ms == DAY_MS and self._least_ms >= MONTH_MS and self._are_several():
            found = self._least_ms
        else:
            return ""
        return (
            f"the bars are {length_text(found)} apart ({found // 1000:,} s), "
            f"not {length_text(self._interval_ms)} ({self._interval_ms // 1000:,} s): "
            "the length of a bar is wrong"
        )

    def _is_sure(self) -> bool:
        """Say whether the distances are a length of bars: a few may be gaps in quiet trading."""
        return sum(self._distances.values()) >= ENOUGH or self._step_ms // 1000 in USUAL_S

    def _are_several(self) -> bool:
        return sum(self._distances.values()) > 1


def length_text(ms: int) -> str:
    """Return a length of time for people, such as `5 minutes`."""
    for seconds, name in _UNITS:
        if ms and not ms % (seconds * 1000):
            count = ms // (seconds * 1000)
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return f"{ms / 1000:g} s"
