"""What a table seems to be, from its first rows: a layout that a person checks and corrects.

Pure. Must not know files. Nothing is taken by a guess alone: the layout is shown, and every row is
checked against it.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from feeds.market.symbols import is_symbol, read_symbol
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.likely_causes import SEPARATORS, is_value
from feeds.recordings.table_times import (
    TimeReader,
    Unit,
    as_utc,
    date_and_clock,
    day_order,
    has_two_readings,
    is_date,
    is_naive,
    is_number,
    unit_of,
)
from feeds.recordings.vendors import headless_roles, plain_name, roles_of, vendor_of

SAMPLE_ROWS: Final = 200
MOST_DECIMALS: Final = 6
"""Prices with more decimals come from a computer's doubles; they are rounded to the tick size."""
_SYMBOL: Final = re.compile(
    r"\^?[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*(=[A-Za-z]|[.-][A-Za-z])?(?![A-Za-z0-9=])"
    r"|[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*"
)
"""A word; a class of shares or a kind may follow it: `BRK-B`, `^GSPC`, `ES=F`."""
_COMMA: Final = re.compile(r"\d+,\d+")
_THOUSANDS: Final = re.compile(r"\d{1,3},\d{3}")
Sample = Sequence[Sequence[str]]


class Recognised(NamedTuple):
    """A layout, the vendor ("" if unknown), the names of the columns, and what was assumed."""

    layout: Layout
    vendor: str
    names: tuple[str, ...]
    notes: tuple[str, ...]


def separator_of(lines: Iterable[str]) -> str:
    """Return the separator that gives the most lines the same number of columns."""
    sample = [line for line in lines if line.strip()]
    best, best_score = ",", (0, 0)
    for separator in SEPARATORS if sample else ():
        try:
            rows = list(csv.reader(sample, delimiter=separator))
        except csv.Error:
            continue
        width, rows_of_it = Counter(map(len, rows)).most_common(1)[0]
        if width > 1 and (rows_of_it, width) > best_score:
            best, best_score = separator, (rows_of_it, width)
    return best


def recognise(rows: Sample, *, separator: str, file_name: str, now_ms: int) -> Recognised:
    """Return how a table seems to be laid out; `rows` are its first ones, at most SAMPLE_ROWS."""
    skips = _leading_rows(rows)
    rows = rows[skips:]
    first = [cell.strip() for cell in rows[0]] if rows else []
    has_header = not any(map(is_value, first))
    body = [[cell.strip() for cell in row] for row in rows[has_header:] if row]
    counted: list[str] = []
    if has_header:
        kind, columns = roles_of(first)
        columns, counted = _with_counted_ticks(columns, first, body)
        vendor = vendor_of(first)
    else:
        vendor, kind, columns = headless_roles(first)
    layout = Layout(
        kind=kind, columns=dict(columns), has_header=has_header, skips=skips, separator=separator,
        symbol="" if "symbol" in columns else symbol_of(file_name),
    )  # fmt: skip
    layout, notes = _with_values(layout, [row for row in body if len(row) == len(first)], now_ms)
    names = tuple(first if has_header else (f"column {n}" for n in range(1, len(first) + 1)))
    return Recognised(layout, vendor, names, (*counted, *notes))


def symbol_of(file_name: str) -> str:
    """Return the symbol that a file seems to be of: `BTCUSDT-1m-2026-01.csv` is of BTCUSDT."""
    found = _SYMBOL.match(re.split(r"[\\/]", file_name)[-1])
    symbol = read_symbol(found[0]) if found else ""
    return symbol if is_symbol(symbol) else ""


def _leading_rows(rows: Sample) -> int:
    """Return how many rows stand before the table: titles, addresses, and Excel's `sep=;`."""
    width = max(map(len, rows), default=0)
    if width < 3:
        return 0
    filled = (sum(bool(cell.strip()) for cell in row) for row in rows)
    return next((place for place, count in enumerate(filled) if count > 1), 0)


def _with_values(layout: Layout, rows: Sample, now_ms: int) -> tuple[Layout, list[str]]:
    """Return the layout with what the values of the rows say: unit, zone, length, decimals."""
    notes: list[str] = []
    changes: dict[str, object] = {}
    times = _times(layout, rows)
    if times:
        unit = next((unit for text in times if (unit := unit_of(text, now_ms=now_ms))), None)
        changes["unit"] = unit or layout.unit
        has_text = unit in {None, Unit.CALENDAR} or not is_number(times[0])
        changes["zone"] = "UTC" if has_text and any(map(is_naive, times)) else ""
        if changes["zone"]:
            notes.append("the times name no time zone: UTC is assumed")
        orders = {order for text in times if (order := day_order(text))}
        changes["day_first"] = "day" in orders
        if not orders and (unclear := next(filter(has_two_readings, times), "")):
            notes.append(f"dates such as {unclear[:10]} are read with the month first")
    prices = [row[p] for row in rows for role, p in layout.columns.items() if role in _PRICES]
    sizes = [row[p] for row in rows for role, p in layout.columns.items() if role in _SIZES]
    commas = [text for text in prices if _COMMA.fullmatch(text)]
    if len(commas) * 2 > len(prices) and (example := _with_decimal_comma(layout, commas, notes)):
        changes["decimal"] = example
    decimal = str(changes.get("decimal", "."))
    if max((decimals_in(text, decimal) for text in prices), default=0) > MOST_DECIMALS:
        changes["rounds_prices"] = True
        notes.append("prices have very many decimals: they are rounded to the tick size")
    places = min(8, max((decimals_in(text, decimal) for text in sizes), default=0))
    if places:
        notes.append(f"sizes are fractions, such as multiples of {Decimal(1).scaleb(-places):f}")
    found = Layout(**{name: getattr(layout, name) for name in layout.__struct_fields__} | changes)
    return _with_order(found, times, rows, now_ms, notes), notes


def _with_decimal_comma(layout: Layout, commas: Sequence[str], notes: list[str]) -> str:
    """Return the decimal sign of prices with commas, "" where they may separate thousands.

    1,234 may be both. Where commas separate the columns, too, it is hardly a decimal comma.
    """
    if not all(map(_THOUSANDS.fullmatch, commas)):
        return ","
    if layout.separator == ",":
        return ""
    notes.append(f"prices such as {commas[0]} are read with a decimal comma")
    return ","


def _with_counted_ticks(
    columns: Mapping[str, int], names: Sequence[str], rows: Sample
) -> tuple[dict[str, int], list[str]]:
    """Return the columns with the number of ticks for a volume that is never there.

    MetaTrader writes 0 for markets without a central exchange.
    """
    plain, place = [plain_name(name) for name in names], columns.get("volume")
    ticks = next((n for n, name in enumerate(plain) if name in _TICK_VOLUMES), None)
    cells = [row[place] for row in rows if place is not None and len(row) == len(names)]
    if ticks is None or place is None or not cells or any(cell.strip("0.") for cell in cells):
        return dict(columns), []
    note = f"{names[place]!r} is always 0: {names[ticks]!r} is taken for the volume"
    return {**columns, "volume": ticks}, [note]


_TICK_VOLUMES: Final = frozenset({"tickvol", "tickvolume"})
_PRICES: Final = ("open", "high", "low", "close", "price")
_SIZES: Final = ("volume", "size")


def _with_order(
    layout: Layout, times: Sequence[str], rows: Sample, now_ms: int, notes: list[str]
) -> Layout:
    """Return the layout with the length of its bars, and whether its rows are to be sorted."""
    reader = TimeReader(layout.unit, now_ms=now_ms, utc_of=as_utc,
                        day_first=layout.day_first)  # fmt: skip
    stamps = [reader.read(text) if reader.is_in_window(text) else None for text in times]
    known = [stamp for stamp in stamps if stamp is not None]
    sorts = any(after < before for before, after in pairwise(known))
    notes += ["the rows are not in the order of time: they are sorted"] * sorts
    interval_s = layout.interval_s
    if layout.kind is TableKind.BARS:
        interval_s = _interval_s(layout, stamps, rows) or (
            86_400 if times and is_date(times[0]) else interval_s
        )
    values = {name: getattr(layout, name) for name in layout.__struct_fields__}
    return Layout(**values | {"sorts": sorts, "interval_s": interval_s})


def _interval_s(layout: Layout, stamps: Sequence[int | None], rows: Sample) -> int:
    """Return the shortest distance between two bars of a symbol in seconds, 0 without any."""
    place = layout.columns.get("symbol")
    by_symbol: dict[str, set[int]] = {}
    # Without a column of times there are no stamps.
    for stamp, row in zip(stamps, rows if stamps else (), strict=True):
        if stamp is not None:
            by_symbol.setdefault("" if place is None else row[place], set()).add(stamp)
    steps = [
        (after - before) // 1000
        for found in by_symbol.values()
        for before, after in pairwise(sorted(found))
    ]
    return min(86_400, min(steps, default=0))


def _times(layout: Layout, rows: Sample) -> list[str]:
    place, clock = layout.columns.get("time"), layout.columns.get("clock")
    if place is None:
        return []
    if clock is None:
        return [row[place] for row in rows]
    return [date_and_clock(row[place], row[clock]) for row in rows]


def decimals_in(text: str, decimal: str = ".") -> int:
    """Return how many decimals a number has, without zeros at its end."""
    mantissa, _, exponent = text.lower().partition("e")
    moved = -int(exponent) if re.fullmatch(r"-\d{1,2}", exponent) else 0
    return len(mantissa.partition(decimal)[2].rstrip("0")) + moved
