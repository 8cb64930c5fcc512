"""What the rows want of a feed, as one frozen value that the engine makes true.

Pure. Must not know rows or databases. Made by models, compared by sessions, run by the engine.
"""

import msgspec

from feeds.events import FeedState
from feeds.exceptions import InvalidPlan
from feeds.instruments import Definition
from feeds.schedules import RoundTheClock, Schedule
from feeds.sessions.bands import BandRules

MAX_RATE = 50_000.0
"""Ticks per second of one feed: above this no engine of ours keeps up on one core."""


class FeedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a feed as it should be: rate in ticks per second, halts as symbol -> reason.

    Delays are the minutes by which some readers get it late, each once, none of them 0.
    `exchange` and its `zone` are what people read the schedule by; without `bands` no price moves
    too far, and breakers do not halt the feed.

    Raises:
        InvalidPlan: the rate is out of range, a symbol stands twice, or a halt names no instrument.
    """

    feed: str
    name: str
    state: FeedState
    rate: float
    seed: int
    definitions: tuple[Definition, ...]
    schedule: Schedule = RoundTheClock()
    delays: tuple[int, ...] = ()
    exchange: str = ""
    zone: str = "UTC"
    bands: BandRules | None = None
    halts: dict[str, str] = {}
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.rate <= MAX_RATE:
            raise InvalidPlan(f"rate was {self.rate}, expected above 0 to {MAX_RATE:g}")
        symbols = [definition.symbol for definition in self.definitions]
        if len(set(symbols)) != len(symbols):
            raise InvalidPlan(f"feed {self.feed} lists a symbol twice")
        if unknown := set(self.halts) - set(symbols):
            raise InvalidPlan(f"feed {self.feed} halts unknown symbols {sorted(unknown)}")
