"""The last value of everything, each field with the sequence at which it changed.

Pure. Must not know subscribers or frames. Its twin in the browser is static/js/market/board.js.
Versions make every delta a question ("which fields after n?") that needs no history, and counts of
ticks make every receipt a subtraction.
"""

from copy import deepcopy
from typing import Final, NamedTuple

from feeds.market.bars import Bars
from feeds.market.events import (
    NOTHING,
    Delisting,
    Event,
    FeedRemoval,
    FeedStatus,
    Levels,
    Listing,
    Phase,
    Quote,
    Status,
    Trade,
)
from feeds.market.instruments import Definition

Value = int | str | None

LAST: Final = 0
BID: Final = 1
ASK: Final = 2
BID_SIZE: Final = 3
ASK_SIZE: Final = 4
OPEN: Final = 5
HIGH: Final = 6
LOW: Final = 7
PREVIOUS_CLOSE: Final = 8
VOLUME: Final = 9
TS_EVENT: Final = 10
PHASE: Final = 11
FIELDS: Final = (
    "last",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "open",
    "high",
    "low",
    "previous_close",
    "volume",
    "ts_event",
    "phase",
)
"""Names of the fields by index; prices are integer ticks, None means no value yet."""


class Row:
    """One instrument: its definition, its fields, and how many ticks it has had this epoch."""

    __slots__ = (
        "asks", "bids", "day", "definition", "feed", "reason", "scale", "status_ts", "steps",
        "ticks", "values", "versions",
    )  # fmt: skip

    def __init__(self, listing: Listing, sequence: int, *, ticks: int) -> None:
        self.values: list[Value] = [None] * len(FIELDS)
        self.versions = [sequence] * len(FIELDS)
        self.ticks = ticks
        self.bids: Levels = ()
        self.asks: Levels = ()
        self.reason = ""
        self.day: int | None = None
        self.define(listing)
        self.values[PREVIOUS_CLOSE] = listing.definition.reference_ticks
        self.values[VOLUME] = 0
        self.values[PHASE] = Phase.CLOSED

    def define(self, listing: Listing) -> None:
        """Take a definition on the same tick grid."""
        self.definition: Definition = listing.definition
        self.feed = listing.feed
        self.status_ts = listing.ts_event
        numerator, denominator = listing.definition.tick_size.as_integer_ratio()
        self.steps, self.scale = numerator, denominator

    def price(self, ticks: int) -> float:
        """Return the decimal price nearest to a number of ticks."""
        return ticks * self.steps / self.scale

    @property
    def phase(self) -> str:
        """Return the present phase."""
        return str(self.values[PHASE])

    def put(self, index: int, value: Value, sequence: int) -> None:
        """Set a field, and its version if that changed it."""
        if self.values[index] != value:
            self.values[index] = value
            self.versions[index] = sequence


class Gone(NamedTuple):
    """What is kept of a symbol that left: the feed it was of, and its ticks in this epoch."""

    feed: str
    ticks: int


class Board:
    """Fold events into rows; `sequence` is that of the last event applied.

    `gone` holds what is left of symbols that left, so that receipts go on when one comes back.
    """

    def __init__(self) -> None:
        self.bars = Bars()
        self.rows: dict[str, Row] = {}
        self.feeds: dict[str, FeedStatus] = {}
        self.gone: dict[str, Gone] = {}
        self.sequence = NOTHING

    def apply(self, sequence: int, event: Event) -> None:
        """Fold one event; ticks of unlisted symbols are impossible and raise KeyError."""
        self.sequence = sequence
        match event:
            case Quote():
                self._quote(sequence, event)
            case Trade():
                self._trade(sequence, event)
            case Status():
                self._status(sequence, event)
            case Listing():
                self._list(sequence, event)
            case Delisting(symbol=symbol):
                row = self.rows.pop(symbol)
                self.gone[symbol] = Gone(row.feed, row.ticks)
                self.bars.forget(symbol)
            case FeedStatus(feed=feed):
                self.feeds[feed] = event
            case FeedRemoval(feed=feed):
                self.feeds.pop(feed, None)

    def ticks(self, symbol: str) -> int:
        """Return how many ticks the symbol has had in this epoch, listed or gone."""
        row = self.rows.get(symbol)
        if row is not None:
            return row.ticks
        return self.gone[symbol].ticks if symbol in self.gone else 0

    def feed_of(self, symbol: str) -> str:
        """Return the feed of a known symbol, the last one of a symbol that left."""
        row = self.rows.get(symbol)
        return self.gone[symbol].feed if row is None else row.feed

    def newest_ms(self) -> int | None:
        """Return when the newest tick of any symbol happened, None before the first."""
        times = (row.values[TS_EVENT] for row in self.rows.values())
        return max((at for at in times if isinstance(at, int)), default=None)

    def known(self) -> list[str]:
        """Return every symbol that is listed, or was in this epoch."""
        return [*self.rows, *self.gone]

    def is_known(self, symbol: str) -> bool:
        """Say whether the symbol is listed, or was in this epoch."""
        return symbol in self.rows or symbol in self.gone

    def copy(self) -> "Board":
        """Return a board that shares nothing that changes."""
        twin = Board()
        twin.bars = self.bars.copy()
        twin.rows = deepcopy(self.rows)
        twin.feeds = dict(self.feeds)
        twin.gone = dict(self.gone)
        twin.sequence = self.sequence
        return twin

    def _quote(self, sequence: int, quote: Quote) -> None:
        row = self._tick(sequence, quote)
        row.put(BID, quote.bid_ticks, sequence)
        row.put(ASK, quote.ask_ticks, sequence)
        row.put(BID_SIZE, quote.bid_size, sequence)
        row.put(ASK_SIZE, quote.ask_size, sequence)
        row.bids, row.asks = quote.bids, quote.asks

    def _trade(self, sequence: int, trade: Trade) -> None:
        row, price = self._tick(sequence, trade), trade.price_ticks
        self.bars.fold(sequence, trade)
        values = row.values
        row.put(LAST, price, sequence)
        row.put(VOLUME, (values[VOLUME] or 0) + trade.size, sequence)  # type: ignore[operator]
        if values[OPEN] is None:
            for index in (OPEN, HIGH, LOW):
                row.put(index, price, sequence)
        elif price > values[HIGH]:  # type: ignore[operator]
            row.put(HIGH, price, sequence)
        elif price < values[LOW]:  # type: ignore[operator]
            row.put(LOW, price, sequence)

    def _tick(self, sequence: int, tick: Quote | Trade) -> Row:
        row = self.rows[tick.symbol]
        row.ticks += 1
        row.put(TS_EVENT, tick.ts_event, sequence)
        return row

    def _status(self, sequence: int, status: Status) -> None:
        row = self.rows[status.symbol]
        is_opened = row.values[PHASE] == Phase.CLOSED and status.phase is not Phase.CLOSED
        if is_opened or row.day not in (None, status.day):
            self._open_day(sequence, row)
        row.day = status.day
        row.reason = status.reason
        row.status_ts = status.ts_event
        row.put(PHASE, status.phase, sequence)

    def _open_day(self, sequence: int, row: Row) -> None:
        """Begin a trading session: yesterday's last is the previous close, today starts empty."""
        if row.values[LAST] is not None:
            row.put(PREVIOUS_CLOSE, row.values[LAST], sequence)
        for index, value in ((OPEN, None), (HIGH, None), (LOW, None), (VOLUME, 0)):
            row.put(index, value, sequence)

    def _list(self, sequence: int, listing: Listing) -> None:
        symbol = listing.definition.symbol
        row = self.rows.get(symbol)
        if row is None:
            self.rows[symbol] = Row(listing, sequence, ticks=self.ticks(symbol))
            self.gone.pop(symbol, None)
        else:
            row.define(listing)
