"""The vendor's rules for bars, written a second time: slowly, and without our code.

Source: docs.alpaca.markets, "Market Data FAQ", section "How are bars aggregated?". The rules need
all trades of a day at once. Our code folds them one after the other, and amends what it has
published.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

TABLE = """
    _ AB MD yyy   @ CO MD yyy   A C MD yyy    B AB MD nny   B C MD yyy    C ABCO MD nny
    D C MD yyy    E AB MD yyy   F ABC MD yyy  G C M nny     G C D fyy     H ABC MD nny
    I ABCO MD nny K ABC MD yyy  L ABC MD yyy  M ABC MD nnn  N ABCO MD nny O ABC MD yyy
    P ABCO M nny  P ABCO D fyy  Q ABC MD nnn  R ABCO MD nny T ABCO M yyy  T ABCO D nny
    U ABCO MD nny V ABC MD nny  W CO MD nny   X ABC MD yyy  Y C MD yyy    Z ABC M nny
    Z ABC D fyy   4 ABC M nny   4 ABC D fyy   5 ABC MD yyy  6 ABC MD yyy  7 ABC MD nny
    9 ABC M nnn   9 ABC D yyn
"""
"""Condition (_ is a space), tapes, and bars of a minute or a day; then whether a trade updates open
and close, high and low, and volume: yes, no, or only as the first of its bar (f)."""
NEW_YORK = ZoneInfo("America/New_York")


class Said(NamedTuple):
    """A trade as it stands at the end of the day."""

    at: str
    arrived: int
    price: Decimal
    size: int
    conditions: tuple[str, ...]
    tape: str


class VendorBar(NamedTuple):
    """A bar by the vendor's rules; `start` is a time in UTC, or a date in New York."""

    start: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    trades: int


def vendor_bars(
    messages: Iterable[dict[str, Any]], symbol: str, *, kind: str, needs_volume: bool = True
) -> list[VendorBar]:
    """Return the bars of minutes (M) or days (D) of everything that was said in a day.

    Without a volume there is no bar, but there may be prices: those of a corrected close alone.
    """
    said = sorted(
        _standing(messages, symbol), key=lambda trade: (_instant(trade.at), trade.arrived)
    )
    name = _minute if kind == "M" else _date
    bars = (
        _bar(start, trades, kind) for start, trades in groupby(said, lambda trade: name(trade.at))
    )
    return [bar for bar in bars if bar is not None and (bar.volume or not needs_volume)]


def hourly(minutes: Iterable[VendorBar]) -> list[VendorBar]:
    """Return the bars of hours, which are made of those of minutes."""
    groups = groupby(minutes, lambda bar: bar.start[:13] + ":00Z")
    return [_merged(start, list(bars)) for start, bars in groups]


def _standing(messages: Iterable[dict[str, Any]], symbol: str) -> Iterator[Said]:
    """Yield the trades after all corrections and cancels."""
    said: dict[tuple[str, int], Said] = {}
    for arrived, message in enumerate(messages):
        if message.get("S") != symbol or message["T"] not in "tcx":
            continue
        where = message["x"]
        match message["T"]:
            case "t":
                said[where, message["i"]] = Said(
                    message["t"], arrived, Decimal(str(message["p"])), message["s"],
                    tuple(message["c"]), message["z"],
                )  # fmt: skip
            case "x":
                said.pop((where, message["i"]))
            case "c":
                former = said.pop((where, message["oi"]))
                said[where, message["ci"]] = former._replace(
                    price=Decimal(str(message["cp"])), size=message["cs"],
                    conditions=tuple(message["cc"]),
                )  # fmt: skip
    yield from said.values()


def _bar(start: str, trades: Iterable[Said], kind: str) -> VendorBar | None:
    opened = high = low = close = None
    volume = count = 0
    for trade in trades:
        ends, extremes, counts = _updates(trade, kind)
        price = trade.price
        if opened is None and ends in "yf":
            opened = price
        if extremes == "y":
            high = price if high is None else max(high, price)
            low = price if low is None else min(low, price)
        if ends == "y" or (ends == "f" and close is None):
            close = price
        if counts == "y":
            volume, count = volume + trade.size, count + 1
    if opened is None or high is None or low is None or close is None:
        return None
    return VendorBar(start, opened, high, low, close, volume, count)


def _updates(trade: Said, kind: str) -> str:
    """Return the strictest rule of all conditions, for each of the three parts of a bar."""
    rules = [_rule(condition, trade.tape, kind) for condition in trade.conditions]
    return "".join(min(part, key="nfy".index) for part in zip(*rules, strict=True))


def _rule(condition: str, tape: str, kind: str) -> str:
    words = TABLE.split()
    for code, tapes, kinds, rule in zip(*(words[n::4] for n in range(4)), strict=True):
        if code == condition.replace(" ", "_") and tape in tapes and kind in kinds:
            return rule
    raise LookupError(f"{condition!r} on tape {tape}")


def _merged(start: str, bars: list[VendorBar]) -> VendorBar:
    return VendorBar(
        start, bars[0].open, max(bar.high for bar in bars), min(bar.low for bar in bars),
        bars[-1].close, sum(bar.volume for bar in bars), sum(bar.trades for bar in bars),
    )  # fmt: skip


def _instant(at: str) -> str:
    """Return a time in UTC so that texts are in the order of times."""
    return at.removesuffix("Z").ljust(29, "0") if "." in at else (at[:-1] + ".").ljust(29, "0")


def _minute(at: str) -> str:
    return at[:16] + "Z"


def _date(at: str) -> str:
    return str(datetime.fromisoformat(at[:19] + "+00:00").astimezone(NEW_YORK).date())
