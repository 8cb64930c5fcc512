"""The bars of an instrument from everywhere: of the live board, of the archive, and of its history.

Must not know requests. Memory is read in the event loop, where the board does not move; rows in the
database's thread, and nothing is held between the two.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import takewhile
from typing import Final, NamedTuple

from dashboard.cpu_meter import in_thread
from dashboard.delivery.hub import Hub
from dashboard.exceptions import UnknownSymbol
from dashboard.people.access import Access
from feeds.market.bars import (
    DAY,
    DAY_MS,
    INTERVALS,
    LEVEL_OF,
    MINUTE,
    MINUTE_MS,
    SPANS,
    Bar,
    merged,
)
from feeds.market.board import Row
from feeds.market.delayed import delay_of, shown
from feeds.selectors.bars import History, read_history, stored_bars

MOST_BARS: Final = 1_000
"""Bars of one answer."""
MOST_MINUTES: Final = 20_000
"""Minutes read to make coarser bars of: about 50 ms; the next page goes on from there."""
FOREVER_MS: Final = 2**53 - 1
"""The last moment that JavaScript can count."""


class Wanted(NamedTuple):
    """The newest `limit` bars of a symbol that begin in [from, to)."""

    symbol: str
    interval: str
    from_ms: int
    to_ms: int
    limit: int

    @property
    def level(self) -> int:
        """Return the place of the interval in SPANS."""
        return LEVEL_OF[self.interval]

    @property
    def span_ms(self) -> int:
        """Return the length of a bar."""
        return INTERVALS[self.interval]


class Stored(NamedTuple):
    """What the database has of it: bars of minutes or days, and what its history is made of."""

    minutes: list[Bar]
    days: list[Bar]
    history: History | None


class Found(NamedTuple):
    """The row of the instrument, its bars oldest first, and whether the last one is live."""

    row: Row
    bars: list[Bar]
    is_live: bool


ReadStored = Callable[[Wanted, int, int | None], Awaitable[Stored]]


@in_thread
def read_stored(wanted: Wanted, until_ms: int, today_ms: int | None) -> Stored:
    """Read what was recorded until a time of our clock; minutes of days only since `today_ms`."""
    is_day = wanted.level == DAY
    history = read_history(wanted.symbol, now_ms=until_ms)
    begin_ms = today_ms if is_day else wanted.from_ms
    minutes: list[Bar] = []
    if begin_ms is not None:
        minutes = stored_bars(
            wanted.symbol,
            "1m",
            from_ms=begin_ms,
            to_ms=wanted.to_ms if not is_day else FOREVER_MS,
            limit=min(MOST_MINUTES, wanted.limit * wanted.span_ms // SPANS[MINUTE]),
            until_ms=until_ms,
        )
    days: list[Bar] = []
    if is_day:
        days = stored_bars(
            wanted.symbol,
            "1d",
            from_ms=wanted.from_ms,
            to_ms=wanted.to_ms,
            limit=wanted.limit,
            until_ms=until_ms,
        )
    return Stored(minutes, days, history)


class Charts:
    """Put together the bars that somebody may see."""

    def __init__(self, hub: Hub, read: ReadStored = read_stored) -> None:
        self._hub = hub
        self._read = read

    def find(self, symbol: str, access: Access) -> tuple[str, Row]:
        """Return key and row of a symbol; what somebody may not see is not there.

        Raises:
            UnknownSymbol: there is none, or it is not seen.
        """
        board = self._hub.replica.board
        key = access.key_of(symbol, board)
        if key is None or key not in board.rows:
            raise UnknownSymbol(f"symbol was {symbol[:16]!r}")
        return key, board.rows[key]

    def seen(self, access: Access) -> dict[str, Row]:
        """Return everything that is seen, by symbol: of what is seen twice the soonest."""
        board = self._hub.replica.board
        symbols = sorted({shown(key) for key in access.seen_of(board.rows, board)})
        keys = ((symbol, access.key_of(symbol, board)) for symbol in symbols)
        return {symbol: board.rows[key] for symbol, key in keys if key in board.rows}

    async def bars(self, wanted: Wanted, access: Access) -> Found:
        """Return the bars that are wanted.

        Raises:
            UnknownSymbol: there is no such symbol, or it is not seen.
        """
        key, row = self.find(wanted.symbol, access)
        live = self._remembered(key, min(wanted.level, MINUTE))
        is_whole = wanted.from_ms - wanted.from_ms % wanted.span_ms
        asked = wanted._replace(from_ms=max(0, is_whole))
        if wanted.level < MINUTE:
            found = live
        else:
            today_ms = live[-1].start_ms - live[-1].start_ms % DAY_MS if live else None
            until_ms = self._hub.clock.now_ms() - MINUTE_MS * delay_of(row.feed)
            stored = await self._read(asked, until_ms, today_ms)
            found = await asyncio.to_thread(_joined, asked, stored, live)
        inside = [bar for bar in found if wanted.from_ms <= bar.start_ms < wanted.to_ms]
        chosen = inside[-wanted.limit :]
        is_live = bool(chosen and live and chosen[-1].start_ms + wanted.span_ms > live[-1].start_ms)
        return Found(row, chosen, is_live)

    def _remembered(self, key: str, level: int) -> list[Bar]:
        """Return the newest bars in memory, the live one last."""
        bars = self._hub.replica.board.bars.symbols.get(key)
        if bars is None:
            return []
        live = bars.live(level)
        return [*bars.newest(level, MOST_BARS), *([live] if live else [])]


def _joined(wanted: Wanted, stored: Stored, live: list[Bar]) -> list[Bar]:
    """Return the bars of the history, the archive and memory; the coarser are made of minutes."""
    minutes = _overlaid(stored.minutes, live)
    is_cut = len(stored.minutes) >= MOST_MINUTES
    bars = minutes if wanted.level == MINUTE else list(merged(minutes, wanted.span_ms))
    if wanted.level == DAY:
        bars = _overlaid(stored.days, bars)
    elif is_cut:
        bars = bars[1:]  # its first minutes were not read
    rest = wanted.limit - sum(wanted.from_ms <= bar.start_ms < wanted.to_ms for bar in bars)
    if rest <= 0 or stored.history is None or is_cut:
        return bars
    end_ms = _begin_of(bars, stored.history.first_ms, wanted)
    history = stored.history.bars().between(wanted.level, wanted.from_ms, end_ms, rest)
    return history + bars


def _begin_of(bars: list[Bar], first_ms: int | None, wanted: Wanted) -> int:
    """Return where the history ends for this question: before everything that really happened."""
    begins = [wanted.to_ms, *(bar.start_ms for bar in bars[:1])]
    if first_ms is not None:
        begins.append(first_ms - first_ms % wanted.span_ms)
    return min(begins)


def _overlaid(bars: list[Bar], newer: Iterable[Bar]) -> list[Bar]:
    """Return bars, those that begin with the newer ones or after replaced by them."""
    news = list(newer)
    if not news:
        return bars
    return [*takewhile(lambda bar: bar.start_ms < news[0].start_ms, bars), *news]
