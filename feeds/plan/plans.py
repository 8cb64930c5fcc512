"""What the rows want of a feed, as one frozen value that the engine makes true.

Pure. Must not know rows or databases. Made by models, compared by sessions, run by the engine.
"""

from enum import StrEnum
from typing import Final

import msgspec

from feeds.exceptions import InvalidPlan
from feeds.market.events import FeedState
from feeds.market.instruments import Definition
from feeds.plan.effects import Effect
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import RoundTheClock, Schedule

MAX_RATE = 50_000.0
"""Ticks per second of one feed: above this no engine of ours keeps up on one core."""


SPEEDS: Final = (0.1, 60.0)
"""How slowly and how fast a recording may be played."""


class FeedKind(StrEnum):
    """Where the ticks of a feed come from."""

    SIMULATED = "simulated"
    REPLAY = "replay"
    UPSTREAM = "upstream"


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording is played: from `start_s` into it, once or again and again.

    `path` is relative to the folder of recordings; `prefix` is put before its symbols.

    Raises:
        InvalidPlan: the speed is out of range, or the start is before the beginning.
    """

    path: str
    speed: float = 1.0
    loops: bool = False
    start_s: float = 0.0
    prefix: str = ""

    def __post_init__(self) -> None:
        if not SPEEDS[0] <= self.speed <= SPEEDS[1]:
            raise InvalidPlan(f"speed was {self.speed}, expected {SPEEDS[0]:g} to {SPEEDS[1]:g}")
        if not self.start_s >= 0:
            raise InvalidPlan(f"start was {self.start_s} s, expected 0 or more")


class FeedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a feed as it should be: rate in ticks per second, halts as symbol -> reason.

    Delays are the minutes by which some readers get it late, each once, none of them 0.
    `exchange` and its `zone` are what people read the schedule by; without `bands` no price moves
    too far, and breakers do not halt the feed. `until_ms` is when a feed that makes a step pauses
    again by itself (UTC).

    Raises:
        InvalidPlan: the rate is out of range, a symbol stands twice, a halt names no instrument,
            or a replay has no recording.
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
    kind: FeedKind = FeedKind.SIMULATED
    playback: Playback | None = None
    effects: tuple[Effect, ...] = ()
    until_ms: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate <= MAX_RATE:
            raise InvalidPlan(f"rate was {self.rate}, expected above 0 to {MAX_RATE:g}")
        if (self.kind is FeedKind.REPLAY) is (self.playback is None):
            raise InvalidPlan(f"feed {self.feed} is {self.kind}, which a recording does not fit")
        symbols = [definition.symbol for definition in self.definitions]
        if len(set(symbols)) != len(symbols):
            raise InvalidPlan(f"feed {self.feed} lists a symbol twice")
        if unknown := set(self.halts) - set(symbols):
            raise InvalidPlan(f"feed {self.feed} halts unknown symbols {sorted(unknown)}")
