"""Resolutions of UDF in every spelling, and the bars that are made for them.

Pure. Must not know HTTP, or where bars come from.
https://www.tradingview.com/charting-library-docs/latest/core_concepts/Resolution/
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Final, NamedTuple

from feeds.clock import ms_of
from feeds.market.bars import DAY_MS, MINUTE_MS, Bar

_SPELLED: Final = re.compile(r"([1-9][0-9]{0,3})?([SDWHsdwh]|M)?")
"""A number of minutes, or of seconds, hours, days, weeks and months. Only months are no small `m`:
everywhere else that means minutes."""
_SMALL_M: Final = re.compile(r"([0-9]{0,4})m")
_MONDAY_MS: Final = 4 * DAY_MS
"""1 January 1970 was a Thursday, so weeks begin four days later."""


class Resolution(NamedTuple):
    """A resolution by its canonical name, and the interval whose bars make it up.

    Bars of intraday resolutions begin on multiples of `span_ms` in UTC. Those of weeks and months
    begin with their first trading day, as UDF wants it, and have no `span_ms`.
    """

    name: str
    interval: str
    parts: int = 1
    span_ms: int = 0
    months: int = 1

    def period(self, at_ms: int) -> tuple[int, int]:
        """Return begin and end (exchange time, UTC ms) of the period that a time lies in."""
        if self.span_ms:
            begin_ms = at_ms - at_ms % self.span_ms
            return begin_ms, begin_ms + self.span_ms
        if self.name == "1W":
            begin_ms = at_ms - (at_ms - _MONDAY_MS) % (7 * DAY_MS)
            return begin_ms, begin_ms + 7 * DAY_MS
        return _months(at_ms, self.months)

    def joined(self, bars: Iterable[Bar]) -> list[Bar]:
        """Return the bars of this resolution, made of bars of its interval in time order."""
        if self.parts == 1:
            return list(bars)
        groups = groupby(bars, key=lambda bar: self.period(bar.start_ms)[0])
        return [self._whole(begin_ms, list(parts)) for begin_ms, parts in groups]

    def _whole(self, begin_ms: int, parts: list[Bar]) -> Bar:
        return Bar(
            begin_ms if self.span_ms else parts[0].start_ms,
            parts[0].open,
            max(bar.high for bar in parts),
            min(bar.low for bar in parts),
            parts[-1].close,
            sum(bar.volume for bar in parts),
            sum(bar.trades for bar in parts),
        )


RESOLUTIONS: Final = {
    resolution.name: resolution
    for resolution in (
        Resolution("1S", "1s", span_ms=1_000),
        Resolution("5S", "5s", span_ms=5_000),
        Resolution("1", "1m", span_ms=MINUTE_MS),
        Resolution("3", "1m", parts=3, span_ms=3 * MINUTE_MS),
        Resolution("5", "5m", span_ms=5 * MINUTE_MS),
        Resolution("15", "15m", span_ms=15 * MINUTE_MS),
        Resolution("30", "15m", parts=2, span_ms=30 * MINUTE_MS),
        Resolution("45", "15m", parts=3, span_ms=45 * MINUTE_MS),
        Resolution("60", "1h", span_ms=60 * MINUTE_MS),
        Resolution("120", "1h", parts=2, span_ms=120 * MINUTE_MS),
        Resolution("180", "1h", parts=3, span_ms=180 * MINUTE_MS),
        Resolution("240", "1h", parts=4, span_ms=240 * MINUTE_MS),
        Resolution("1D", "1d", span_ms=DAY_MS),
        Resolution("1W", "1d", parts=7),
        Resolution("1M", "1d", parts=31),
        Resolution("3M", "1d", parts=92, months=3),
        Resolution("6M", "1d", parts=184, months=6),
        Resolution("12M", "1d", parts=366, months=12),
    )
}
"""Canonical name -> resolution; `parts` is the most bars of the interval that make up one."""
INTRADAY: Final = [name for name in RESOLUTIONS if name.isdecimal()]
SECONDS: Final = [name[:-1] for name in RESOLUTIONS if name.endswith("S")]
MONTHS: Final = [name[:-1] for name in RESOLUTIONS if name.endswith("M")]


def resolution_of(spelled: str) -> Resolution | None:
    """Return a resolution by any spelling (60, 1H, H or h; 1D, D, 1d or d), None without one."""
    match = _SPELLED.fullmatch(spelled)
    if match is None or not spelled:
        return None
    count, unit = int(match[1] or 1), (match[2] or "").upper()
    name = str(60 * count) if unit == "H" else f"{count}{unit}"
    return RESOLUTIONS.get(name)


def refusal_of(spelled: str) -> str:
    """Return why a spelling names no resolution, and what to write instead."""
    fact = f"resolution was {spelled!r}, "
    small = _SMALL_M.fullmatch(spelled)
    if small is not None and (minutes := small[1] or "1") in INTRADAY:
        return f"{fact}UDF has no small m: minutes are {minutes!r} alone, a month is '1M'"
    return f"{fact}expected one of {', '.join(RESOLUTIONS)}"


def _months(at_ms: int, count: int) -> tuple[int, int]:
    """Return begin and end of the months that a time lies in: of 3, a quarter of the year."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    year, month = divmod(12 * at.year + at.month - 1 - (at.month - 1) % count, 12)
    end_year, end_month = divmod(12 * year + month + count, 12)
    begin, end = (
        datetime(year, month + 1, 1, tzinfo=UTC),
        datetime(end_year, end_month + 1, 1, tzinfo=UTC),
    )
    return ms_of(begin), ms_of(end)
