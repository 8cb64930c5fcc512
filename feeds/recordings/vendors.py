"""The columns of known vendors, from their public descriptions.

Pure. Must not know files. Names of columns are compared by letters and digits alone, in lower case.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from feeds.recordings.layout import NEEDED, TableKind


class Vendor(NamedTuple):
    """A vendor's table: `marks` are names of columns by which its header is known."""

    name: str
    marks: frozenset[str]


_VENDORS: Final = (
    Vendor("Stooq", frozenset({"ticker", "per", "date", "time", "vol", "openint"})),
    Vendor("Yahoo", frozenset({"adjclose"})),
    Vendor("Yahoo", frozenset({"dividends", "stocksplits"})),
    Vendor("Binance klines", frozenset({"opentime", "closetime"})),
    Vendor("Binance trades", frozenset({"price", "qty", "isbuyermaker"})),
    Vendor("Binance aggregated trades", frozenset({"aggtradeid", "transacttime"})),
    Vendor("Dukascopy", frozenset({"gmttime"})),
    Vendor("Dukascopy", frozenset({"localtime"})),
    Vendor("Alpaca bars", frozenset({"timestamp", "tradecount", "vwap"})),
    Vendor("Alpaca bars", frozenset({"t", "o", "h", "l", "c", "v"})),
    Vendor("Alpaca trades", frozenset({"timestamp", "price", "size", "conditions"})),
    Vendor("Alpaca trades", frozenset({"t", "p", "s"})),
    Vendor("CryptoDataDownload", frozenset({"unix", "date", "symbol"})),
    Vendor("Kaggle (Bitcoin)", frozenset({"timestamp", "volumebtc", "weightedprice"})),
    Vendor("Kaggle (S&P 500)", frozenset({"date", "open", "name"})),
    Vendor("MetaTrader", frozenset({"date", "time", "tickvol"})),
)
_SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "time": (
        *("unix", "timestamp", "opentime", "transacttime", "datetime", "gmttime", "localtime"),
        *("time", "date", "t", "unixtimestamp", "ts", "dateutc", "timeutc", "begins"),
        "windowstart",
    ),
    "symbol": ("symbol", "ticker", "name", "instrument", "s"),
    "open": ("open", "o", "openprice", "opening"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice", "last", "closelast", "closing"),
    "volume": ("volume", "vol", "v", "volumebtc", "tickvol", "tickvolume", "vol1"),
    "price": ("price", "p", "tradeprice", "lastprice"),
    "size": ("size", "qty", "quantity", "amount", "q", "volume", "vol"),
    "side": ("side", "takerside", "aggressor"),
    "is_buyer_maker": ("isbuyermaker", "buyermaker", "m"),
}
"""Names of each column that is read; the better name is first."""
_ONE_LETTER_TRADES: Final = {"time": "t", "price": "p", "size": "s"}
KLINES: Final = dict(zip(("time", "open", "high", "low", "close", "volume"), range(6), strict=True))
TRADES: Final = {"price": 1, "size": 2, "time": 4, "is_buyer_maker": 5}
AGGREGATES: Final = {"price": 1, "size": 2, "time": 5, "is_buyer_maker": 6}


def plain_name(name: str) -> str:
    """Return the name of a column as it is compared: `<Adj Close>` is `adjclose`."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def vendor_of(names: Sequence[str]) -> str:
    """Return who writes tables with these columns, "" if nobody is known."""
    found = {plain_name(name) for name in names}
    return next((vendor.name for vendor in _VENDORS if vendor.marks <= found), "")


def roles_of(names: Sequence[str]) -> tuple[TableKind, dict[str, int]]:
    """Return what the rows are, and the places of the columns that are known by their names."""
    plain = [plain_name(name) for name in names]
    found = {
        role: plain.index(name)
        for role, synonyms in _SYNONYMS.items()
        if (name := next((name for name in synonyms if name in plain), None)) is not None
    }
    if {"t", "p", "s"} <= set(plain):
        found |= {role: plain.index(name) for role, name in _ONE_LETTER_TRADES.items()}
        found.pop("symbol", None)
    has_bars = {"open", "high", "low", "close"} <= found.keys()
    kind = TableKind.BARS if has_bars else TableKind.TRADES
    used = {*NEEDED[kind], *(() if has_bars else ("side", "is_buyer_maker"))}
    places = {role: place for role, place in found.items() if role in used}
    if "date" in plain and "time" in plain and places.get("time") == plain.index("time"):
        places |= {"time": plain.index("date"), "clock": plain.index("time")}
    return kind, places


def headless_roles(row: Sequence[str]) -> tuple[str, TableKind, dict[str, int]]:
    """Return vendor, kind and columns of a table without a header, from how its row looks."""
    flags = [place for place, cell in enumerate(row) if cell.lower() in {"true", "false"}]
    if len(row) in {11, 12} and not flags:
        return "Binance klines", TableKind.BARS, KLINES
    if len(row) in {6, 7} and flags[:1] == [5]:
        return "Binance trades", TableKind.TRADES, TRADES
    if len(row) in {7, 8} and flags[:1] == [6]:
        return "Binance aggregated trades", TableKind.TRADES, AGGREGATES
    if len(row) == 7 and ":" in row[1]:
        after = {role: place + 1 for role, place in KLINES.items() if role != "time"}
        return "MetaTrader", TableKind.BARS, {"time": 0, "clock": 1, **after}
    if len(row) == 6:
        return "", TableKind.BARS, KLINES
    return "", TableKind.TRADES, {}
