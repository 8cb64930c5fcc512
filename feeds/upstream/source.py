"""One feed from an upstream: what was heard becomes ticks of ours, and the engine draws them.

Pure. Must not know connections.
"""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Final

from feeds.exceptions import InvalidEvent
from feeds.market.events import FeedState, FeedStatus, Quote, Side, Status, Tick, Trade
from feeds.market.instruments import Definition
from feeds.market.parsing import nearest_ticks, parse_rfc3339, whole_shares
from feeds.plan.plans import FeedPlan
from feeds.upstream.inbox import Intake
from feeds.upstream.protocol import PHASES, Market, SaidQuote, SaidStatus, SaidTrade

_SIDES: Final = {"B": Side.BUY, "S": Side.SELL}


class _Last:
    """What is known of one instrument: enough to say who crossed the spread."""

    __slots__ = ("middle", "side")

    def __init__(self) -> None:
        self.middle = 0.0
        self.side = Side.BUY


class UpstreamSource:
    """Translate for one feed; `bad` counts what was said and cannot be."""

    def __init__(self, on_plan: Callable[[], None] = lambda: None) -> None:
        self.bad = 0
        self._on_plan = on_plan
        self.intake = Intake()
        self.plan_in_force: FeedPlan | None = None
        self._definitions: dict[str, Definition] = {}
        self._lasts: dict[str, _Last] = {}
        self._trouble = ""
        self._told = ""
        self._lost_before = 0
        self._newest_ms = 0

    @property
    def symbols(self) -> set[str]:
        """Return what this feed wants to hear of."""
        return set(self._definitions)

    def plan(self, plan: FeedPlan) -> None:
        """Take the instruments; a status of the feed is told again, for the plan was told, too."""
        self.plan_in_force = plan
        self._definitions = {one.symbol: one for one in plan.definitions}
        self._lasts = {one: self._lasts.get(one, _Last()) for one in self._definitions}
        self._told, self._lost_before = plan.reason, self.intake.lost
        self._on_plan()

    def hear(self, said: Market, now_ms: int) -> None:
        """Take what was said: of a rest only phases are kept, what cannot be is counted."""
        plan = self.plan_in_force
        rests = plan is None or plan.state is not FeedState.RUNNING
        if rests and not isinstance(said, SaidStatus):
            return
        try:
            event = self._translate(said, self._time_of(said, now_ms))
        except (ValueError, ArithmeticError, InvalidEvent):
            self.bad += 1
            return
        if event is not None:
            self.intake.put(event)

    def trouble(self, reason: str) -> None:
        """Take what is wrong with the connection, nothing when it is well."""
        self._trouble = reason

    def draw(self, now_ms: int) -> list[Tick | Status | FeedStatus]:
        """Return what was heard since, and how the feed is when that changed."""
        events: list[Tick | Status | FeedStatus] = [*self.intake.take()]
        if (status := self._status(now_ms)) is not None:
            events.append(status)
        return events

    def _status(self, now_ms: int) -> FeedStatus | None:
        plan = self.plan_in_force
        if plan is None:
            return None
        lost = self.intake.lost - self._lost_before
        reason = self._trouble or (f"{lost} trades were lost" if lost else plan.reason)
        if reason == self._told:
            return None
        self._told = reason
        return FeedStatus(plan.feed, plan.name, plan.state, plan.rate, reason, now_ms)

    def _time_of(self, said: Market, now_ms: int) -> int:
        """Return when it happened: never in the future, never before what was heard before."""
        self._newest_ms = min(now_ms, max(parse_rfc3339(said.t), self._newest_ms))
        return self._newest_ms

    def _translate(self, said: Market, at_ms: int) -> Tick | Status | None:
        definition = self._definitions[said.symbol]
        match said:
            case SaidTrade():
                return self._trade(said, definition, at_ms)
            case SaidQuote():
                return self._quote(said, definition, at_ms)
            case SaidStatus(code=code):
                phase = PHASES.get(code)
                why = said.reason or said.message
                return None if phase is None else Status(said.symbol, phase, why[:200], at_ms)

    def _quote(self, said: SaidQuote, definition: Definition, at_ms: int) -> Quote:
        """Return a quote on the grid, never better than it was told."""
        bid = nearest_ticks(said.bid, definition, ROUND_FLOOR)
        ask = nearest_ticks(said.ask, definition, ROUND_CEILING)
        sizes = whole_shares(said.bid_size), whole_shares(said.ask_size)
        quote = Quote(said.symbol, bid, ask, *sizes, at_ms)
        self._lasts[said.symbol].middle = (bid + ask) / 2
        return quote

    def _trade(self, said: SaidTrade, definition: Definition, at_ms: int) -> Trade:
        """Return a trade; who crossed the spread is told, or guessed from the middle of the quote
        (Lee and Ready, 1991), and at the middle it is who did it the last time."""
        ticks, last = nearest_ticks(said.price, definition), self._lasts[said.symbol]
        if ticks != last.middle:
            last.side = Side.BUY if ticks > last.middle else Side.SELL
        side = _SIDES.get(said.tks, last.side)
        return Trade(said.symbol, ticks, whole_shares(said.size), side, at_ms, exchange_ms=at_ms)
