"""Everything that can stand on the tape: frozen, slotted, validated at birth, in integer ticks.

Pure. Must not know how events are made, stored or sent. Every other room speaks these types.
"""

import re
from enum import StrEnum
from typing import Final, Self

import msgspec

from feeds.exceptions import InvalidEvent, InvalidPosition
from feeds.market.instruments import Definition

_POSITION = re.compile(r"([0-9a-zA-Z]{1,32}):(0|[1-9][0-9]{0,15})")


class Phase(StrEnum):
    """What an instrument may do now.

    Quotes happen in PRE_OPEN, AUCTION, OPEN and LIMIT; trades in OPEN and, inside the price band,
    in LIMIT; an auction ends with one trade. HALTED and CLOSED are without ticks.
    """

    PRE_OPEN = "PRE_OPEN"
    AUCTION = "AUCTION"
    OPEN = "OPEN"
    LIMIT = "LIMIT"
    HALTED = "HALTED"
    CLOSED = "CLOSED"


class FeedState(StrEnum):
    """What a feed does now: PAUSED keeps the trading session, CLOSED ends it."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class Side(StrEnum):
    """Who crossed the spread."""

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
            InvalidPosition: the text is anything else.
        """
        match = _POSITION.fullmatch(text)
        if match is None:
            raise InvalidPosition(f"position was {text[:64]!r}, expected epoch:sequence")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.epoch}:{self.sequence}"


Levels = tuple[int, ...]
"""Price and size of each level behind the best, one after the other, the nearest first: flat, as
there are millions of them."""


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
    """An execution: price in ticks, size in shares, time in UTC ms, `side` of the aggressor.

    `exchange_ms` is when it was on the clock of the exchange (UTC ms), 0 where that is ours.

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
    """A change of an instrument's phase, and why, or of the number of its trading day."""

    symbol: str
    phase: Phase
    reason: str
    ts_event: int
    day: int = 0


class FeedStatus(msgspec.Struct, frozen=True, tag="feed"):
    """A change of a feed's state, target rate (ticks per second) or part of the day, and why.

    At `ts_event` it is `exchange_ms` (UTC ms) on the clock of the exchange, whose time runs
    `scale` times as fast as ours; an empty `exchange` trades round the clock, in UTC. The phase is
    that of the day: of what prices brought about only instruments tell, as some see them late.
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


class FeedRemoval(msgspec.Struct, frozen=True, tag="feed_removal"):
    """A feed was removed; its instruments left before it."""

    feed: str
    ts_event: int


class Listing(msgspec.Struct, frozen=True, tag="listing"):
    """An instrument entered a feed, or its definition changed."""

    feed: str
    definition: Definition
    ts_event: int


class Delisting(msgspec.Struct, frozen=True, tag="delisting"):
    """An instrument left the market."""

    symbol: str
    ts_event: int


Tick = Quote | Trade
Event = Quote | Trade | Status | FeedStatus | FeedRemoval | Listing | Delisting
NOTHING: Final = 0
"""The sequence before the first event of an epoch."""


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
        """Return the sequence of the last event, `first - 1` when empty."""
        return self.first + len(self.events) - 1


def symbol_of(event: Event) -> str | None:
    """Return the symbol an event is about, None for events of a whole feed."""
    match event:
        case Listing(definition=definition):
            return definition.symbol
        case FeedStatus() | FeedRemoval():
            return None
    return event.symbol
