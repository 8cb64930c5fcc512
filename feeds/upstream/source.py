"""The source of an upstream feed: translates messages into our events, for the engine to draw.

Pure. Must not know connections.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf
from typing import Final

from feeds.exceptions import InvalidEvent
from feeds.market.bars import DAY_MS
from feeds.market.events import (
    MOVES_LAST,
    FeedState,
    FeedStatus,
    Phase,
    PriceBand,
    Quote,
    ReportedTrade,
    Side,
    Status,
)
from feeds.market.instruments import Definition
from feeds.market.lots import lots_within
from feeds.market.parsing import nearest_ticks, parse_instant
from feeds.plan.plans import FeedPlan
from feeds.plan.vendor_days import vendor_day
from feeds.sessions.ledger import TradeChange
from feeds.upstream.conditions import rule_of
from feeds.upstream.inbox import Inbox, InboxEvent
from feeds.upstream.protocol import (
    PHASES,
    MarketMessage,
    UpstreamBand,
    UpstreamCancel,
    UpstreamCorrection,
    UpstreamQuote,
    UpstreamStatus,
    UpstreamTrade,
)

_SIDES: Final = {"B": Side.BUY, "S": Side.SELL}
AHEAD_MS: Final = 10_000
"""The clock of an exchange may be this far ahead of ours. A later time must be wrong."""
_RESTED: Final = (UpstreamStatus, UpstreamBand, UpstreamCorrection, UpstreamCancel)
"""What a resting feed still takes: statuses and bands that last, and changes of old trades."""


DrawnEvent = InboxEvent | FeedStatus


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
        self._unheard: dict[str, int] = {}
        self._trouble = self._refusal = ""
        self._is_fault = False
        self._reported_reason = ""
        self._lost_before = 0
        self._newest_ms = 0
        self._day: int | None = None

    @property
    def symbols(self) -> set[str]:
        """Return the symbols to subscribe."""
        return set(self._definitions)

    @property
    def stopped(self) -> str:
        """Return what is wrong with connection or subscription, "" while nothing is.

        Waiting for the first tick is not wrong: outside the hours of an exchange there is none.
        """
        return self._trouble if self._is_fault else self._refusal

    def plan(self, plan: FeedPlan) -> None:
        """Take the instruments, and tell the connection through `on_plan`."""
        self.plan_in_force = plan
        self._definitions = {definition.symbol: definition for definition in plan.definitions}
        guesses = self._guesses
        self._unheard = {
            name: at_ms for name, at_ms in self._unheard.items() if name in self._definitions
        }
        self._guesses = {name: guesses.get(name, _SideGuess()) for name in self._definitions}
        # The engine has just published the reason of the plan. Trouble that lasts differs from it,
        # so the next draw reports it again.
        self._reported_reason, self._lost_before = plan.reason, self.inbox.lost
        self._on_plan()

    def begin(self, symbols: Iterable[str], now_ms: int) -> None:
        """Note that symbols are subscribed from now on (UTC ms).

        An upstream does not say again which instruments are halted, and the end of a halt may have
        come while nobody listened. Their next trade says that they are traded.
        """
        self._unheard |= dict.fromkeys(self.symbols.intersection(symbols), now_ms)

    def receive(self, message: MarketMessage, now_ms: int) -> bool:
        """Put a message into the inbox as an event, or count it; say whether it was a tick.

        While the feed rests only what still holds is kept: ticks would appear late. Messages of a
        symbol that was just unsubscribed may come for a while.
        """
        if message.symbol not in self._definitions:
            return False
        plan = self.plan_in_force
        is_resting = plan is None or plan.state is not FeedState.RUNNING
        is_tick = isinstance(message, UpstreamQuote | UpstreamTrade)
        if is_resting and not isinstance(message, _RESTED):
            return is_tick
        try:
            event = self._translate(message, now_ms)
        except (ValueError, ArithmeticError, InvalidEvent):
            self.bad += 1
            return False
        if event is not None:
            if self._is_sign_of_trading(event):
                self.inbox.put(Status(event.symbol, Phase.OPEN, "", event.ts_event))
            self.inbox.put(event)
        return is_tick

    def _is_sign_of_trading(self, event: InboxEvent) -> bool:
        """Say whether this is the first sign that an instrument is traded since it is heard."""
        if isinstance(event, Status):
            self._unheard.pop(event.symbol, None)
            return False
        if not isinstance(event, ReportedTrade) or not event.bar & MOVES_LAST:
            return False
        is_sign = event.exchange_ms >= self._unheard.get(event.symbol, inf)
        if is_sign:
            del self._unheard[event.symbol]
        return is_sign

    def trouble(self, reason: str, *, is_fault: bool = True) -> None:
        """Take what is wrong with the connection, or what it waits for; "" when it works."""
        self._trouble, self._is_fault = reason, is_fault and bool(reason)

    def refuse(self, reason: str) -> None:
        """Take why symbols are not subscribed; "" when all of them are."""
        self._refusal = reason

    def draw(self, now_ms: int) -> list[DrawnEvent]:
        """Return the events since the last draw, and a feed status if its reason or day changed."""
        events = self._with_days(self.inbox.take(), now_ms)
        if (status := self._status(now_ms)) is not None:
            events.append(status)
        return events

    def _with_days(self, heard: list[InboxEvent], now_ms: int) -> list[DrawnEvent]:
        """Put the beginning of each day before its first event.

        A day begins by our clock, or before that with its first trade: an exchange's clock may be
        ahead.
        """
        events: list[DrawnEvent] = []
        for event in heard:
            events += self._beginning(_day_of(event), now_ms)
            events.append(event)
        return events + self._beginning(vendor_day(now_ms), now_ms)

    def _beginning(self, day: int, now_ms: int) -> list[DrawnEvent]:
        """Return the beginning of a day, unless it has begun."""
        plan, former = self.plan_in_force, self._day
        self._day = day if former is None else max(former, day)
        if plan is None or former is None or day <= former:
            return []
        begins = FeedStatus(
            plan.feed, plan.name, plan.state, plan.rate, self._reported_reason, now_ms,
            day=day, exchange_ms=now_ms,
        )  # fmt: skip
        return [begins]

    def _status(self, now_ms: int) -> FeedStatus | None:
        plan = self.plan_in_force
        if plan is None:
            return None
        lost = self.inbox.lost - self._lost_before
        reason = (
            self._trouble or self._refusal or (f"{lost} trades were lost" if lost else plan.reason)
        )
        if reason == self._reported_reason:
            return None
        self._reported_reason = reason
        return FeedStatus(plan.feed, plan.name, plan.state, plan.rate, reason, now_ms)

    def _time_of(self, exchange_ms: int, now_ms: int) -> int:
        """Return when it happened by our clock: never ahead, nor before earlier messages."""
        self._newest_ms = min(now_ms, max(exchange_ms, self._newest_ms))
        return self._newest_ms

    def _translate(self, message: MarketMessage, now_ms: int) -> InboxEvent | None:
        definition = self._definitions[message.symbol]
        exchange_ms, nanos = parse_instant(message.t)
        at_ms = self._time_of(exchange_ms, now_ms)
        match message:
            case UpstreamTrade():
                is_possible = exchange_ms <= now_ms + AHEAD_MS
                place = (exchange_ms, nanos) if is_possible else (at_ms, 0)
                return self._trade(message, definition, at_ms, place)
            case UpstreamQuote():
                return self._quote(message, definition, at_ms)
            case UpstreamStatus(code=code):
                phase = PHASES.get(code)
                why = message.reason or message.message or ""
                return None if phase is None else Status(message.symbol, phase, why[:200], at_ms)
            case UpstreamCorrection():
                return self._correction(message, definition, at_ms)
            case UpstreamCancel():
                return _cancel(message, definition, at_ms)
            case UpstreamBand():
                return _band(message, definition, at_ms)

    def _quote(self, message: UpstreamQuote, definition: Definition, at_ms: int) -> Quote:
        """Return a quote in whole ticks, rounded so that it is never better than the original."""
        bid, bid_size = _side(message.bid, message.bid_size, definition, ROUND_FLOOR)
        ask, ask_size = _side(message.ask, message.ask_size, definition, ROUND_CEILING)
        if message.bid > message.ask > 0:
            raise InvalidEvent(f"{message.symbol}: bid was {message.bid}, ask {message.ask}")
        quote = Quote(message.symbol, bid, ask, bid_size, ask_size, at_ms)
        if bid and ask:
            self._guesses[message.symbol].middle = (bid + ask) / 2
        return quote

    def _trade(
        self, message: UpstreamTrade, definition: Definition, at_ms: int, place: tuple[int, int]
    ) -> ReportedTrade:
        """Return a trade; without a side in the message it is guessed (Lee and Ready, 1991).

        Above the middle of the quote it is a buy, below a sell, and at the middle as the last one.
        """
        ticks, guess = nearest_ticks(message.price, definition), self._guesses[message.symbol]
        if ticks != guess.middle:
            guess.side = Side.BUY if ticks > guess.middle else Side.SELL
        bar, day = rule_of(message.conditions or (), message.tape or "")
        return ReportedTrade(
            message.symbol, ticks, _lots(message.size, definition),
            _SIDES.get(message.tks or "", guess.side), at_ms, place[0],
            bar=bar, day=day, day_ms=vendor_day(place[0]) * DAY_MS, nanos=place[1],
            ref=_ref(message.venue, message.number),
        )  # fmt: skip

    def _correction(
        self, message: UpstreamCorrection, definition: Definition, at_ms: int
    ) -> TradeChange:
        conditions = message.conditions
        if conditions is None:
            conditions = message.former_conditions or ()
        bar, day = rule_of(conditions, message.tape or "")
        ticks, size = (
            nearest_ticks(message.price, definition),
            _lots(message.size, definition),
        )
        corrected = ReportedTrade(
            message.symbol, ticks, size, self._guesses[message.symbol].side, at_ms,
            bar=bar, day=day, ref=_ref(message.venue, message.number),
        )  # fmt: skip
        return TradeChange(
            message.symbol, _ref(message.venue, message.former_number),
            nearest_ticks(message.former_price, definition), _lots(message.former_size, definition),
            at_ms, corrected,
        )  # fmt: skip


def _day_of(event: InboxEvent) -> int:
    """Return the vendor's day of an event."""
    if isinstance(event, ReportedTrade):
        return event.day_ms // DAY_MS
    return vendor_day(event.ts_event)


def _side(price: Decimal, size: Decimal, definition: Definition, rounding: str) -> tuple[int, int]:
    """Return price and size of one side; both are 0 where nobody bids or asks.

    Raises:
        ValueError: only one of them is 0, or one is out of its range.
    """
    if price == 0 and size == 0:
        return 0, 0
    lots = lots_within(size, definition.lot_size, least=1)
    return nearest_ticks(price, definition, rounding), lots


def _lots(size: Decimal, definition: Definition) -> int:
    """Return a size in whole lots, as the consolidated tapes cut off fractions of a share.

    Raises:
        ValueError: it has less than one lot.
    """
    return lots_within(size, definition.lot_size)


def _cancel(message: UpstreamCancel, definition: Definition, at_ms: int) -> TradeChange:
    return TradeChange(
        message.symbol, _ref(message.venue, message.number),
        nearest_ticks(message.price, definition), _lots(message.size, definition), at_ms,
    )  # fmt: skip


def _band(message: UpstreamBand, definition: Definition, at_ms: int) -> PriceBand:
    """Return the band in whole ticks, rounded inwards: every price in it is in the original."""
    lower = nearest_ticks(message.lower, definition, ROUND_CEILING)
    upper = nearest_ticks(message.upper, definition, ROUND_FLOOR)
    return PriceBand(message.symbol, lower, upper, at_ms)


def _ref(venue: str | None, number: int | None) -> str:
    """Return the name of a trade; numbers are unique on an exchange only."""
    return "" if number is None else f"{venue or ''}:{number}"
