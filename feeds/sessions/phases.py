"""What each part of a trading day allows, in phases and in words that people read.

Pure. Must not know instruments.
"""

from typing import Final

from feeds.market.events import FeedState, Phase
from feeds.plan.schedules import Segment
from feeds.sessions.auctions import Kind

PHASES: Final = {
    Segment.PRE_OPEN: (Phase.PRE_OPEN, "Quotes only until the opening auction"),
    Segment.OPENING_AUCTION: (Phase.AUCTION, str(Kind.OPENING)),
    Segment.CONTINUOUS: (Phase.OPEN, ""),
    Segment.CLOSING_AUCTION: (Phase.AUCTION, str(Kind.CLOSING)),
    Segment.CLOSED: (Phase.CLOSED, "After the close"),
}
"""The phase of an instrument that nothing holds back, and its reason."""


def phase_of(state: FeedState, segment: Segment, *, is_halted: bool) -> Phase:
    """Return the phase that rows and the time give an instrument: a halt outlives the close."""
    if state is FeedState.CLOSED or segment is Segment.CLOSED:
        return Phase.CLOSED
    return Phase.HALTED if is_halted else PHASES[segment][0]
