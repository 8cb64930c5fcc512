"""What a table seems to be, from its first rows: a layout that a person checks and corrects.

Pure. Must not know files. Nothing is taken by a guess alone: the layout is shown, and every row is
checked against it.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.likely_causes import SEPARATORS, is_value
from feeds.recordings.table_times import (
    TimeReader,
    Unit,
    as_utc,
    day_order,
    is_date,
    is_naive,
    unit_of,
)
from feeds.recordings.vendors import headless_roles, roles_of, vendor_of

SAMPLE_ROWS: Final = 200
MOST_DECIMALS: Final = 6
"""Prices with more decimals come from a computer's doubles; they are rounded to the tick size."""
_SYMBOL: Final = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]{0,11}")
_COMMA: Final = re.compile(r"\d+,\d+")
Sample = Sequence[Sequence[str]]


class Recognised(NamedTuple):
    """A layout, the vendor ("" if unknown), the names of the columns, and what was assumed."""

    layout: Layout
    vendor: str
    names: tuple[str, ...]
    notes: tuple[str, ...]


def separator_of(lines: Iterable[str]) -> str:
    """Return what separates the columns of some lines: what gives most of them the same number."""
    sample = [line for line in lines if line.strip()]
    best, best_score = ",", (0, 0)
    for separator in SEPARATORS:
        try:
            rows = list(csv.reader(sample, delimiter=separator))
        except csv.Error:
            continue
        width, rows_of_it = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        score = (rows_of_it, width) if width > 1 else (0, 0)
        if score > best_score:
            best, best_score = separator, score
    return best


def recognise(rows: Sample, *, separator: str, file_name: str, now_ms: int) -> Recognised:
    """Return how a table seems to be laid out; `rows` are its first ones, at most SAMPLE_ROWS."""
    skips = _leading_rows(rows)
    rows = rows[skips:]
    first = [cell.strip() for cell in rows[0]] if rows else []
    has_header = not any(map(is_value, first))
    body = [[cell.strip() for cell in row] for row in rows[has_header:] if row]
    if has_header:
        kind, columns = roles_of(first)
        vendor = vendor_of(first)
    else:
        vendor, kind, columns = headless_roles(first)
    layout = Layout(
        kind=kind, columns=dict(columns), has_header=has_header, skips=skips, separator=separator,
        symbol="" if "symbol" in columns else symbol_of(file_name),
    )  # fmt: skip
    layout, notes = _with_values(layout, [row for row in body if len(row) == len(first)], now_ms)
    names = tuple(first if has_header else (f"column {n}" for n in range(1, len(first) + 1)))
    return Recognised(layout, vendor, names, tuple(notes))


def symbol_of(file_name: str) -> str:
    """Return the symbol that a file seems to be of: `BTCUSDT-1m-2026-01.csv` is of BTCUSDT."""
    found = _SYMBOL.match(
        re.split(r"[\\/]", file_name)[-1].split(".")[0].split("-")[0].split("_")[0]
    )
    return found[0].upper()[:12] if found else ""


def _leading_rows(rows: Sample) -> int:
    """Return how many rows stand before the table: titles and addresses of one cell."""
    width = max(map(len, rows), default=0)
    if width < 3:
        return 0
    return next((place for place, row in enumerate(rows) if len(row) > 1), 0)


def _with_values(layout: Layout, rows: Sample, now_ms: int) -> tuple[Layout, list[str]]:
    """Return the layout with what the values of the rows say: unit, zone, length, decimals."""
    notes: list[str] = []
    changes: dict[str, object] = {}
    times = _times(layout, rows)
    if times:
        unit = next((unit for text in times if (unit := unit_of(text, now_ms=now_ms))), None)
        changes["unit"] = unit or layout.unit
        has_text = unit in {None, Unit.CALENDAR} or not times[0].isdigit()
        changes["zone"] = "UTC" if has_text and any(map(is_naive, times)) else ""
        if changes["zone"]:
            notes.append("the times name no time zone: UTC is assumed")
        orders = {order for text in times if (order := day_order(text))}
        changes["day_first"] = "day" in orders
    prices = [row[p] for row in rows for role, p in layout.columns.items() if role in _PRICES]
    sizes = [row[p] for row in rows for role, p in layout.columns.items() if role in _SIZES]
    if prices and sum(bool(_COMMA.fullmatch(text)) for text in prices) * 2 > len(prices):
        changes["decimal"] = ","
    decimal = str(changes.get("decimal", "."))
    if max((decimals_in(text, decimal) for text in prices), default=0) > MOST_DECIMALS:
        changes["rounds_prices"] = True
        notes.append("prices have very many decimals: they are rounded to the tick size")
    places = min(8, max((decimals_in(text, decimal) for text in sizes), default=0))
    if places:
        changes["lot"] = Decimal(1).scaleb(-places)
        notes.append(f"sizes are fractions: they are counted in lots of {changes['lot']:f}")
    found = Layout(**{name: getattr(layout, name) for name in layout.__struct_fields__} | changes)
    return _with_order(found, times, rows, now_ms, notes), notes


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
    for stamp, row in zip(stamps, rows, strict=True):
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
    return [row[place] if clock is None else f"{row[place]} {row[clock]}" for row in rows]


def decimals_in(text: str, decimal: str = ".") -> int:
    """Return how many decimals a number has, without zeros at its end."""
    return len(text.partition(decimal)[2].rstrip("0"))
