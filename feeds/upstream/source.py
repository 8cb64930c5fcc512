"""The source of an upstream feed: translates messages into our events, for the engine to draw.

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
from feeds.upstream.inbox import Inbox
from feeds.upstream.protocol import (
    PHASES,
    MarketMessage,
    UpstreamQuote,
    UpstreamStatus,
    UpstreamTrade,
)

_SIDES: Final = {"B": Side.BUY, "S": Side.SELL}


class _SideGuess:
    """What the side of an instrument's next trade is guessed from; the middle is in ticks."""

    __slots__ = ("middle", "side")

    def __init__(self) -> None:
        self.middle = 0.0
        self.side = Side.BUY


class UpstreamSource:
    """Translate the messages of one feed; `bad` counts those that make no valid event."""

    def __init__(self, on_plan: Callable[[], None] = lambda: None) -> None:
        self.bad = 0
        self._on_plan = on_plan
        self.inbox = Inbox()
        self.plan_in_force: FeedPlan | None = None
        self._definitions: dict[str, Definition] = {}
        self._guesses: dict[str, _SideGuess] = {}
        self._trouble = ""
        self._reported_reason = ""
        self._lost_before = 0
        self._newest_ms = 0

    @property
    def symbols(self) -> set[str]:
        """Return the symbols to subscribe."""
        return set(self._definitions)

    @property
    def stopped(self) -> str:
        """Return what is wrong with the connection, "" when it works."""
        return self._trouble

    def plan(self, plan: FeedPlan) -> None:
        """Take the instruments, and tell the connection through `on_plan`."""
        self.plan_in_force = plan
        self._definitions = {definition.symbol: definition for definition in plan.definitions}
        guesses = self._guesses
        self._guesses = {name: guesses.get(name, _SideGuess()) for name in self._definitions}
        # The engine has just published the reason of the plan. Trouble that lasts differs from it,
        # so the next draw reports it again.
        self._reported_reason, self._lost_before = plan.reason, self.inbox.lost
        self._on_plan()

    def receive(self, message: MarketMessage, now_ms: int) -> None:
        """Put a message into the inbox as an event; count it when it makes none.

        While the feed rests only statuses are kept: ticks would appear late, phases still hold.
        """
        plan = self.plan_in_force
        is_resting = plan is None or plan.state is not FeedState.RUNNING
        if is_resting and not isinstance(message, UpstreamStatus):
            return
        try:
            event = self._translate(message, self._time_of(message, now_ms))
        except (ValueError, ArithmeticError, InvalidEvent):
            self.bad += 1
            return
        if event is not None:
            self.inbox.put(event)

    def trouble(self, reason: str) -> None:
        """Take what is wrong with the connection; "" when it works."""
        self._trouble = reason

    def draw(self, now_ms: int) -> list[Tick | Status | FeedStatus]:
        """Return the events since the last draw, and a feed status if its reason changed."""
        events: list[Tick | Status | FeedStatus] = [*self.inbox.take()]
        if (status := self._status(now_ms)) is not None:
            events.append(status)
        return events

    def _status(self, now_ms: int) -> FeedStatus | None:
        plan = self.plan_in_force
        if plan is None:
            return None
        lost = self.inbox.lost - self._lost_before
        reason = self._trouble or (f"{lost} trades were lost" if lost else plan.reason)
        if reason == self._reported_reason:
            return None
        self._reported_reason = reason
        return FeedStatus(plan.feed, plan.name, plan.state, plan.rate, reason, now_ms)

    def _time_of(self, message: MarketMessage, now_ms: int) -> int:
        """Return when it happened, but never in the future, nor before an earlier message."""
        self._newest_ms = min(now_ms, max(parse_rfc3339(message.t), self._newest_ms))
        return self._newest_ms

    def _translate(self, message: MarketMessage, at_ms: int) -> Tick | Status | None:
        definition = self._definitions[message.symbol]
        match message:
            case UpstreamTrade():
                return self._trade(message, definition, at_ms)
            case UpstreamQuote():
                return self._quote(message, definition, at_ms)
            case UpstreamStatus(code=code):
                phase = PHASES.get(code)
                why = message.reason or message.message
                return None if phase is None else Status(message.symbol, phase, why[:200], at_ms)

    def _quote(self, message: UpstreamQuote, definition: Definition, at_ms: int) -> Quote:
        """Return a quote in whole ticks, rounded so that it is never better than the original."""
        bid = nearest_ticks(message.bid, definition, ROUND_FLOOR)
        ask = nearest_ticks(message.ask, definition, ROUND_CEILING)
        sizes = whole_shares(message.bid_size), whole_shares(message.ask_size)
        quote = Quote(message.symbol, bid, ask, *sizes, at_ms)
        self._guesses[message.symbol].middle = (bid + ask) / 2
        return quote

    def _trade(self, message: UpstreamTrade, definition: Definition, at_ms: int) -> Trade:
        """Return a trade; without a side in the message it is guessed (Lee and Ready, 1991).

        Above the middle of the quote it is a buy, below a sell, and at the middle as the last one.
        """
        ticks, guess = nearest_ticks(message.price, definition), self._guesses[message.symbol]
        if ticks != guess.middle:
            guess.side = Side.BUY if ticks > guess.middle else Side.SELL
        side, size = _SIDES.get(message.tks, guess.side), whole_shares(message.size)
        return Trade(message.symbol, ticks, size, side, at_ms, exchange_ms=at_ms)
