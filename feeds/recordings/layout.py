"""How the rows of a table are to be read: its columns, its times, its numbers.

Pure. Must not know files or rows of the database.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from feeds.recordings.table_times import Unit


class TableKind(StrEnum):
    """What the rows of a table are."""

    TRADES = "trades"
    BARS = "bars"


NEEDED: Final = {
    TableKind.TRADES: ("time", "symbol", "price", "size"),
    TableKind.BARS: ("time", "symbol", "open", "high", "low", "close", "volume"),
}
OPTIONAL: Final = {TableKind.TRADES: ("side",), TableKind.BARS: ()}
EXTRA: Final = ("clock", "is_buyer_maker")
"""Columns that only vendors have: the time of day beside a date; whether the buyer had waited."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a table. `columns` has the place of each column that is used, from 0.

    Without `columns`, they are found by the names that NEEDED and OPTIONAL have. `symbol` is that
    of all rows of a table without such a column, `zone` that of times without an offset. `lot`
    is the lot size of instruments that are made of the table; None is the finest that the sizes of
    each need. `skips` rows stand before the header.
    """

    kind: TableKind
    columns: dict[str, int] = {}
    has_header: bool = True
    skips: int = 0
    separator: str = ","
    decimal: str = "."
    unit: Unit = Unit.MILLISECONDS
    zone: str = ""
    day_first: bool = False
    symbol: str = ""
    interval_s: int = 60
    lot: Decimal | None = None
    sorts: bool = False
    rounds_prices: bool = False
    rounds_times: bool = False

    def missing(self) -> list[str]:
        """Return the needed columns that have no place."""
        needed = [name for name in NEEDED[self.kind] if name != "symbol" or not self.symbol]
        return [name for name in needed if name not in self.columns]
