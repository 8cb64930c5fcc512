"""The last value of everything, each field with the sequence at which it changed (its version).

Pure. Must not know subscribers or frames. Its twin in the browser is static/js/market/board.js.
Which trades of another exchange move the last price is decided before: feeds.upstream.conditions
has the rules, feeds.sessions.ledger the order of the trades.
With versions a delta needs no history: it is every field that changed after a sequence. With tick
counts a receipt is the difference of two counts.
"""

from copy import deepcopy
from typing import Any, Final, NamedTuple

from feeds.market.bars import left_of
from feeds.market.events import (
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    NOTHING,
    Amendment,
    Carryover,
    Delisting,
    Event,
    FeedRemoval,
    FeedStatus,
    Levels,
    Listing,
    Phase,
    PriceBand,
    Quote,
    ReportedTrade,
    Status,
    Trade,
    Withdrawal,
)
from feeds.market.instruments import Definition
from feeds.market.lots import Lot, lot_of
from feeds.market.mended_bars import MendedBars

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
"""Names of the fields by index. Prices are integer ticks; None means no value yet."""
_CARRIED: Final = tuple("tick_ms" if name == "ts_event" else name for name in FIELDS)
"""The same as attributes of a Carryover, whose own `ts_event` is the time of the restart."""


class Row:
    """One instrument: its definition, its fields, and the number of its ticks in this epoch.

    `band` are the lowest and the highest price (in ticks) at which its exchange lets it trade, if
    that is known.
    """

    __slots__ = (
        "asks", "band", "bids", "day", "definition", "feed", "lot", "reason", "scale", "status_ts",
        "steps", "ticks", "values", "versions",
    )  # fmt: skip

    def __init__(self, listing: Listing, sequence: int, *, ticks: int) -> None:
        self.values: list[Value] = [None] * len(FIELDS)
        self.versions = [sequence] * len(FIELDS)
        self.ticks = ticks
        self.bids: Levels = ()
        self.asks: Levels = ()
        self.reason = ""
        self.day: int | None = None
        self.band: tuple[int, int] | None = None
        self.define(listing)
        self.values[PREVIOUS_CLOSE] = listing.definition.reference_ticks
        self.values[VOLUME] = 0
        self.values[PHASE] = Phase.CLOSED

    def define(self, listing: Listing) -> None:
        """Take a new definition, which must have the same units."""
        self.definition: Definition = listing.definition
        self.feed = listing.feed
        self.status_ts = listing.ts_event
        # As a ratio: multiplying and dividing integers rounds once, a decimal tick size twice.
        numerator, denominator = listing.definition.tick_size.as_integer_ratio()
        self.steps, self.scale = numerator, denominator
        lot_size = listing.definition.lot_size
        self.lot: Lot | None = None if lot_size == 1 else lot_of(lot_size)

    def price(self, ticks: int) -> float:
        """Return the double nearest to the decimal price of a number of ticks."""
        return ticks * self.steps / self.scale

    def size(self, lots: int) -> str:
        """Return a number of lots as a decimal number; whole sizes have no point."""
        return str(lots) if self.lot is None else self.lot.text(lots)

    @property
    def phase(self) -> str:
        """Return the present phase."""
        return str(self.values[PHASE])

    def put(self, index: int, value: Value, sequence: int) -> None:
        """Set a field; its version changes only with its value."""
        if self.values[index] != value:
            self.values[index] = value
            self.versions[index] = sequence


class Gone(NamedTuple):
    """What is kept of a delisted symbol: its last feed, and its ticks in this epoch."""

    feed: str
    ticks: int


class Board:
    """Fold events into rows; `sequence` is that of the last event applied.

    `gone` keeps the tick counts of delisted symbols, so that receipts stay right when a symbol is
    listed again.
    """

    def __init__(self) -> None:
        self.bars = MendedBars()
        self.rows: dict[str, Row] = {}
        self.feeds: dict[str, FeedStatus] = {}
        self.gone: dict[str, Gone] = {}
        self.sequence = NOTHING

    def apply(self, sequence: int, event: Event) -> None:
        """Apply the event with this sequence.

        Raises:
            KeyError: its symbol is not listed, which the engine never lets happen.
        """
        self.sequence = sequence
        # Nearly all events are quotes and trades. Comparing classes costs least, and no subclass of
        # a quote is on the tape.
        kind = event.__class__
        if kind is Quote:
            self._quote(sequence, event)  # type: ignore[arg-type]
        elif kind is Trade:
            self._trade(sequence, event)  # type: ignore[arg-type]
        else:
            self._apply_rare(sequence, event)

    def _apply_rare(self, sequence: int, event: Event) -> None:
        match event:
            case ReportedTrade():
                self._reported_trade(sequence, event)
            case Status():
                self._status(sequence, event)
            case Amendment():
                self._amend(sequence, event)
            case PriceBand(symbol=symbol, lower_ticks=lower, upper_ticks=upper):
                self.rows[symbol].band = lower, upper
            case Listing():
                self._list(sequence, event)
            case Delisting(symbol=symbol):
                row = self.rows.pop(symbol)
                self.gone[symbol] = Gone(row.feed, row.ticks)
                self.bars.forget(symbol)
            case Withdrawal(symbol=symbol):
                self._withdraw(sequence, self.rows[symbol])
            case Carryover():
                self._carry_over(sequence, event)
            case FeedStatus(feed=feed):
                self.feeds[feed] = event
            case FeedRemoval(feed=feed):
                self.feeds.pop(feed, None)

    def ticks(self, symbol: str) -> int:
        """Return the number of ticks of a symbol in this epoch, 0 if it is not known."""
        row = self.rows.get(symbol)
        if row is not None:
            return row.ticks
        return self.gone[symbol].ticks if symbol in self.gone else 0

    def feed_of(self, symbol: str) -> str:
        """Return the feed of a known symbol; for a delisted symbol its last feed."""
        row = self.rows.get(symbol)
        return self.gone[symbol].feed if row is None else row.feed

    def newest_ms(self) -> int | None:
        """Return the wall time (UTC ms) of the newest tick of all symbols, None without ticks."""
        times = (row.values[TS_EVENT] for row in self.rows.values())
        return max((at for at in times if isinstance(at, int)), default=None)

    def known(self) -> list[str]:
        """Return every symbol that is listed, or was in this epoch."""
        return [*self.rows, *self.gone]

    def is_known(self, symbol: str) -> bool:
        """Say whether the symbol is listed, or was in this epoch."""
        return symbol in self.rows or symbol in self.gone

    def carryover(self, symbol: str, ts_event: int) -> Carryover:
        """Return what a later life of the market needs of a listed instrument."""
        row, bars = self.rows[symbol], self.bars.symbols.get(symbol)
        growing = [] if bars is None else left_of(bars)
        # By position: `values` has the order of the fields of a Carryover, from `last` to
        # `tick_ms`. `Value` cannot tell their types. All instruments are asked every few seconds.
        values: list[Any] = [
            symbol, ts_event, row.day, row.values[PHASE], row.reason, *row.values[:PHASE],
            row.bids, row.asks, tuple(None if part is None else tuple(part) for part in growing),
        ]  # fmt: skip
        return Carryover(*values)

    def copy(self) -> "Board":
        """Return an independent copy."""
        twin = Board()
        twin.bars = self.bars.copy()
        twin.rows = deepcopy(self.rows)
        twin.feeds = dict(self.feeds)
        twin.gone = dict(self.gone)
        twin.sequence = self.sequence
        return twin

    def _quote(self, sequence: int, quote: Quote) -> None:
        row = self._tick(sequence, quote)
        values, versions = row.values, row.versions
        # Here and in `_trade` without `Row.put`: a call for each field would cost more than all the
        # rest, and every process folds every tick.
        # A side without an order has price and size 0: it has no value.
        bid, ask = quote.bid_ticks or None, quote.ask_ticks or None
        bid_size, ask_size = quote.bid_size or None, quote.ask_size or None
        if values[BID] != bid:
            values[BID], versions[BID] = bid, sequence
        if values[ASK] != ask:
            values[ASK], versions[ASK] = ask, sequence
        if values[BID_SIZE] != bid_size:
            values[BID_SIZE], versions[BID_SIZE] = bid_size, sequence
        if values[ASK_SIZE] != ask_size:
            values[ASK_SIZE], versions[ASK_SIZE] = ask_size, sequence
        row.bids, row.asks = quote.bids, quote.asks

    def _withdraw(self, sequence: int, row: Row) -> None:
        for index in (BID, ASK, BID_SIZE, ASK_SIZE):
            row.put(index, None, sequence)
        row.bids = row.asks = ()

    def _trade(self, sequence: int, trade: Trade) -> None:
        row, price = self._tick(sequence, trade), trade.price_ticks
        self.bars.fold(sequence, trade)
        values, versions = row.values, row.versions
        if values[LAST] != price:
            values[LAST], versions[LAST] = price, sequence
        # Each field has one type that `Value` cannot tell, and a check here would cost every trade.
        values[VOLUME] = (values[VOLUME] or 0) + trade.size  # type: ignore[operator]
        versions[VOLUME] = sequence
        if values[OPEN] is None:
            for index in (OPEN, HIGH, LOW):
                row.put(index, price, sequence)
        elif price > values[HIGH]:  # type: ignore[operator]
            values[HIGH], versions[HIGH] = price, sequence
        elif price < values[LOW]:  # type: ignore[operator]
            values[LOW], versions[LOW] = price, sequence

    def _reported_trade(self, sequence: int, trade: ReportedTrade) -> None:
        """Take what the conditions of a trade let it move; its day follows the rules of days."""
        row = self._tick(sequence, trade)
        self.bars.fold_reported(sequence, trade)
        price, moves, values = trade.price_ticks, trade.day, row.values
        if moves & MOVES_VOLUME:
            row.put(VOLUME, (values[VOLUME] or 0) + trade.size, sequence)  # type: ignore[operator]
        if moves & MOVES_LAST:
            row.put(LAST, price, sequence)
            if values[OPEN] is None:
                for index in (OPEN, HIGH, LOW):
                    row.put(index, price, sequence)
        if moves & MOVES_RANGE and values[OPEN] is not None:
            row.put(HIGH, max(values[HIGH], price), sequence)  # type: ignore[type-var]
            row.put(LOW, min(values[LOW], price), sequence)  # type: ignore[type-var]

    def _amend(self, sequence: int, amendment: Amendment) -> None:
        """Take what a late, corrected or cancelled trade changes; it is not a tick."""
        row = self.rows[amendment.symbol]
        if amendment.volume is None:
            return
        if amendment.previous_close is not None:
            reference = row.definition.reference_ticks
            row.put(PREVIOUS_CLOSE, amendment.previous_close or reference, sequence)
        # Without a price that is left, the day is as it was before its first trade.
        day = amendment.last, amendment.open, amendment.high, amendment.low, amendment.volume
        for index, value in zip((LAST, OPEN, HIGH, LOW, VOLUME), day, strict=True):
            row.put(index, value, sequence)
        self.bars.amend(sequence, amendment)

    def _tick(self, sequence: int, tick: Quote | Trade) -> Row:
        row = self.rows[tick.symbol]
        row.ticks += 1
        if row.values[TS_EVENT] != tick.ts_event:
            row.values[TS_EVENT], row.versions[TS_EVENT] = tick.ts_event, sequence
        return row

    def _status(self, sequence: int, status: Status) -> None:
        row = self.rows[status.symbol]
        # A feed may skip CLOSED between two days (round the clock), or close and open within one.
        is_opened = row.values[PHASE] == Phase.CLOSED and status.phase is not Phase.CLOSED
        if is_opened or row.day not in (None, status.day):
            self._open_day(sequence, row)
        row.day = status.day
        row.reason = status.reason
        row.status_ts = status.ts_event
        row.put(PHASE, status.phase, sequence)

    def _open_day(self, sequence: int, row: Row) -> None:
        """Begin a trading day: the last price becomes the previous close, the rest empty."""
        if row.values[LAST] is not None:
            row.put(PREVIOUS_CLOSE, row.values[LAST], sequence)
        for index, value in ((OPEN, None), (HIGH, None), (LOW, None), (VOLUME, 0)):
            row.put(index, value, sequence)

    def _carry_over(self, sequence: int, left: Carryover) -> None:
        """Take what an earlier life of the market left; it is not a tick."""
        row = self.rows[left.symbol]
        for index, name in enumerate(_CARRIED):
            row.put(index, getattr(left, name), sequence)
        row.day, row.bids, row.asks = left.day, left.bids, left.asks
        row.reason, row.status_ts = left.reason, left.ts_event
        self.bars.carry_over(sequence, left.symbol, left.growing)

    def _list(self, sequence: int, listing: Listing) -> None:
        symbol = listing.definition.symbol
        row = self.rows.get(symbol)
        if row is None:
            self.rows[symbol] = Row(listing, sequence, ticks=self.ticks(symbol))
            self.gone.pop(symbol, None)
        else:
            row.define(listing)
