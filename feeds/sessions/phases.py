"""The phase of each part of a trading day, and its reason in words that people read.

Pure. Must not know instruments.
"""

from typing import Final

from feeds.market.events import FeedState, Phase
from feeds.plan.schedules import Segment
from feeds.sessions.auctions import AuctionKind

PHASES: Final = {
    Segment.PRE_OPEN: (Phase.PRE_OPEN, "Quotes only until the opening auction"),
    Segment.OPENING_AUCTION: (Phase.AUCTION, str(AuctionKind.OPENING)),
    Segment.CONTINUOUS: (Phase.OPEN, ""),
    Segment.CLOSING_AUCTION: (Phase.AUCTION, str(AuctionKind.CLOSING)),
    Segment.CLOSED: (Phase.CLOSED, "After the close"),
}
"""Segment -> phase and reason of an instrument that is not halted."""


def phase_of(state: FeedState, segment: Segment, *, is_halted: bool) -> Phase:
    """Return the phase of an instrument by the feed's state, the time of day and a halt by hand.

    A halt lasts over the night, but after the close every instrument is CLOSED.
    """
    if state is FeedState.CLOSED or segment is Segment.CLOSED:
        return Phase.CLOSED
    return Phase.HALTED if is_halted else PHASES[segment][0]
