"""Tables of trades or bars, as CSV (RFC 4180), read into the events of a recording.

Pure. Must not know files or rows. A wrong row does not end the check: whoever made the table sees
all its faults at once.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from feeds.exceptions import InvalidImport
from feeds.market.events import Event, FeedState, FeedStatus, Listing, Phase, Side, Status, Trade
from feeds.market.instruments import Definition
from feeds.market.parsing import exact_ticks, parse_timestamp, whole_shares
from feeds.plan.plans import FeedPlan

_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_SIDES: Final = {"BUY": Side.BUY, "B": Side.BUY, "SELL": Side.SELL, "S": Side.SELL}


class TableKind(StrEnum):
    """What the rows of a table are."""

    TRADES = "trades"
    BARS = "bars"


NEEDED: Final = {
    TableKind.TRADES: ("time", "symbol", "price", "size"),
    TableKind.BARS: ("time", "symbol", "open", "high", "low", "close", "volume"),
}
OPTIONAL: Final = {TableKind.TRADES: ("side",), TableKind.BARS: ()}


class _Traded(NamedTuple):
    """A trade of the table; `order` keeps the order of the rows where times are equal."""

    ts: int
    order: int
    symbol: str
    ticks: int
    size: int
    side: Side | None


class Table:
    """Check a table against the instruments of a feed; bars last `interval_s` seconds.

    A bar becomes trades at its open, high, low and close, in this order: at its start, after a
    quarter and a half of it, and in its last millisecond. Neighbours of equal price are one trade.
    The volume is divided equally, and the last trade takes the rest.
    """

    def __init__(self, plan: FeedPlan, kind: TableKind, *, interval_s: int = 60) -> None:
        self._plan = plan
        self._kind = kind
        self._interval_ms = interval_s * 1000
        self._definitions: Mapping[str, Definition] = {
            definition.symbol: definition for definition in plan.definitions
        }
        self._newest_ms = 0
        self._bar_ends: dict[str, int] = {}
        self._lasts: dict[str, tuple[int, Side]] = {}
        self._orders = count()

    def events(self, lines: Iterable[str]) -> Iterator[Event]:
        """Yield the listings, an open phase for each instrument, and the trades in order of time.

        Raises:
            InvalidImport: there are wrong rows; raised at the end, with all of them.
        """
        faults: list[tuple[int, str]] = []
        waiting: list[_Traded] = []
        rows = 0
        for row in self._rows(lines, faults):
            rows += 1
            if rows == 1:
                yield from self._initial_events(row[0].ts)
            for traded in row:
                heappush(waiting, traded)
            # The trades of a bar reach past the start of the next row, but no later row may begin
            # before this one. So everything older is complete, and memory holds a bar's length.
            while waiting and waiting[0].ts < self._newest_ms:
                yield self._trade(heappop(waiting))
        if faults or not rows:
            raise InvalidImport(faults or [(1, "there is no row")])
        while waiting:
            yield self._trade(heappop(waiting))

    def _rows(self, lines: Iterable[str], faults: list[tuple[int, str]]) -> Iterator[list[_Traded]]:
        """Yield the trades of each row; add the wrong rows to `faults`."""
        reader = csv.reader(lines, strict=True)
        names: list[str] | None = None
        while True:
            try:
                cells = next(reader, None)
                if cells is None:
                    return
                if names is None:
                    names = self._header(cells)
                elif cells:
                    yield self._row(names, cells)
            except (ValueError, csv.Error) as error:
                faults.append((reader.line_num, str(error)))
                if names is None:
                    return  # without a header every row would be a fault

    def _header(self, cells: list[str]) -> list[str]:
        names = [cell.strip().lower() for cell in cells]
        needed, known = NEEDED[self._kind], (*NEEDED[self._kind], *OPTIONAL[self._kind])
        if missing := [name for name in needed if name not in names]:
            raise ValueError(f"missing columns {', '.join(missing)}: {self._kind} have {known}")
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"unknown column {unknown[0][:40]!r}: {self._kind} have {known}")
        if len(set(names)) != len(names):
            raise ValueError("a column appears twice")
        return names

    def _row(self, names: list[str], cells: list[str]) -> list[_Traded]:
        if len(cells) != len(names):
            raise ValueError(f"{len(cells)} columns, expected {len(names)}")
        row = dict(zip(names, map(str.strip, cells), strict=True))
        definition = self._definitions.get(row["symbol"])
        if definition is None:
            raise ValueError(f"{row['symbol'][:40]!r} is no instrument of feed {self._plan.feed}")
        ts = parse_timestamp(row["time"])
        if ts < self._newest_ms:
            raise ValueError("its time is before that of a row above")
        traded = (
            self._bar(row, definition, ts) if "open" in row else self._tick(row, definition, ts)
        )
        self._newest_ms = ts
        return traded

    def _tick(self, row: dict[str, str], definition: Definition, ts: int) -> list[_Traded]:
        side = _SIDES.get(row.get("side", "").upper())
        if row.get("side") and side is None:
            raise ValueError(f"side was {row['side'][:40]!r}, expected BUY, SELL or nothing")
        ticks = exact_ticks(_number(row["price"], "price"), definition)
        size = whole_shares(_number(row["size"], "size"))
        return [_Traded(ts, next(self._orders), definition.symbol, ticks, size, side)]

    def _bar(self, row: dict[str, str], definition: Definition, ts: int) -> list[_Traded]:
        symbol = definition.symbol
        if ts < self._bar_ends.get(symbol, ts):
            raise ValueError(f"bars of {symbol} overlap at {self._interval_ms // 1000} s each")
        prices = [
            exact_ticks(_number(row[name], name), definition)
            for name in ("open", "high", "low", "close")
        ]
        if prices[1] != max(prices) or prices[2] != min(prices):
            raise ValueError("the high is not the highest, or the low not the lowest")
        traded = self._split(symbol, prices, whole_shares(_number(row["volume"], "volume")), ts)
        self._bar_ends[symbol] = ts + self._interval_ms
        return traded

    def _split(self, symbol: str, prices: list[int], volume: int, ts: int) -> list[_Traded]:
        """Return the trades of a bar; `prices` are open, high, low and close in ticks."""
        length = self._interval_ms
        times = (ts, ts + length // 4, ts + length // 2, ts + length - 1)
        path = [
            (at, ticks)
            for index, (at, ticks) in enumerate(zip(times, prices, strict=True))
            if index == 0 or ticks != prices[index - 1]
        ]
        part, rest = divmod(volume, len(path))
        if not part:
            raise ValueError(f"volume was {volume}, expected {len(path)} for as many trades")
        sizes = [part] * (len(path) - 1) + [part + rest]
        return [
            _Traded(at, next(self._orders), symbol, ticks, size, None)
            for (at, ticks), size in zip(path, sizes, strict=True)
        ]

    def _initial_events(self, at_ms: int) -> Iterator[Event]:
        plan = self._plan
        yield FeedStatus(plan.feed, plan.name, FeedState.RUNNING, plan.rate, "", at_ms)
        for definition in plan.definitions:
            yield Listing(plan.feed, definition, at_ms)
            yield Status(definition.symbol, Phase.OPEN, "", at_ms)

    def _trade(self, traded: _Traded) -> Trade:
        """Return a trade; without a side in the table it has that of the last change of price."""
        # The tick test: a rising price was bought, a falling one sold (Lee and Ready, 1991).
        ticks, last = self._lasts.get(traded.symbol, (traded.ticks, Side.BUY))
        moved = Side.BUY if traded.ticks > ticks else Side.SELL
        side = traded.side or (last if traded.ticks == ticks else moved)
        self._lasts[traded.symbol] = (traded.ticks, side)
        return Trade(traded.symbol, traded.ticks, traded.size, side, traded.ts, traded.ts)


def _number(text: str, name: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} was {text[:40]!r}, expected a number above 0, such as 101.25")
    return Decimal(text)
