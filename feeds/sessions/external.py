"""The trading session of a feed that tells its phases itself: a replay, or an upstream.

Pure. Must not know sources, schedules of ours or positions. What the rows want comes first: a
closed feed, a halt by hand; then what is told.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from feeds.market.events import Event, FeedState, FeedStatus, Phase, Quote, Status, Tick
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import RoundTheClock

_QUOTED: Final = frozenset({Phase.PRE_OPEN, Phase.AUCTION, Phase.OPEN, Phase.LIMIT})
_TRADED: Final = frozenset({Phase.AUCTION, Phase.OPEN, Phase.LIMIT})
"""An auction ends with one trade, which is told before the phase that follows."""

_Place = tuple[Phase, str, int]


class ToldSession:
    """Keep for every instrument what was told of it, and what readers know."""

    def __init__(self, plan: FeedPlan, now_ms: int) -> None:
        self._plan = plan
        self._grids: dict[str, Decimal] = {}
        self._told: dict[str, _Place] = {}
        self._known: dict[str, _Place] = {}
        self._known_feed: object = None
        self._trouble: str | None = None
        time = RoundTheClock().at(now_ms)
        self._clock = FeedStatus(
            plan.feed, plan.name, plan.state, plan.rate, "", now_ms,
            day=time.number, exchange_ms=time.exchange_ms,
        )  # fmt: skip

    def follow(self, plan: FeedPlan, now_ms: int) -> dict[str, Status]:
        """Take a plan; return the changes of phase that it makes, by symbol."""
        self._plan, former = plan, self._grids
        self._grids = {one.symbol: one.tick_size for one in plan.definitions}
        for symbol in former:
            if self._grids.get(symbol) != former[symbol]:
                self._told.pop(symbol, None)
                self._known.pop(symbol, None)
        moved = {symbol: self._move(symbol, now_ms) for symbol in self._grids}
        return {symbol: status for symbol, status in moved.items() if status is not None}

    def status(self, now_ms: int) -> FeedStatus:
        """Return how the feed is, and what time it is there."""
        plan, clock = self._plan, self._clock
        is_closed = plan.state is FeedState.CLOSED
        status = replace(
            clock,
            feed=plan.feed, name=plan.name, state=plan.state, rate=plan.rate,
            reason=plan.reason if self._trouble is None else self._trouble,
            phase=Phase.CLOSED if is_closed else clock.phase, ts_event=now_ms,
            exchange_ms=clock.exchange_ms + round((now_ms - clock.ts_event) * clock.scale),
        )  # fmt: skip
        self._known_feed = _lasting(status)
        return status

    def admit(self, events: Sequence[Tick | Status | FeedStatus], until_ms: int) -> list[Event]:  # noqa: ARG002
        """Return what may happen, in its order; nothing is due by time alone."""
        admitted: list[Event] = []
        for event in events:
            match event:
                case Status(symbol=symbol):
                    admitted += self._hear(symbol, event)
                case FeedStatus():
                    admitted += self._hear_of_feed(event)
                case _ if self._admits(event):
                    admitted.append(event)
        return admitted

    def _admits(self, tick: Tick) -> bool:
        place = self._known.get(tick.symbol)
        if place is None:
            return False
        return place[0] in (_QUOTED if isinstance(tick, Quote) else _TRADED)

    def _hear(self, symbol: str, told: Status) -> list[Event]:
        if symbol not in self._grids:
            return []
        self._told[symbol] = told.phase, told.reason, told.day
        status = self._move(symbol, told.ts_event)
        return [] if status is None else [status]

    def _hear_of_feed(self, told: FeedStatus) -> list[Event]:
        """Take the exchange's time where one is told, and what is wrong with the source."""
        known = self._known_feed
        if told.exchange_ms:
            self._clock = told
        self._trouble = told.reason if told.reason != self._plan.reason else None
        status = self.status(told.ts_event)
        return [] if self._known_feed == known else [status]

    def _move(self, symbol: str, at_ms: int) -> Status | None:
        """Return the present phase where readers do not know it yet."""
        place = self._place_of(symbol)
        if self._known.get(symbol) == place:
            return None
        self._known[symbol] = place
        return Status(symbol, place[0], place[1], at_ms, place[2])

    def _place_of(self, symbol: str) -> _Place:
        plan = self._plan
        told = self._told.get(symbol, (Phase.OPEN, "", self._clock.day))
        if plan.state is FeedState.CLOSED:
            return Phase.CLOSED, plan.reason, told[2]
        if (reason := plan.halts.get(symbol)) is not None:
            return Phase.HALTED, reason, told[2]
        return told


def _lasting(status: FeedStatus) -> object:
    """Return what of a status stays the same while only time passes."""
    since_ms = round(status.exchange_ms - status.ts_event * status.scale)
    return replace(status, ts_event=0, exchange_ms=since_ms)
