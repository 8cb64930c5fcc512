"""Where a feed's ticks come from: what its plan says, opened again when the plan says otherwise.

Pure. Must not know how sources are made.
"""

from collections.abc import Callable, Mapping

from feeds.engine.engine import Source
from feeds.market.events import FeedStatus, Phase, Status, Tick
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.recordings.replay import Silence

Openers = Mapping[FeedKind, Callable[[FeedPlan], Source]]


class ChosenSource:
    """Be the source that the plan names; with another one all instruments are open at first."""

    def __init__(self, openers: Openers) -> None:
        self._openers = openers
        self._origin: object = None
        self._source: Source = Silence("the feed has no plan yet")
        self._reopened: list[str] = []

    def plan(self, plan: FeedPlan) -> None:
        """Take the plan, and open what it names."""
        origin = _origin_of(plan)
        if origin != self._origin:
            self._source = self._openers[plan.kind](plan)
            if self._origin is not None:
                self._reopened = [one.symbol for one in plan.definitions]
            self._origin = origin
        self._source.plan(plan)

    def draw(self, now_ms: int) -> list[Tick | Status | FeedStatus]:
        """Return what the source draws."""
        opened, self._reopened = self._reopened, []
        drawn = self._source.draw(now_ms)
        return [*(Status(one, Phase.OPEN, "", now_ms) for one in opened), *drawn]


def _origin_of(plan: FeedPlan) -> object:
    """Return what cannot change while a source goes on."""
    one = plan.playback
    return plan.kind, one and (one.path, one.prefix, one.start_s)
