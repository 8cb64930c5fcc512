"""The day so far of many instruments at once, as lines of a few points.

Must not know HTTP. The points are closes of minutes: those in memory, which are read in the event
loop, and those of the database before them. The history that is drawn before the first stored bar
is left out: to draw it takes some 50 ms for each instrument.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final, NamedTuple

from dashboard.delivery.hub import Hub
from dashboard.process.cpu_meter import in_thread
from feeds.market.bars import DAY_MS, MINUTE, MINUTE_MS
from feeds.market.board import Row
from feeds.market.delayed_keys import delay_of, shown
from feeds.selectors.bars import closes_of_day

MOST_LINES: Final = 100
"""Lines of one answer: more than a screen has."""
MOST_POINTS: Final = 120
"""Points of a line, which is some 80 px wide."""
IN_MEMORY: Final = 1_000
"""More closed minutes than memory keeps of an instrument."""


class Sparkline(NamedTuple):
    """A line: the day (exchange time, UTC ms), and in order of time the minutes after its
    beginning with their closes (ticks); none before the first trade."""

    day_ms: int
    points: list[tuple[int, int]]


class DayQuestion(NamedTuple):
    """A day that is asked for, as it was at a time of our clock (UTC ms)."""

    day_ms: int
    until_ms: int


Closes = dict[str, dict[int, int]]
"""The closes of minutes (ticks) by symbol and start (exchange time, UTC ms)."""
ReadCloses = Callable[[Collection[str], int, int], Awaitable[Closes]]


@in_thread
def read_closes(symbols: Collection[str], day_ms: int, until_ms: int) -> Closes:
    """Read the stored closes of a day as they were at `until_ms`."""
    return closes_of_day(symbols, day_ms=day_ms, until_ms=until_ms)


class Sparklines:
    """Draw the lines of instruments, each of the day of its newest trade."""

    def __init__(self, hub: Hub, read: ReadCloses = read_closes) -> None:
        self._hub = hub
        self._read = read

    async def lines(self, rows: dict[str, Row]) -> dict[str, Sparkline]:
        """Return the lines of rows, which are given by key: a delayed key has delayed data."""
        live = {key: self._in_memory(key) for key in rows}
        asked: dict[DayQuestion, list[str]] = {}
        for key, row in rows.items():
            asked.setdefault(self._question(row, live[key]), []).append(key)
        found: dict[str, Sparkline] = {}
        for (day_ms, until_ms), keys in asked.items():
            stored = await self._read({shown(key) for key in keys}, day_ms, until_ms)
            for key in keys:
                # A minute in memory may have closed meanwhile: the stored one is then the whole.
                found[key] = _sparkline(day_ms, live[key] | stored.get(shown(key), {}))
        return found

    def _in_memory(self, key: str) -> dict[int, int]:
        bars = self._hub.replica.board.bars.symbols.get(key)
        if bars is None:
            return {}
        live = bars.live(MINUTE)
        found = [*bars.newest(MINUTE, IN_MEMORY), *([live] if live else [])]
        return {bar.start_ms: bar.close for bar in found}

    def _question(self, row: Row, live: Iterable[int]) -> DayQuestion:
        until_ms = self._hub.clock.now_ms() - MINUTE_MS * delay_of(row.feed)
        feed = self._hub.replica.board.feeds.get(row.feed)
        now_ms = until_ms if feed is None else feed.exchange_at(until_ms)
        newest_ms = max(live, default=now_ms)
        return DayQuestion(newest_ms - newest_ms % DAY_MS, until_ms)


def _sparkline(day_ms: int, closes: dict[int, int]) -> Sparkline:
    """Return the line of a day. When there are too many minutes, a point stands for several."""
    minutes = {
        (start_ms - day_ms) // MINUTE_MS: closes[start_ms]
        for start_ms in sorted(closes)
        if day_ms <= start_ms < day_ms + DAY_MS
    }
    if not minutes:
        return Sparkline(day_ms, [])
    first, last = min(minutes), max(minutes)
    step = -(-(last - first + 1) // MOST_POINTS)
    points = {minute // step: (minute, close) for minute, close in minutes.items()}
    return Sparkline(day_ms, list(points.values()))
