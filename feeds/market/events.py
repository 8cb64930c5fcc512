"""Every kind of event on the tape: frozen, validated when made, prices in integer ticks.

Pure. Must not know how events are made, stored or sent.
Prices are integers, so that comparisons and sums are exact in Python and in the browser.
"""

import re
from enum import StrEnum
from typing import Final, Self

import msgspec

from feeds.exceptions import InvalidEvent, InvalidPosition
from feeds.market.instruments import Definition

_POSITION = re.compile(r"([0-9a-zA-Z]{1,32}):(0|[1-9][0-9]{0,15})")


class Phase(StrEnum):
    """The phase of an instrument: which ticks it may have now.

    Quotes happen in PRE_OPEN, AUCTION, OPEN and LIMIT. Trades happen in OPEN, and inside the price
    band in LIMIT. An auction ends with a single trade. HALTED and CLOSED have no ticks.
    """

    PRE_OPEN = "PRE_OPEN"
    AUCTION = "AUCTION"
    OPEN = "OPEN"
    LIMIT = "LIMIT"
    HALTED = "HALTED"
    CLOSED = "CLOSED"


ACTIVE_PHASES: Final = frozenset({Phase.PRE_OPEN, Phase.AUCTION, Phase.OPEN, Phase.LIMIT})
"""The phases in which an instrument has ticks; quotes happen in all of them."""


class FeedState(StrEnum):
    """The state of a feed: PAUSED keeps the trading session, CLOSED ends it."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class Side(StrEnum):
    """The side of the aggressor, who crossed the spread."""

    BUY = "BUY"
    SELL = "SELL"


class Position(msgspec.Struct, frozen=True, order=True):
    """A place on the tape: everything up to and including `sequence` of that `epoch`."""

    epoch: str
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `epoch:sequence`.

        Raises:
            InvalidPosition: the text has another form.
        """
        match = _POSITION.fullmatch(text)
        if match is None:
            raise InvalidPosition(f"position was {text[:64]!r}, expected epoch:sequence")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.epoch}:{self.sequence}"


Levels = tuple[int, ...]
"""Prices and sizes of the levels behind the best: price, size, price, size …, nearest level first.

Flat, because there are millions of levels, and a tuple for each would take more memory.
"""


# `gc=False` here and below: ticks hold no references that could form a cycle, and without it the
# garbage collector would visit every tick that is kept.
class Quote(msgspec.Struct, frozen=True, gc=False, tag="quote"):
    """A change of the best bid and ask: prices in ticks, sizes in shares, time in UTC ms.

    A side without an order has price and size 0. A locked quote has equal prices. `bids` and `asks`
    are the levels behind the best.

    Raises:
        InvalidEvent: bid is above ask, or a side has a price without a size or the reverse.
    """

    symbol: str
    bid_ticks: int
    ask_ticks: int
    bid_size: int
    ask_size: int
    ts_event: int
    bids: Levels = ()
    asks: Levels = ()

    def __post_init__(self) -> None:
        # Nearly all quotes have two sides, so this is looked at first.
        if 0 < self.bid_ticks <= self.ask_ticks and self.bid_size > 0 and self.ask_size > 0:
            return
        self._refuse_half_a_side()

    def _refuse_half_a_side(self) -> None:
        if min(self.bid_ticks, self.ask_ticks) < 0 or self.bid_ticks > self.ask_ticks > 0:
            raise InvalidEvent(f"{self.symbol}: bid was {self.bid_ticks}, ask {self.ask_ticks}")
        has_bid, has_ask = self.bid_ticks > 0, self.ask_ticks > 0
        sizes = self.bid_size, self.ask_size
        if min(sizes) < 0 or (sizes[0] > 0, sizes[1] > 0) != (has_bid, has_ask):
            raise InvalidEvent(f"{self.symbol}: sizes were {self.bid_size} and {self.ask_size}")


class Trade(msgspec.Struct, frozen=True, gc=False, tag="trade"):
    """An execution: price in ticks, size in shares, wall time in UTC ms, `side` of the aggressor.

    `exchange_ms` is the exchange time (UTC ms), 0 if the feed has no clock of its own.

    Raises:
        InvalidEvent: price or size is not positive.
    """

    symbol: str
    price_ticks: int
    size: int
    side: Side
    ts_event: int
    exchange_ms: int = 0

    def __post_init__(self) -> None:
        if self.price_ticks <= 0 or self.size <= 0:
            raise InvalidEvent(f"{self.symbol}: trade of {self.size} at {self.price_ticks}")


MOVES_LAST: Final = 1
"""Open, if there is none yet, and close: the last price."""
MOVES_FIRST: Final = 2
"""Open and close, but only if there is no price yet."""
MOVES_RANGE: Final = 4
"""High and low."""
MOVES_VOLUME: Final = 8
"""Volume and number of trades."""
MOVES_ALL: Final = MOVES_LAST | MOVES_RANGE | MOVES_VOLUME


class ReportedTrade(Trade, frozen=True, gc=False, tag="reported_trade"):
    """A trade that another exchange reports, whose conditions say what it moves.

    `bar` is what it moves in bars of up to an hour, `day` what it moves in the day and its bar:
    sums of MOVES_*. On the tape neither has MOVES_FIRST any more. `day_ms` is the date of the
    exchange as UTC midnight. `nanos` is the part of `exchange_ms` that is finer than a millisecond.
    `ref` is how later corrections name the trade.
    """

    bar: int = MOVES_ALL
    day: int = MOVES_ALL
    day_ms: int = 0
    nanos: int = 0
    ref: str = ""


class AmendmentKind(StrEnum):
    """How what is known of a trade changed."""

    LATE = "late"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"


class AmendedBar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A bar as an amendment leaves it: level in `bars.SPANS`, how often it was amended, and values.

    Prices are in ticks. If `open` is 0, nothing in the interval gives a price, and there is no bar.
    """

    level: int
    revision: int
    start_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


class Amendment(msgspec.Struct, frozen=True, tag="amendment"):
    """What changes because an earlier trade came late, was corrected or was cancelled.

    Prices are in ticks. `price_ticks` and `size` are right from now on, 0 after a cancel;
    `former_ticks` and `former_size` were reported before, 0 for a late trade. `exchange_ms` is when
    the trade happened. `ref` names the trade, `new_ref` names it from now on.

    `last`, `open`, `high`, `low` and `volume` are those of the day, and `bars` the bars that the
    trade is in. They are None if no trade is left that gives them. Without a `volume` the trade is
    not known here, so nothing changes.

    `previous_close` is there if the trade is one of the day before: the close of that day from now
    on, 0 if no trade is left that gives one.
    """

    symbol: str
    kind: AmendmentKind
    ts_event: int
    ref: str
    new_ref: str
    price_ticks: int
    size: int
    former_ticks: int
    former_size: int
    exchange_ms: int
    last: int | None = None
    open: int | None = None
    high: int | None = None
    low: int | None = None
    volume: int | None = None
    bars: tuple[AmendedBar, ...] = ()
    previous_close: int | None = None


class PriceBand(msgspec.Struct, frozen=True, tag="price_band"):
    """The prices (in ticks) between which an exchange lets an instrument trade.

    They are those of the plan of limits up and down (LULD) of the exchanges in the United States.

    Raises:
        InvalidEvent: the lower price is not positive, or above the upper one.
    """

    symbol: str
    lower_ticks: int
    upper_ticks: int
    ts_event: int

    def __post_init__(self) -> None:
        if not 0 < self.lower_ticks <= self.upper_ticks:
            raise InvalidEvent(f"{self.symbol}: band {self.lower_ticks} to {self.upper_ticks}")


class Status(msgspec.Struct, frozen=True, tag="status"):
    """A change of an instrument's phase, of its reason, or of the number of its trading day."""

    symbol: str
    phase: Phase
    reason: str
    ts_event: int
    day: int = 0


class FeedStatus(msgspec.Struct, frozen=True, tag="feed"):
    """A change of a feed's state, rate (ticks per second) or part of the day, and its reason.

    `exchange_ms` is the exchange time (UTC ms) at the wall time `ts_event`. Exchange time runs
    `scale` times as fast as wall time. With an empty `exchange` the feed trades round the clock in
    UTC. The phase follows from the time of day alone, and never tells of a market-wide halt.
    """

    feed: str
    name: str
    state: FeedState
    rate: float
    reason: str
    ts_event: int
    exchange: str = ""
    zone: str = "UTC"
    day: int = 0
    phase: Phase = Phase.OPEN
    exchange_ms: int = 0
    scale: float = 1.0

    def exchange_at(self, wall_ms: int) -> int:
        """Return the exchange time at a wall time (both UTC ms)."""
        if not self.exchange_ms:
            return wall_ms
        return self.exchange_ms + round((wall_ms - self.ts_event) * self.scale)


class FeedRemoval(msgspec.Struct, frozen=True, tag="feed_removal"):
    """A feed was removed; its instruments were delisted before."""

    feed: str
    ts_event: int


class Listing(msgspec.Struct, frozen=True, tag="listing"):
    """An instrument was added to a feed, or its definition changed."""

    feed: str
    definition: Definition
    ts_event: int


class Delisting(msgspec.Struct, frozen=True, tag="delisting"):
    """An instrument was removed from its feed."""

    symbol: str
    ts_event: int


class Withdrawal(msgspec.Struct, frozen=True, tag="withdrawal"):
    """Bid, ask and the levels behind them are no longer in force, and nothing takes their place."""

    symbol: str
    ts_event: int


class Carryover(msgspec.Struct, frozen=True, tag="carryover"):
    """What an earlier life of the market left of an instrument, so that its day goes on.

    Prices are in ticks, and None without a value. `day` and `phase` are those of then. `tick_ms` is
    the wall time of its last tick (UTC ms). `growing` are its bars that were not closed, the finest
    first: start (exchange time, UTC ms), open, high, low, close, volume, trades.
    """

    symbol: str
    ts_event: int
    day: int | None
    phase: Phase
    reason: str = ""
    last: int | None = None
    bid: int | None = None
    ask: int | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    open: int | None = None
    high: int | None = None
    low: int | None = None
    previous_close: int | None = None
    volume: int = 0
    tick_ms: int | None = None
    bids: Levels = ()
    asks: Levels = ()
    growing: tuple[tuple[int, int, int, int, int, int, int] | None, ...] = ()


Tick = Quote | Trade
Event = (
    Quote
    | Trade
    | ReportedTrade
    | Amendment
    | PriceBand
    | Status
    | FeedStatus
    | FeedRemoval
    | Listing
    | Delisting
    | Withdrawal
    | Carryover
)
NOTHING: Final = 0
"""The sequence before the first event of an epoch."""
FIRST: Final = 1
"""The sequence of the first event of an epoch."""


class Batch(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events published together: event `i` has sequence `first + i`.

    `note` is for the next life of the market: what it cannot tell from the events. No reader needs
    it.

    Raises:
        InvalidEvent: the first sequence is below 1.
    """

    epoch: str
    first: int
    events: tuple[Event, ...]
    note: bytes = b""

    def __post_init__(self) -> None:
        if self.first < 1:
            raise InvalidEvent(f"first sequence was {self.first}, expected 1 or more")

    @property
    def last(self) -> int:
        """Return the sequence of the last event, `first - 1` if the batch is empty."""
        return self.first + len(self.events) - 1


def symbol_of(event: Event) -> str | None:
    """Return the symbol of an event, None for events of a whole feed."""
    match event:
        case Listing(definition=definition):
            return definition.symbol
        case FeedStatus() | FeedRemoval():
            return None
    return event.symbol
