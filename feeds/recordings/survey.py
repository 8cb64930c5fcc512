"""The instruments that a table trades, with tick and lot sizes that its prices and sizes fit.

Pure. Must not know files or rows of the database.
"""

from decimal import Decimal
from typing import Final

from feeds.market.instruments import Definition
from feeds.market.lots import MAX_DECIMALS
from feeds.market.symbols import is_symbol, read_symbol
from feeds.recordings.csv_import import Rows, cells_of
from feeds.recordings.faults import Fault
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.recognition import MOST_DECIMALS, decimals_in
from feeds.recordings.table_numbers import is_missing, number

MOST_SYMBOLS: Final = 2_000
_ROUNDED: Final = ((Decimal(1), 2), (Decimal("0.01"), 4), (Decimal(0), 8))
"""Decimals of prices that are rounded, from a price on."""


class _Seen:
    """What the rows of a symbol need: the first price, and the most decimals of numbers.

    `is_wrong` says that a price cannot be one.
    """

    __slots__ = ("decimals", "first", "is_wrong", "places")

    def __init__(self) -> None:
        self.first = Decimal(0)
        self.is_wrong = False
        self.decimals, self.places = 2, 0


def definitions_of(rows: Rows, layout: Layout) -> tuple[Definition, ...]:
    """Return an instrument for each symbol that can be one, in the order of their first rows.

    Wrong rows are passed over: the import names them. A symbol with nothing but wrong prices has an
    instrument, so that the import speaks of the prices. Without a column that is needed there are
    none.
    """
    if layout.missing():
        return ()
    found: dict[str, _Seen] = {}
    for row in cells_of(rows, layout):
        symbol = read_symbol(row.get("symbol", layout.symbol))
        if symbol in found:
            _look(found[symbol], row, layout)
        elif is_symbol(symbol) and len(found) < MOST_SYMBOLS:
            seen = _Seen()
            _look(seen, row, layout)
            if seen.first or seen.is_wrong:
                found[symbol] = seen
    return tuple(_definition(symbol, seen, layout) for symbol, seen in found.items())


def _look(seen: _Seen, row: dict[str, str], layout: Layout) -> None:
    """Note the numbers of a row."""
    is_bar = layout.kind is TableKind.BARS
    for role in ("open", "high", "low", "close") if is_bar else ("price",):
        price = _number(row[role], layout)
        # Bars may have no prices: then nobody traded.
        seen.is_wrong |= not price and not is_bar
        seen.is_wrong |= price is None and not is_missing(row[role])
        if price:
            seen.first = seen.first or price
            seen.decimals = max(seen.decimals, decimals_in(row[role], layout.decimal))
    size = row["volume" if is_bar else "size"]
    if _number(size, layout):
        seen.places = max(seen.places, decimals_in(size, layout.decimal))


def _number(text: str, layout: Layout) -> Decimal | None:
    try:
        return number(text, "", decimal=layout.decimal)
    except Fault:
        return None


def _definition(symbol: str, seen: _Seen, layout: Layout) -> Definition:
    decimals = seen.decimals
    if layout.rounds_prices or decimals > MOST_DECIMALS:
        decimals = next(places for least, places in _ROUNDED if seen.first >= least)
    tick_size = Decimal(1).scaleb(-decimals)
    ticks = max(1, int((seen.first / tick_size).to_integral_value()))
    finest = Decimal(1).scaleb(-min(MAX_DECIMALS, seen.places))
    return Definition(
        symbol=symbol, name=symbol, sector="Imported", tick_size=tick_size, reference_ticks=ticks,
        lot=layout.lot or finest,
    )  # fmt: skip
