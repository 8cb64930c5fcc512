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


class Quote(msgspec.Struct, frozen=True, gc=False, tag="quote"):
    """A change of the best bid and ask: prices in ticks, sizes in shares, time in UTC ms.

    `bids` and `asks` are the levels behind the best.

    Raises:
        InvalidEvent: bid is not below ask, or a price or size is not positive.
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
        if not 0 < self.bid_ticks < self.ask_ticks:
            raise InvalidEvent(f"{self.symbol}: bid was {self.bid_ticks}, ask {self.ask_ticks}")
        if self.bid_size <= 0 or self.ask_size <= 0:
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
    Quote | Trade | Status | FeedStatus | FeedRemoval | Listing | Delisting | Withdrawal | Carryover
)
NOTHING: Final = 0
"""The sequence before the first event of an epoch."""
FIRST: Final = 1
"""The sequence of the first event of an epoch."""


class Batch(msgspec.Struct, frozen=True):
    """Events published together: event `i` has sequence `first + i`.

    Raises:
        InvalidEvent: the first sequence is below 1.
    """

    epoch: str
    first: int
    events: tuple[Event, ...]

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
