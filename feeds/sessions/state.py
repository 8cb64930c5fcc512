"""What a trading session needs to go on in a later life of the market: values that can be stored.

Pure. Must not know where they are stored. Prices are in ticks, times are wall time in UTC ms, and
None stands for "never" where a time may be infinite.
"""

import msgspec

from feeds.market.events import Phase, Quote, Trade
from feeds.plan.price_bands import Band
from feeds.plan.schedules import Segment
from feeds.sessions.auctions import AuctionKind


class AuctionState(msgspec.Struct, frozen=True):
    """An auction that was going on, with the trades that it had collected."""

    kind: AuctionKind
    collar: Band
    quote: Quote | None
    trades: tuple[Trade, ...]


class InstrumentState(msgspec.Struct, frozen=True):
    """One instrument within the session; the fields are those of TradedInstrument."""

    phase: Phase
    reason: str
    day: int | None
    halt: tuple[Phase, str] | None
    deadline_ms: int | None
    close: int
    last: int | None
    is_up: bool
    band: Band
    reference: int | None
    has_quotes: bool
    is_waiting: bool
    auction: AuctionState | None


class SessionState(msgspec.Struct, frozen=True, tag="session"):
    """A trading session in its part of a day; `deepest` is the deepest level of the breakers."""

    day: int
    segment: Segment
    deepest: int
    halt: str
    lift_ms: int | None
    instruments: dict[str, InstrumentState]
