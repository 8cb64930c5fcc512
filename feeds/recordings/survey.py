"""The instruments that a table trades, with tick sizes that its prices fit.

Pure. Must not know files or rows of the database.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from feeds.market.instruments import SYMBOL_PATTERN, Definition
from feeds.recordings.csv_import import Rows, cells_of
from feeds.recordings.faults import Fault
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.recognition import MOST_DECIMALS, decimals_in
from feeds.recordings.table_numbers import number

MOST_SYMBOLS: Final = 2_000
_ROUNDED: Final = ((Decimal(1), 2), (Decimal("0.01"), 4), (Decimal(0), 8))
"""Decimals of prices that are rounded, from a price on."""


def definitions_of(rows: Rows, layout: Layout) -> tuple[Definition, ...]:
    """Return an instrument for each symbol that can be one, in the order of their first rows.

    Wrong rows are passed over: the import names them.
    """
    found: dict[str, tuple[Decimal, int]] = {}
    for symbol, text in _prices(rows, layout):
        try:
            price = number(text, "price", decimal=layout.decimal)
        except Fault:
            continue
        if price and (symbol in found or len(found) < MOST_SYMBOLS):
            first, decimals = found.get(symbol, (price, 2))
            found[symbol] = first, max(decimals, decimals_in(text, layout.decimal))
    return tuple(_definition(symbol, *seen, layout) for symbol, seen in found.items())


def _prices(rows: Rows, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield the symbol and each price of all rows."""
    roles = ("open", "high", "low", "close") if layout.kind is TableKind.BARS else ("price",)
    for row in cells_of(rows, layout):
        symbol = row.get("symbol", layout.symbol).upper()
        if re.fullmatch(SYMBOL_PATTERN, symbol):
            yield from ((symbol, row[role]) for role in roles)


def _definition(symbol: str, first: Decimal, decimals: int, layout: Layout) -> Definition:
    if layout.rounds_prices or decimals > MOST_DECIMALS:
        decimals = next(places for least, places in _ROUNDED if first >= least)
    tick_size = Decimal(1).scaleb(-decimals)
    ticks = max(1, int((first / tick_size).to_integral_value()))
    return Definition(
        symbol=symbol, name=symbol, sector="Imported", tick_size=tick_size, reference_ticks=ticks
    )
