"""Tables of trades or bars, read into the events of a recording.

Pure. Must not know files or rows of the database. A wrong row does not end the check: the person
who made the table sees all causes at once, each with its count.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from feeds.exceptions import InvalidImport
from feeds.market.bars import DAY_MS
from feeds.market.events import Event, FeedState, FeedStatus, Listing, Phase, Side, Status, Trade
from feeds.market.instruments import Definition
from feeds.market.symbols import is_symbol, read_symbol, symbol_fault
from feeds.plan.plans import FeedPlan
from feeds.recordings.bar_grid import BarGrid
from feeds.recordings.faults import Fault, Faults
from feeds.recordings.layout import NEEDED, OPTIONAL, Layout, TableKind
from feeds.recordings.likely_causes import SEPARATORS, suspicion
from feeds.recordings.table_numbers import is_missing, lots_in, number, ticks_of
from feeds.recordings.table_times import TimeReader, UtcOf, date_and_clock, is_date

MOST_SORTED: Final = 1_000_000
"""Rows that are sorted in memory: some 300 MB."""
_SIDES: Final = {"BUY": Side.BUY, "B": Side.BUY, "SELL": Side.SELL, "S": Side.SELL}
_MAKERS: Final = {"TRUE": Side.SELL, "1": Side.SELL, "FALSE": Side.BUY, "0": Side.BUY}
"""If the buyer's order had waited, the seller came to it: the trade was a sale."""
_PRICES: Final = ("open", "high", "low", "close")


class Rows(Protocol):
    """The rows of a table; `line` is that of the row that came last, from 1."""

    line: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]:
        """Return the next row.

        Raises:
            Fault: the row cannot be read; the next one may be.
        """
        ...


class CsvRows:
    """The rows of CSV text (RFC 4180)."""

    def __init__(self, lines: Iterable[str], separator: str = ",") -> None:
        self._reader = csv.reader(lines, strict=True, delimiter=separator)
        self.line = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        """Return the next row."""
        try:
            return next(self._reader)
        except csv.Error as error:
            raise Fault("csv", str(error)) from None
        finally:
            self.line = self._reader.line_num


class Traded(NamedTuple):
    """A trade of the table; `order` keeps the order of the rows where times are equal."""

    ts: int
    order: int
    symbol: str
    ticks: int
    size: int
    side: Side | None


@dataclass
class Findings:
    """What was found in a table: its rows, those that were left out by reason, and notes."""

    rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return it for people."""
        return [
            *(f"{reason} that were left out: {n:,}" for reason, n in self.skipped.items()),
            *self.notes,
        ]


NO_PRICES: Final = "bars without prices"


class Table:
    """Check a table against the instruments of a feed; `now_ms` ends the window of its times, and
    `utc_of` is the clock of those without an offset.

    A bar becomes trades at its open, high, low and close, in this order: at its start, after a
    quarter and a half of it, and in its last millisecond. Neighbours of equal price are one trade.
    The volume is divided equally, and the last trade takes the rest.
    """

    def __init__(
        self, plan: FeedPlan, layout: Layout, *, now_ms: int, utc_of: UtcOf | None = None
    ) -> None:
        self.findings = Findings()
        self._plan = plan
        self._layout = layout
        self._names: dict[str, str] = {}
        self._width = 0
        self._now_ms = now_ms
        self._utc_of = utc_of
        self._definitions: Mapping[str, Definition] = {
            definition.symbol: definition for definition in plan.definitions
        }
        self._grid = BarGrid(layout.interval_s * 1000)
        self._newest_ms = 0
        self._lasts: dict[str, tuple[int, Side]] = {}
        self._orders = count()

    def events(self, rows: Rows) -> Iterator[Event]:
        """Yield the listings, an open phase for each instrument, and the trades in order of time.

        Raises:
            InvalidImport: there are wrong rows; raised at the end, with all causes.
        """
        faults = Faults()
        waiting: list[Traded] = []
        has_begun = False
        for traded in self._traded(rows, faults):
            if not has_begun:
                has_begun = True
                yield from self._initial_events(traded[0].ts)
            for trade in traded:
                heappush(waiting, trade)
            # The trades of a bar reach past the start of the next row, but no later row may begin
            # before this one. So everything older is complete, and memory holds a bar's length.
            while waiting and waiting[0].ts < self._newest_ms:
                yield self._trade(heappop(waiting))
        if not faults:
            self._check_distances(rows.line, faults)
        if faults:
            raise faults.error()
        if not has_begun:
            raise InvalidImport([(1, self._empty_reason())])
        while waiting:
            yield self._trade(heappop(waiting))

    def _empty_reason(self) -> str:
        skipped = self.findings.lines() if self.findings.skipped else []
        return f"there is no valid row: {'; '.join(skipped)}" if skipped else (
            "there is no row"
        )  # fmt: skip

    def _traded(self, rows: Rows, faults: Faults) -> Iterator[list[Traded]]:
        """Yield the trades of each row that has some; add the wrong rows to `faults`."""
        for line, row, ts in self._in_order(rows, faults):
            try:
                if traded := self._row(row, ts):
                    yield traded
            except Fault as fault:
                faults.add(line, fault)

    def _in_order(self, rows: Rows, faults: Faults) -> Iterator[tuple[int, dict[str, str], int]]:
        timed = self._timed(rows, faults)
        if not self._layout.sorts:
            yield from timed
            return
        kept = []
        for item in timed:
            kept.append(item)
            if len(kept) > MOST_SORTED:
                faults.add(item[0], Fault("sort", f"more than {MOST_SORTED:,} rows to sort"))
                return
        yield from sorted(kept, key=lambda item: item[2])

    def _timed(self, rows: Rows, faults: Faults) -> Iterator[tuple[int, dict[str, str], int]]:
        """Yield the line, the cells that are used, and the time of each row."""
        cells = self._next(rows, faults)
        for _ in range(self._layout.skips):
            cells = self._next(rows, faults)
        if cells is None:
            return  # without a header every row would be a fault
        try:
            self._find_columns(cells)
        except Fault as fault:
            faults.add(max(1, rows.line), fault)
            return
        if self._layout.has_header:
            cells = self._next(rows, faults)
        while cells is not None:
            try:
                yield rows.line, *self._with_time(cells)
            except Fault as fault:
                faults.add(rows.line, fault)
            cells = self._next(rows, faults)

    def _next(self, rows: Rows, faults: Faults) -> list[str] | None:
        """Return the next row that is not empty, None after the last one."""
        while True:
            try:
                cells = next(rows, None)
            except Fault as fault:
                faults.add(rows.line, fault)
                if not self._names:
                    return None
            else:
                if cells is None or has_values(cells):
                    return cells

    def _find_columns(self, cells: list[str]) -> None:
        """Find the columns by their names unless the layout has them, and note those unused."""
        layout = self._layout
        names = [cell.strip() for cell in cells]
        self._width = len(names)
        if not layout.columns:
            layout = self._layout = _with_named_columns(layout, names)
        _refuse_missing(layout, names)
        if beyond := [role for role, place in layout.columns.items() if place >= len(names)]:
            raise Fault("columns", f"{len(names)} columns, too few for {', '.join(beyond)}")
        used = {place: role for role, place in layout.columns.items()}
        self._names = {
            role: names[place] if layout.has_header and names[place] else role
            for place, role in used.items()
        }
        unused = [name for place, name in enumerate(names) if place not in used and name]
        if layout.has_header and unused:
            shown = ", ".join(repr(name[:40]) for name in unused[:20])
            self.findings.notes.append(f"columns not used: {shown}")
        self._times = TimeReader(
            layout.unit, now_ms=self._now_ms, utc_of=self._utc_of, day_first=layout.day_first,
            name=self._names["time"], whole_days=_are_days(layout),
        )  # fmt: skip

    def _with_time(self, cells: list[str]) -> tuple[dict[str, str], int]:
        if len(cells) != self._width:
            message = f"{len(cells)} columns, expected {self._width}"
            raise Fault("width", message + _comma_hint(cells, self._width, self._layout))
        self.findings.rows += 1
        row = {role: cells[place].strip() for role, place in self._layout.columns.items()}
        time = row["time"]
        if clock := row.get("clock"):
            time = date_and_clock(time, clock)
        ts = self._times.read(time)
        if self._layout.kind is TableKind.BARS:
            row["at"] = time
        return row, ts

    def _row(self, row: dict[str, str], ts: int) -> list[Traded]:
        symbol = read_symbol(row.get("symbol", self._layout.symbol))
        definition = self._definitions.get(symbol)
        is_bar = self._layout.kind is TableKind.BARS
        # Among bars a symbol may be unknown as long as its rows have no price: nobody traded it.
        if definition is None and not (is_bar and is_symbol(symbol) and _has_no_price(row)):
            said = row.get("symbol", symbol)
            message = f"{said[:40]!r} is no instrument of feed {self._plan.feed}"
            if fault := symbol_fault(said):
                message += f". {fault}"
            broken = "; the file is not UTF-8" if "\ufffd" in said else ""
            raise Fault(f"symbol{broken}", message + broken, said)
        reason = self._reason_to_skip(row) if is_bar else ""
        if definition is None or reason:
            self.findings.skipped[reason] += 1
            self._grid.pass_over(symbol, ts)
            return []
        if ts < self._newest_ms:
            raise Fault("order", "its time is before that of a row above")
        traded = self._bar(row, definition, ts) if is_bar else self._tick(row, definition, ts)
        self._newest_ms = max(ts, self._newest_ms)
        return traded

    def _reason_to_skip(self, row: dict[str, str]) -> str:
        if _has_no_price(row):
            return NO_PRICES
        volume = row["volume"]
        if is_missing(volume) or not self._number(row, "volume", zero=True):
            return f"bars without {self._names['volume']}"
        return ""

    def _number(self, row: dict[str, str], role: str, *, zero: bool = False) -> Decimal:
        return number(row[role], self._names[role], decimal=self._layout.decimal, zero=zero)

    def _tick(self, row: dict[str, str], definition: Definition, ts: int) -> list[Traded]:
        ticks = self._ticks(row, "price", definition)
        size = lots_in(self._number(row, "size"), definition, self._names["size"])
        side = self._side(row)
        return [Traded(ts, next(self._orders), definition.symbol, ticks, size, side)]

    def _side(self, row: dict[str, str]) -> Side | None:
        for role, known in (("side", _SIDES), ("is_buyer_maker", _MAKERS)):
            if text := row.get(role):
                if (side := known.get(text.upper())) is None:
                    expected = "BUY, SELL or nothing" if role == "side" else "true or false"
                    message = f"{self._names[role]} was {text[:40]!r}, expected {expected}"
                    raise Fault(role, message, text)
                return side
        return None

    def _ticks(self, row: dict[str, str], role: str, definition: Definition) -> int:
        price = self._number(row, role)
        return ticks_of(price, self._names[role], definition, rounds=self._layout.rounds_prices)

    def _bar(self, row: dict[str, str], definition: Definition, ts: int) -> list[Traded]:
        symbol, layout = definition.symbol, self._layout
        if layout.rounds_times:
            ts = self._grid.rounded(ts)
        if is_date(row["at"]) and "clock" not in row:
            self._grid.note_date()
        prices = [self._ticks(row, role, definition) for role in _PRICES]
        if prices[1] != max(prices) or prices[2] != min(prices):
            raise Fault("high and low", "the high is not the highest, or the low not the lowest")
        volume = lots_in(self._number(row, "volume"), definition, self._names["volume"])
        self._grid.add(symbol, ts)
        return self._split(definition, prices, volume, ts)

    def _split(
        self, definition: Definition, prices: list[int], volume: int, ts: int
    ) -> list[Traded]:
        """Return the trades of a bar; `prices` are open, high, low and close in ticks."""
        length = self._layout.interval_s * 1000
        times = (ts, ts + length // 4, ts + length // 2, ts + length - 1)
        path = [
            (at, ticks)
            for index, (at, ticks) in enumerate(zip(times, prices, strict=True))
            if index == 0 or ticks != prices[index - 1]
        ]
        if volume < len(path):
            path = _shortest(path)
        part, rest = divmod(volume, len(path))
        if not part:
            name = self._names["volume"]
            was, least = (n * definition.lot_size for n in (volume, len(path)))
            message = f"{name} was {was:f}, expected {least:f} for as many trades"
            raise Fault("volume", message)
        sizes = [part] * (len(path) - 1) + [part + rest]
        return [
            Traded(at, next(self._orders), definition.symbol, ticks, size, None)
            for (at, ticks), size in zip(path, sizes, strict=True)
        ]

    def _check_distances(self, line: int, faults: Faults) -> None:
        """Refuse bars that are all further apart than they last."""
        if self._layout.kind is TableKind.BARS and (message := self._grid.too_far_apart()):
            faults.add(line, Fault("distance", message))

    def _initial_events(self, at_ms: int) -> Iterator[Event]:
        plan = self._plan
        yield FeedStatus(plan.feed, plan.name, FeedState.RUNNING, plan.rate, "", at_ms)
        for definition in plan.definitions:
            yield Listing(plan.feed, definition, at_ms)
            yield Status(definition.symbol, Phase.OPEN, "", at_ms)

    def _trade(self, traded: Traded) -> Trade:
        """Return a trade; without a side in the table it has that of the last change of price."""
        # The tick test: a rising price was bought, a falling one sold (Lee and Ready, 1991).
        ticks, last = self._lasts.get(traded.symbol, (traded.ticks, Side.BUY))
        moved = Side.BUY if traded.ticks > ticks else Side.SELL
        side = traded.side or (last if traded.ticks == ticks else moved)
        self._lasts[traded.symbol] = (traded.ticks, side)
        return Trade(traded.symbol, traded.ticks, traded.size, side, traded.ts, traded.ts)


def cells_of(rows: Rows, layout: Layout) -> Iterator[dict[str, str]]:
    """Yield the cells that are used of each row with all columns, unchecked."""
    above = layout.skips + layout.has_header
    while True:
        try:
            cells = next(rows, None)
        except Fault:
            continue
        if cells is None:
            return
        if has_values(cells) and above:
            above -= 1
        elif len(cells) > max(layout.columns.values()):
            yield {role: cells[place].strip() for role, place in layout.columns.items()}


def has_values(cells: Iterable[str]) -> bool:
    """Say whether a row has anything in it; old programs end a file with Ctrl-Z."""
    return any(cell.strip(" \t\r\n\0\x1a\u00a0") for cell in cells)


def _has_no_price(row: dict[str, str]) -> bool:
    return all(is_missing(row[name]) for name in _PRICES)


def _with_named_columns(layout: Layout, names: list[str]) -> Layout:
    """Return the layout with the columns of a header that has our own names.

    Raises:
        Fault: a column is there twice.
    """
    low = [name.lower() for name in names]
    known = (*NEEDED[layout.kind], *OPTIONAL[layout.kind])
    if twice := [name for name in known if low.count(name) > 1]:
        raise Fault("header", f"column {twice[0]!r} appears twice")
    return replace(layout, columns={name: low.index(name) for name in known if name in low})


def _refuse_missing(layout: Layout, names: list[str]) -> None:
    """Check that every needed column has a place.

    Raises:
        Fault: one has none; the text names the likely cause.
    """
    if missing := layout.missing():
        known = (*NEEDED[layout.kind], *OPTIONAL[layout.kind])
        said = f"missing columns {', '.join(missing)}: {layout.kind} have {', '.join(known)}"
        raise Fault("header", said + suspicion(names, layout.separator))


def _are_days(layout: Layout) -> bool:
    return layout.kind is TableKind.BARS and layout.interval_s * 1000 == DAY_MS


def _comma_hint(cells: list[str], width: int, layout: Layout) -> str:
    is_split = len(cells) > width and layout.separator == ","
    if is_split:
        return "; it looks like decimal commas between commas"
    others = [other for other in SEPARATORS if other != layout.separator]
    split = next((other for other in others if cells[0].count(other) == width - 1), "")
    is_other = len(cells) == 1 and bool(split)
    return f"; this line is separated by {SEPARATORS[split]}" if is_other else ""


def _shortest(path: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the fewest trades that make the same bar: a high or low may be its open or close."""
    first, *between, last = path
    ends = {first[1], last[1]}
    return [first, *(trade for trade in between if trade[1] not in ends), last]
