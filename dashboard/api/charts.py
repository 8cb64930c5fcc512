"""The bars of an instrument from three places: the live board, the database, and its history.

Must not know HTTP. History is what the simulator draws for the time before the first stored bar.
The board is read in the event loop, where it cannot change meanwhile, and rows in the database's
thread. No lock is held between the two: a bar of the board may have closed meanwhile, and the
stored one is then the whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple

from dashboard.delivery.hub import Hub
from dashboard.exceptions import UnknownSymbol
from dashboard.people.access import Access
from dashboard.process.cpu_meter import in_thread
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
from feeds.market.delayed_keys import delay_of, shown
from feeds.market.symbols import LONGEST_SYMBOL, read_symbol, symbol_fault
from feeds.selectors.bars import History, read_history, stored_bars, stored_revisions

MOST_BARS: Final = 1_000
"""Bars of one response."""
MOST_MINUTES: Final = 20_000
"""Minutes that are read to make coarser bars of: about 50 ms; the next page continues there."""
FOREVER_MS: Final = 2**53 - 1
"""The largest number that JavaScript represents exactly."""


class BarRequest(NamedTuple):
    """The newest `limit` bars of a symbol that begin in [from, to).

    With `corrections` the answer also says how often bars were amended.
    """

    symbol: str
    interval: str
    from_ms: int
    to_ms: int
    limit: int
    corrections: bool = False

    @property
    def level(self) -> int:
        """Return the place of the interval in SPANS."""
        return LEVEL_OF[self.interval]

    @property
    def span_ms(self) -> int:
        """Return the length of a bar in ms."""
        return INTERVALS[self.interval]


class StoredHistory(NamedTuple):
    """What the database has: bars of minutes or days, and what the history is drawn from.

    `revisions` is how often minutes (of a request for days: days) were amended, by start.
    """

    minutes: list[Bar]
    days: list[Bar]
    history: History | None
    revisions: dict[int, int] = {}

    @property
    def is_cut(self) -> bool:
        """Say whether the database may have older minutes that were not read."""
        return len(self.minutes) >= MOST_MINUTES


class FoundBars(NamedTuple):
    """The row of the instrument, its bars oldest first, and whether the last one is live.

    `revisions` is how often closed bars were amended, by start; those never amended are left out.
    `is_cut` says that fewer bars than wanted were read at once, and that older ones may follow.
    """

    row: Row
    bars: list[Bar]
    is_live: bool
    revisions: dict[int, int]
    is_cut: bool


ReadStored = Callable[[BarRequest, int, int | None], Awaitable[StoredHistory]]


@in_thread
def read_stored(request: BarRequest, until_ms: int, day_ms: int | None) -> StoredHistory:
    """Read bars that were stored until `until_ms` (our clock).

    For bars of days read the minutes since `day_ms` as well, the day of the first bar in memory;
    None without one.
    """
    is_day = request.level == DAY
    history = read_history(request.symbol, now_ms=until_ms)
    begin_ms: int | None = request.from_ms
    if is_day:
        begin_ms = _last_day(request.symbol, until_ms) if day_ms is None else day_ms
    minutes: list[Bar] = []
    if begin_ms is not None:
        minutes = stored_bars(
            request.symbol,
            "1m",
            from_ms=begin_ms,
            to_ms=request.to_ms if not is_day else FOREVER_MS,
            limit=MOST_MINUTES if is_day else min(MOST_MINUTES, _minutes_of(request)),
            until_ms=until_ms,
        )
    days: list[Bar] = []
    if is_day:
        days = stored_bars(
            request.symbol,
            "1d",
            from_ms=request.from_ms,
            to_ms=request.to_ms,
            limit=request.limit,
            until_ms=until_ms,
        )
    revisions = _stored_revisions(request, until_ms) if request.corrections else {}
    return StoredHistory(minutes, days, history, revisions)


def _stored_revisions(request: BarRequest, until_ms: int) -> dict[int, int]:
    return stored_revisions(
        request.symbol,
        "1d" if request.level == DAY else "1m",
        from_ms=request.from_ms,
        to_ms=request.to_ms,
        until_ms=until_ms,
    )


def _last_day(symbol: str, until_ms: int) -> int | None:
    """Return the day of the newest stored minute; memory has no bars yet of a new delay."""
    newest = stored_bars(symbol, "1m", from_ms=0, to_ms=FOREVER_MS, limit=1, until_ms=until_ms)
    return newest[0].start_ms - newest[0].start_ms % DAY_MS if newest else None


def _minutes_of(request: BarRequest) -> int:
    """Return how many minutes the requested bars have at most."""
    return request.limit * request.span_ms // SPANS[MINUTE]


class Charts:
    """Put together the bars that a user may see."""

    def __init__(self, hub: Hub, read: ReadStored = read_stored) -> None:
        self._hub = hub
        self._read = read

    def find(self, symbol: str, access: Access) -> tuple[str, Row]:
        """Return key and row of a symbol, as it was typed.

        Raises:
            UnknownSymbol: it does not exist, or the user may not see it; the two look the same.
        """
        board = self._hub.replica.board
        key = access.key_of(read_symbol(symbol), board)
        if key is None or key not in board.rows:
            said = f"symbol was {symbol[:LONGEST_SYMBOL]!r}"
            rule = symbol_fault(symbol)
            raise UnknownSymbol(f"{said}. {rule}" if rule else said)
        return key, board.rows[key]

    def seen(self, access: Access) -> dict[str, Row]:
        """Return the rows that the user may see, by symbol, each with the shortest delay."""
        board = self._hub.replica.board
        symbols = sorted({shown(key) for key in access.seen_of(board.rows, board)})
        keys = ((symbol, access.key_of(symbol, board)) for symbol in symbols)
        return {symbol: board.rows[key] for symbol, key in keys if key in board.rows}

    async def bars(self, request: BarRequest, access: Access) -> FoundBars:
        """Return the requested bars.

        Raises:
            UnknownSymbol: the symbol does not exist, or the user may not see it.
        """
        key, row = self.find(request.symbol, access)
        request = request._replace(symbol=shown(key))
        # Days of reported trades are not the sum of their minutes: a trade's conditions may let
        # it count in a day bar but not in a minute bar.
        bars = self._hub.replica.board.bars.symbols.get(key)
        has_days = request.level == DAY and bars is not None and bars.is_reported
        live = self._in_memory(key, DAY if has_days else min(request.level, MINUTE))
        # Bars that begin before `from` are cut off below, but their minutes are needed to make
        # them, as those after `to` are for the last bar.
        start_ms = request.from_ms - request.from_ms % request.span_ms
        end_ms = request.to_ms + -request.to_ms % request.span_ms
        asked = request._replace(from_ms=max(0, start_ms), to_ms=end_ms)
        revisions: dict[int, int] = {}
        is_cut = False
        if request.level < MINUTE:
            found = live
        else:
            # Minutes in memory may reach back into yesterday: then all of yesterday is summed up.
            day_ms = live[0].start_ms - live[0].start_ms % DAY_MS if live else None
            until_ms = self._hub.clock.now_ms() - MINUTE_MS * delay_of(row.feed)
            stored = await self._read(asked, until_ms, day_ms)
            # Drawing the history the first time takes some 50 ms, so the loop must not do it.
            if has_days:
                stored = stored._replace(minutes=[])
            revisions, is_cut = stored.revisions, stored.is_cut
            found = await asyncio.to_thread(_joined, asked, stored, live)
        inside = [bar for bar in found if request.from_ms <= bar.start_ms < request.to_ms]
        chosen = inside[-request.limit :]
        newest_ms = live[-1].start_ms - live[-1].start_ms % request.span_ms if live else None
        is_live = bool(chosen and chosen[-1].start_ms == newest_ms)
        if request.corrections and bars is not None:
            level = DAY if has_days else min(request.level, MINUTE)
            amended = bars.amended_since(level, bars.amended_floor) or []
            revisions = revisions | {bar.start_ms: bar.revision for bar in amended}
        summed = _by_bar(revisions, request.span_ms)
        # Revisions are those of closed bars. This one is open, though parts of it may be amended.
        if is_live:
            summed.pop(chosen[-1].start_ms, None)
        return FoundBars(row, chosen, is_live, summed, is_cut)

    def _in_memory(self, key: str, level: int) -> list[Bar]:
        """Return the newest bars in memory, the live one last."""
        bars = self._hub.replica.board.bars.symbols.get(key)
        if bars is None:
            return []
        live = bars.live(level)
        return [*bars.newest(level, MOST_BARS), *([live] if live else [])]


def _by_bar(revisions: dict[int, int], span_ms: int) -> dict[int, int]:
    """Return the revisions of bars by those of their parts: an amendment changes one part."""
    summed: dict[int, int] = {}
    for start_ms, revision in revisions.items():
        at_ms = start_ms - start_ms % span_ms
        summed[at_ms] = summed.get(at_ms, 0) + revision
    return summed


def _joined(request: BarRequest, stored: StoredHistory, live: list[Bar]) -> list[Bar]:
    """Join history, stored bars and those in memory; coarser bars are made of minutes."""
    minutes = _united(stored.minutes, live)
    bars = minutes if request.level == MINUTE else list(merged(minutes, request.span_ms))
    if request.level == DAY:
        bars = _united(stored.days, bars)
    elif stored.is_cut:
        bars = bars[1:]  # the first minutes of that bar were not read
    # After a cut the database has more: the history lies before all of that.
    if stored.history is None or stored.is_cut:
        return bars
    end_ms = _history_end(bars, stored.history.first_ms, request)
    if sum(max(request.from_ms, end_ms) <= bar.start_ms < request.to_ms for bar in bars) >= (
        request.limit
    ):
        return bars
    older = stored.history.bars().between(request.level, request.from_ms, end_ms, request.limit)
    return _united(bars, older)


def _history_end(bars: list[Bar], first_ms: int | None, request: BarRequest) -> int:
    """Return where the history must end: before the first bar that is stored, or that is live."""
    if first_ms is not None:
        return min(request.to_ms, first_ms - first_ms % request.span_ms)
    return min([request.to_ms, *(bar.start_ms for bar in bars[:1])])


def _united(stored: Iterable[Bar], others: Iterable[Bar]) -> list[Bar]:
    """Return all bars in order of time; of two that begin at the same time the stored one.

    Bars of the board may begin before stored ones: a replay shows an older day, or the market went
    on from a checkpoint that is older than its last stored bars.
    """
    found = {bar.start_ms: bar for bar in others} | {bar.start_ms: bar for bar in stored}
    return [found[start_ms] for start_ms in sorted(found)]
