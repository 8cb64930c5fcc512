"""The source that the plan of a feed names, opened again when the plan names another.

Pure. Must not know how sources are made.
"""

from collections.abc import Callable, Mapping

from feeds.engine.checkpoint import SourceState, fits
from feeds.engine.engine import Drawn, LastingSource, Source
from feeds.engine.thinning import ThinnableSource
from feeds.market.events import Phase, Status
from feeds.plan.plans import FeedKind, FeedPlan, source_of

SourceOpeners = Mapping[FeedKind, Callable[[FeedPlan], Source]]


class PlannedSource:
    """Draw from the source that the plan names; a change of the source opens every instrument."""

    def __init__(self, openers: SourceOpeners) -> None:
        self._openers = openers
        self._identity: object = None
        self._source: Source = SilentSource("the feed has no plan yet")
        self._reopened: list[str] = []
        self._left: SourceState | None = None

    def state(self) -> SourceState | None:
        """Return what the source needs to go on in a later life of the market, if it can."""
        return self._source.state() if isinstance(self._source, LastingSource) else None

    def restore(self, state: SourceState) -> None:
        """Let the source of the first plan go on from a state, if it is one of its kind."""
        self._left = state

    @property
    def share(self) -> float:
        """Return which share of its ticks the source makes."""
        return self._source.share if isinstance(self._source, ThinnableSource) else 1.0

    @share.setter
    def share(self, share: float) -> None:
        """Let the source make fewer ticks, if it makes them up."""
        if isinstance(self._source, ThinnableSource):
            self._source.share = share

    @property
    def stopped(self) -> str:
        """Return why its source draws nothing."""
        return self._source.stopped

    def plan(self, plan: FeedPlan) -> None:
        """Hand the plan to its source, which is opened first if the plan names another."""
        identity = source_of(plan)
        if identity != self._identity:
            self._source = self._openers[plan.kind](plan)
            self._go_on(plan)
            if self._identity is not None:
                self._reopened = _closed_by_the_former(plan)
            self._identity = identity
        self._source.plan(plan)

    def _go_on(self, plan: FeedPlan) -> None:
        left, self._left = self._left, None
        if isinstance(self._source, LastingSource) and left is not None and fits(left, plan):
            self._source.restore(left)

    def draw(self, now_ms: int) -> list[Drawn]:
        """Return what the source draws, after the opening of instruments that is due."""
        reopened, self._reopened = self._reopened, []
        drawn = self._source.draw(now_ms)
        return [*(Status(symbol, Phase.OPEN, "", now_ms) for symbol in reopened), *drawn]


class SilentSource:
    """Stand in for a source that cannot be opened: closes every instrument, with the reason."""

    def __init__(self, reason: str) -> None:
        self.stopped = reason
        self._symbols: list[str] = []

    def plan(self, plan: FeedPlan) -> None:
        """Take the instruments; each is closed with the next draw."""
        self._symbols = [definition.symbol for definition in plan.definitions]

    def draw(self, now_ms: int) -> list[Status]:
        """Return the closing of the instruments, once for each plan."""
        symbols, self._symbols = self._symbols, []
        return [Status(symbol, Phase.CLOSED, self.stopped, now_ms) for symbol in symbols]


def _closed_by_the_former(plan: FeedPlan) -> list[str]:
    """Return the instruments that a former source may have closed, and will never open again.

    None for the simulator: the phases of its instruments are those of our own trading day.
    """
    if plan.kind is FeedKind.SIMULATED:
        return []
    return [definition.symbol for definition in plan.definitions]
