"""How a feed should run, as a frozen value that the engine carries out.

Pure. Must not know rows or databases.
"""

from enum import StrEnum
from typing import Final

import msgspec

from feeds.exceptions import InvalidPlan
from feeds.market.events import FeedState
from feeds.market.instruments import Definition
from feeds.plan.effects import Effect
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import PlainSchedule, RoundTheClock, Schedule, Segment

MAX_RATE = 50_000.0
"""Ticks per second of a feed: above this rate the engine does not keep up on one core."""

SPEEDS: Final = (0.1, 60.0)
"""Lowest and highest speed at which a recording may be played, as a multiple of real time."""


class FeedKind(StrEnum):
    """Where the ticks of a feed come from."""

    SIMULATED = "simulated"
    REPLAY = "replay"
    UPSTREAM = "upstream"


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording is played: from `start_s` seconds after its beginning, once or in a loop.

    `path` is relative to the folder of recordings. `prefix` is put before every symbol.

    Raises:
        InvalidPlan: the speed is out of range, or the start is negative.
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
    """How a feed should run: rate in ticks per second, halts as symbol -> reason.

    `delays` are the delays, in minutes, with which some readers receive the feed: each once, and
    none of them 0. `exchange` and `zone` are the names that people see. Without `bands` the feed
    has neither price bands nor market-wide circuit breakers. If `until_ms` is set, the feed runs
    until then (wall time, UTC ms) and pauses again.

    Raises:
        InvalidPlan: the rate is out of range, a symbol is listed twice, a halt names an unknown
            symbol, or the kind and the playback do not fit.
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
            raise InvalidPlan(f"feed {self.feed} is {self.kind}: only a replay has a recording")
        symbols = [definition.symbol for definition in self.definitions]
        if len(set(symbols)) != len(symbols):
            raise InvalidPlan(f"feed {self.feed} lists a symbol twice")
        if unknown := set(self.halts) - set(symbols):
            raise InvalidPlan(f"feed {self.feed} halts unknown symbols {sorted(unknown)}")


def is_in_hours(plan: FeedPlan, now_ms: int) -> bool:
    """Say whether the exchange of a feed that follows its hours trades at a time (UTC ms).

    Feeds that follow none always trade: those round the clock, and those with compressed days,
    which an upstream cannot have.
    """
    if not isinstance(plan.schedule, PlainSchedule):
        return True
    return Segment.OPENING_AUCTION <= plan.schedule.at(now_ms).segment < Segment.CLOSED


def source_of(plan: FeedPlan) -> object:
    """Return the parts of a plan that its source cannot change while it runs."""
    return plan.kind, recording_of(plan.playback)


def recording_of(playback: Playback | None) -> object:
    """Return which ticks a playback gives, whatever their speed."""
    return playback and (playback.path, playback.prefix, playback.start_s)
