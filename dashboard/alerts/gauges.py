"""Figures that conditions are compared with, each with its thresholds in order.

Pure. Must not know rules. A condition holds while its gauge is at or above `on`, and has cleared
when the gauge is below `off`. For "falls below" figure and thresholds are negated, so that the
comparison is the same. A change of a gauge concerns only those with a threshold between the old and
the new figure. So a tick that passes no threshold costs a comparison and two searches, however many
conditions there are.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final, NamedTuple

from dashboard.alerts.measures import Measures
from dashboard.alerts.rules import CROSSINGS, Condition, Kind

Figure = int | float
Read = Callable[[Measures], Figure | None]
GaugeName = tuple[Kind, int]
"""The kind and the window in ms; kinds that read the same figure share a gauge."""
SHARED: Final = {Kind.CROSSES_UP: Kind.ABOVE, Kind.CROSSES_DOWN: Kind.BELOW}


class Thresholds(NamedTuple):
    """Where a condition begins to hold, and below what it has cleared."""

    on: Figure
    off: Figure


class Gauge:
    """One figure of one instrument, and the members that wait for it to pass their thresholds.

    `before` is the figure before the last change; `changed_at` is the stamp of that change.
    """

    __slots__ = ("_is_sorted", "_levels", "_members", "_read", "before", "changed_at", "value")

    def __init__(self, read: Read) -> None:
        self._read = read
        self._levels: list[Figure] = []
        self._members: list[Any] = []
        self._is_sorted = True
        self.begin(None)

    def begin(self, measures: Measures | None) -> None:
        """Take the present figure as the first: no condition may say that it crossed."""
        self.value = None if measures is None else self._read(measures)
        self.before: Figure | None = None
        self.changed_at = -1

    def add(self, member: object, thresholds: Thresholds) -> None:
        """Let a member wait for both thresholds."""
        for level in set(thresholds):
            self._levels.append(level)
            self._members.append(member)
        self._is_sorted = False

    def remove(self, members: set[Any]) -> None:
        """Let these members no longer wait."""
        kept = [
            (level, member)
            for level, member in zip(self._levels, self._members, strict=True)
            if member not in members
        ]
        self._levels = [level for level, _ in kept]
        self._members = [member for _, member in kept]

    @property
    def is_empty(self) -> bool:
        """Say whether nobody waits."""
        return not self._members

    def update(self, measures: Measures, stamp: int) -> Sequence[Any]:
        """Read the figure anew; return the members whose thresholds it passed."""
        value, before = self._read(measures), self.value
        if value == before:
            return ()
        self.value, self.before, self.changed_at = value, before, stamp
        if value is None:
            return ()
        if before is None:
            return self._members
        if not self._is_sorted:
            self._sort()
        low, high = (before, value) if before < value else (value, before)
        # Those in (low, high]: `holds` compares with >=, so a rise to a threshold passes it, and a
        # fall to it does not.
        first = bisect_right(self._levels, low)
        return self._members[first : bisect_right(self._levels, high, first)]

    def _sort(self) -> None:
        order = sorted(range(len(self._levels)), key=self._levels.__getitem__)
        self._levels = [self._levels[index] for index in order]
        self._members = [self._members[index] for index in order]
        self._is_sorted = True


class Term:
    """A condition with its gauge, bound to one instrument."""

    __slots__ = ("_gauge", "_is_crossing", "_off", "_on")

    def __init__(self, gauge: Gauge, thresholds: Thresholds, *, is_crossing: bool) -> None:
        self._gauge = gauge
        self._on, self._off = thresholds
        self._is_crossing = is_crossing

    def holds(self, stamp: int) -> bool:
        """Say whether the condition holds; with an unknown figure it does not.

        A crossing holds only with the stamp of the change that crossed.
        """
        gauge = self._gauge
        value, before = gauge.value, gauge.before
        if value is None or value < self._on:
            return False
        if not self._is_crossing:
            return True
        return gauge.changed_at == stamp and before is not None and before < self._on

    @property
    def has_cleared(self) -> bool:
        """Say whether the figure went back far enough for the condition to count anew."""
        value = self._gauge.value
        return value is not None and value < self._off


def gauge_name(condition: Condition) -> GaugeName:
    """Return the gauge that a condition is compared with."""
    return SHARED.get(condition.kind, condition.kind), condition.window_s * 1000


def is_crossing(condition: Condition) -> bool:
    """Say whether a condition holds only at the tick that crosses."""
    return condition.kind in CROSSINGS


def thresholds_of(condition: Condition, hysteresis: Decimal, tick_size: Decimal) -> Thresholds:
    """Return the thresholds of a condition on the scale of its gauge.

    Prices become whole ticks, so that comparisons are exact: "above 100.004" is 100.01 or more.
    """
    value, retreat = condition.value, condition.value * hysteresis
    match condition.kind:
        case Kind.ABOVE | Kind.CROSSES_UP:
            return Thresholds(_above(value, tick_size), _above(value - retreat, tick_size))
        case Kind.BELOW | Kind.CROSSES_DOWN:
            return Thresholds(-_below(value, tick_size), -_below(value + retreat, tick_size))
        case Kind.NEAR_HIGH | Kind.NEAR_LOW:
            return Thresholds(-float(value), -float(value + retreat))
        case Kind.HALT:
            return Thresholds(1, 1)
    return Thresholds(float(value), float(value - retreat))


def _above(price: Decimal, tick_size: Decimal) -> int:
    """Return the lowest price in ticks that is above a price."""
    return int((price / tick_size).to_integral_value(ROUND_FLOOR)) + 1


def _below(price: Decimal, tick_size: Decimal) -> int:
    """Return the highest price in ticks that is below a price."""
    return int((price / tick_size).to_integral_value(ROUND_CEILING)) - 1


def reader_of(name: GaugeName) -> Read:
    """Return what reads the figure of a gauge, all but the age of the last tick."""
    kind, span_ms = name
    match kind:
        case Kind.RISES:
            return lambda measures: _rise(measures, span_ms)
        case Kind.FALLS:
            return lambda measures: _fall(measures, span_ms)
    return _READERS[kind]


def _last(measures: Measures) -> int | None:
    return measures.last


def _negative(measures: Measures) -> int | None:
    return None if measures.last is None else -measures.last


def _rise(measures: Measures, span_ms: int) -> float | None:
    window, last = measures.windows.get(span_ms), measures.last
    if window is None or window.is_empty or last is None:
        return None
    return 100 * (last - window.low) / window.low


def _fall(measures: Measures, span_ms: int) -> float | None:
    window, last = measures.windows.get(span_ms), measures.last
    if window is None or window.is_empty or last is None:
        return None
    return 100 * (window.high - last) / window.high


def _above_vwap(measures: Measures) -> float | None:
    # last / (turnover / counted), but with a single division of exact integers.
    if measures.last is None or not measures.turnover:
        return None
    ratio = measures.last * measures.counted - measures.turnover
    return 100 * ratio / measures.turnover


def _below_vwap(measures: Measures) -> float | None:
    above = _above_vwap(measures)
    return None if above is None else -above


def _near_high(measures: Measures) -> float | None:
    if measures.high is None or measures.last is None:
        return None
    return -100 * (measures.high - measures.last) / measures.high


def _near_low(measures: Measures) -> float | None:
    if measures.low is None or measures.last is None:
        return None
    return -100 * (measures.last - measures.low) / measures.low


def _volume_ratio(measures: Measures) -> float | None:
    usual = measures.usual_volume()
    return None if usual is None else measures.minute_volume / usual


def _halted(measures: Measures) -> int:
    return int(measures.is_halted)


def _age_s(measures: Measures) -> float:
    return measures.age_ms / 1000


_READERS: Final[dict[Kind, Read]] = {
    Kind.ABOVE: _last,
    Kind.BELOW: _negative,
    Kind.ABOVE_VWAP: _above_vwap,
    Kind.BELOW_VWAP: _below_vwap,
    Kind.NEAR_HIGH: _near_high,
    Kind.NEAR_LOW: _near_low,
    Kind.VOLUME_SPIKE: _volume_ratio,
    Kind.HALT: _halted,
    Kind.STALE: _age_s,
}
