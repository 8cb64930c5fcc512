"""The board in words and numbers for pages that the server renders.

Must not know requests or templates. The browser's twin is static/js/format.js.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypedDict, cast
from zoneinfo import ZoneInfo

from dashboard.delivery.hub import Hub
from dashboard.formats.missing import MISSING
from dashboard.people.access import Access
from feeds.market.board import ASK, BID, HIGH, LAST, LOW, PHASE, PREVIOUS_CLOSE, VOLUME, Row
from feeds.market.delayed_keys import delay_of, shown
from feeds.market.events import FeedState, FeedStatus, Phase

MINUS = "\u2212"
_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


class DisplayRow(TypedDict):
    """One line of the table, ready to print."""

    symbol: str
    name: str
    sector: str
    last: str
    change: str
    change_percent: str
    direction: str
    bid: str
    ask: str
    volume: str
    high: str
    low: str
    phase: str
    phase_name: str
    reason: str
    delay: int


class MarketDisplay:
    """What pages may ask of the market; read in the event loop, where the board does not move."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @property
    def has_begun(self) -> bool:
        """Say whether this process has heard of a market."""
        return bool(self._hub.replica.epoch)

    def rows(self, symbols: Sequence[str], access: Access) -> list[DisplayRow]:
        """Return a line for each symbol that is listed and seen."""
        board = self._hub.replica.board
        keys = ((symbol, access.key_of(symbol, board)) for symbol in symbols)
        return [display_row(s, board.rows[key]) for s, key in keys if key in board.rows]

    def seen_rows(self, access: Access) -> dict[str, Row]:
        """Return the rows that are seen, by the symbol they are shown with."""
        board = self._hub.replica.board
        return {shown(key): board.rows[key] for key in access.seen_of(board.rows, board)}

    def catalogue(self, access: Access) -> list[dict[str, str]]:
        """Return symbol, name and sector of every instrument that is seen."""
        board = self._hub.replica.board
        # A page may ask from a thread: the loop lists and delists meanwhile.
        rows = dict(board.rows)
        definitions = (rows[key].definition for key in access.seen_of(rows, board))
        entries = {
            shown(one.symbol): {"s": shown(one.symbol), "name": one.name, "sector": one.sector}
            for one in definitions
        }
        return [entries[symbol] for symbol in sorted(entries)]

    def feeds(self, access: Access) -> list[dict[str, str]]:
        """Return name, state, reason and day of every feed of which something is seen."""
        now_ms = self._hub.clock.now_ms()
        return [
            {
                "name": feed.name,
                "state": feed.state.value,
                "reason": feed.reason,
                "day": status_text(feed, now_ms),
            }
            for feed in access.feeds_of(self._hub.replica.board)
        ]

    def prices(self, symbols: Iterable[str]) -> dict[str, tuple[int | None, Phase]]:
        """Return the last price (ticks, None without a trade) and the phase of each listed symbol.

        Any thread may ask, as each is looked up by itself.
        """
        find = self._hub.replica.board.rows.get
        rows = ((symbol, find(symbol)) for symbol in symbols)
        return {
            symbol: (cast(int | None, row.values[LAST]), Phase(row.phase))
            for symbol, row in rows
            if row is not None and row.values[PHASE] is not None
        }

    def last_prices(self, symbols: Iterable[str], access: Access) -> dict[str, Decimal]:
        """Return the last price of each symbol that is seen and was traded, as it is seen.

        Any thread may ask, as each is looked up by itself.
        """
        board = self._hub.replica.board
        prices: dict[str, Decimal] = {}
        for symbol in symbols:
            row = board.rows.get(access.key_of(symbol, board) or "")
            last = None if row is None else row.values[LAST]
            if row is not None and isinstance(last, int):
                prices[symbol] = last * row.definition.tick_size
        return prices

    def age_text(self) -> str:
        """Return how old the newest tick is."""
        newest = self._hub.replica.newest_ms
        if newest is None:
            return "no data yet"
        age_s = max(0, self._hub.clock.now_ms() - newest) / 1000
        return f"{age_s:.1f} s old" if age_s < 60 else f"{age_s / 60:.0f} min old"


def phase_name(phase: str) -> str:
    """Return what a phase is called: "Pre-open"."""
    return phase.replace("_", "-").capitalize()


def status_text(feed: FeedStatus, now_ms: int) -> str:
    """Return a feed's name with its exchange's day, or its state; as status/phases.js does."""
    if not feed.exchange:
        return f"{feed.name} \u00b7 {phase_name(feed.state)}"
    day = day_text(feed, now_ms)
    return day if feed.name == feed.exchange else f"{feed.name}: {day}"


def day_text(feed: FeedStatus, now_ms: int) -> str:
    """Return day, time and phase of a feed's exchange, "" without one; as status/phases.js does."""
    if not feed.exchange:
        return ""
    if feed.state is not FeedState.RUNNING:
        return f"{feed.exchange} \u00b7 {phase_name(feed.state)}"
    # The status came some time ago, and its clock has gone on since. Our own clock may be behind.
    at_ms = feed.exchange_ms + max(0, now_ms - feed.ts_event) * feed.scale
    there = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(feed.zone))
    is_compressed = feed.scale != 1
    day = f" day {feed.day + 1:,}" if is_compressed else f" \u00b7 {there.day} {there:%b}"
    speed = f" \u00b7 {feed.scale:,.1f}\u00d7" if is_compressed else ""
    return f"{feed.exchange}{day} \u00b7 {there:%H:%M} \u00b7 {phase_name(feed.phase)}{speed}"


def display_row(symbol: str, row: Row) -> DisplayRow:
    """Return the line of one instrument."""
    last, close = row.values[LAST], row.values[PREVIOUS_CLOSE]
    change = last - close if isinstance(last, int) and isinstance(close, int) else None
    percent = None if change is None or not isinstance(close, int) else 100 * change / close
    return {
        "symbol": symbol,
        "name": row.definition.name,
        "sector": row.definition.sector,
        "last": _price(row, LAST),
        "change": MISSING
        if change is None
        else _signed(row.price(change), row.definition.decimals),
        "change_percent": MISSING if percent is None else f"{_signed(percent, 2)}%",
        "direction": "flat" if not change else "up" if change > 0 else "down",
        "bid": _price(row, BID),
        "ask": _price(row, ASK),
        "volume": _volume(row),
        "high": _price(row, HIGH),
        "low": _price(row, LOW),
        "phase": row.phase,
        "phase_name": phase_name(row.phase),
        "reason": row.reason,
        "delay": delay_of(row.feed),
    }


def blank_row(symbol: str) -> DisplayRow:
    """Return the line of an instrument of which nothing is known yet."""
    return {
        "symbol": symbol,
        "name": "",
        "sector": "",
        "last": MISSING,
        "change": MISSING,
        "change_percent": MISSING,
        "direction": "flat",
        "bid": MISSING,
        "ask": MISSING,
        "volume": MISSING,
        "high": MISSING,
        "low": MISSING,
        "phase": "",
        "phase_name": "",
        "reason": "",
        "delay": 0,
    }


def rounded(value: float, decimals: int) -> str:
    """Return a number as browsers write it: halves of its shortest digits go up (ECMA-402)."""
    places = Decimal(1).scaleb(-decimals)
    return f"{Decimal(repr(value)).quantize(places, ROUND_HALF_UP):,f}"


def _price(row: Row, index: int) -> str:
    ticks = row.values[index]
    return f"{row.price(ticks):,.{row.definition.decimals}f}" if isinstance(ticks, int) else MISSING


def _signed(value: float, decimals: int) -> str:
    # Rounded first: a minus before 0.00 would tell of a fall that nobody sees.
    text = rounded(abs(value), decimals)
    if not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def _volume(row: Row) -> str:
    lots = row.values[VOLUME]
    if not isinstance(lots, int):
        return MISSING
    text = row.size(lots)
    value = float(text)
    for size, unit in _UNITS:
        if value >= size:
            return f"{rounded(value / size, 2)}{unit}"
    return text
