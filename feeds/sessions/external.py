"""The trading session of a feed whose source reports the phases: a replay, or an upstream.

Pure. Must not know how sources work, or positions. A closed feed and a halt by an admin take
precedence over what the source reports.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from feeds.market.bars import DAY_MS
from feeds.market.events import (
    ACTIVE_PHASES,
    Carryover,
    Event,
    FeedState,
    FeedStatus,
    Phase,
    PriceBand,
    Quote,
    ReportedTrade,
    Status,
    Tick,
)
from feeds.market.instruments import Units
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.plan.schedules import RoundTheClock
from feeds.plan.vendor_days import vendor_day
from feeds.sessions.ledger import InstrumentLedger, TradeChange

_TRADED: Final = frozenset({Phase.AUCTION, Phase.OPEN, Phase.LIMIT})
"""AUCTION admits trades, because the trade of the uncross comes before the next phase."""
_REPORTED_BY_UPSTREAMS: Final = frozenset({Phase.HALTED, Phase.AUCTION})
"""The phases that last until an upstream reports others; days are those of the calendar."""

_Place = tuple[Phase, str, int]
"""Phase, reason and number of the trading day."""
Reported = Tick | Status | FeedStatus | PriceBand | TradeChange
"""What a source draws."""


class ExternalSession:
    """What the source reported for every instrument, and what was published of that."""

    def __init__(self, plan: FeedPlan, now_ms: int) -> None:
        self._plan = plan
        self._units: dict[str, Units] = {}
        self._reported: dict[str, _Place] = {}
        self._known: dict[str, _Place] = {}
        self._since_ms: dict[str, int] = {}
        self._ledgers: dict[str, InstrumentLedger] = {}
        self._known_feed: object = None
        self._trouble: str | None = None
        time = RoundTheClock().at(now_ms)
        is_upstream = plan.kind is FeedKind.UPSTREAM
        self._clock = FeedStatus(
            plan.feed, plan.name, plan.state, plan.rate, "", now_ms,
            day=vendor_day(now_ms) if is_upstream else time.number, exchange_ms=time.exchange_ms,
        )  # fmt: skip

    def carry_over(self, left: Carryover, *, has_place: bool) -> None:
        """Go on with what an earlier life of the market left of an instrument; before any plan.

        `has_place` says that its phase and day hold until the source reports others.
        """
        self._ledgers[left.symbol] = self._new_ledger(left)
        if not has_place or left.day is None:
            return
        is_upstream = self._plan.kind is FeedKind.UPSTREAM
        if is_upstream and left.phase not in _REPORTED_BY_UPSTREAMS:
            return
        day = self._clock.day if is_upstream else left.day
        self._reported[left.symbol] = left.phase, left.reason, day

    def follow(self, plan: FeedPlan, now_ms: int) -> dict[str, Status]:
        """Take a new plan; return the changes of phase that it causes, by symbol."""
        self._plan, former = plan, self._units
        self._units = {definition.symbol: definition.units for definition in plan.definitions}
        for symbol in former:
            # Other units make another instrument: the engine delists and lists it again.
            if self._units.get(symbol) != former[symbol]:
                self._reported.pop(symbol, None)
                self._known.pop(symbol, None)
                self._ledgers.pop(symbol, None)
        moved = {symbol: self._move(symbol, now_ms) for symbol in self._units}
        return {symbol: status for symbol, status in moved.items() if status is not None}

    def status(self, now_ms: int) -> FeedStatus:
        """Return state, phase and time of the feed."""
        plan, clock = self._plan, self._clock
        is_closed = plan.state is FeedState.CLOSED
        status = replace(
            clock,
            feed=plan.feed, name=plan.name, state=plan.state, rate=plan.rate,
            reason=plan.reason if self._trouble is None else self._trouble,
            phase=Phase.CLOSED if is_closed else clock.phase, ts_event=now_ms,
            exchange_ms=clock.exchange_ms + round((now_ms - clock.ts_event) * clock.scale),
        )  # fmt: skip
        # The caller publishes the status, so the next one is compared with this.
        self._known_feed = _lasting(status)
        return status

    def admit(self, events: Sequence[Reported], until_ms: int) -> list[Event]:  # noqa: ARG002
        """Return the events that may happen, in order; nothing is due by time alone."""
        admitted: list[Event] = []
        for event in events:
            match event:
                case Status(symbol=symbol):
                    admitted += self._hear(symbol, event)
                case FeedStatus():
                    admitted += self._hear_of_feed(event)
                case PriceBand() | TradeChange():
                    admitted += self._follow_up(event)
                case ReportedTrade() if self._admits(event):
                    admitted += self._ledger(event.symbol).take(event)
                case _ if self._admits(event):
                    admitted.append(event)
        return admitted

    def _admits(self, tick: Tick) -> bool:
        place = self._known.get(tick.symbol)
        if place is None:
            return False
        if place[0] in (ACTIVE_PHASES if isinstance(tick, Quote) else _TRADED):
            return True
        # A trade that happened before the halt still counts when it is reported after it.
        return isinstance(tick, ReportedTrade) and tick.exchange_ms < self._since_ms[tick.symbol]

    def _follow_up(self, event: PriceBand | TradeChange) -> list[Event]:
        """Take what holds in every phase, and in a halt as well."""
        if event.symbol not in self._units:
            return []
        if isinstance(event, PriceBand):
            return [event]
        return [self._ledger(event.symbol).change(event)]

    def _ledger(self, symbol: str) -> InstrumentLedger:
        ledger = self._ledgers.get(symbol)
        if ledger is None:
            ledger = self._ledgers[symbol] = self._new_ledger()
        return ledger

    def _new_ledger(self, left: Carryover | None = None) -> InstrumentLedger:
        ledger = InstrumentLedger(left)
        # A replay tells its own days.
        if self._plan.kind is FeedKind.UPSTREAM:
            ledger.begin_day(self._clock.day * DAY_MS)
        return ledger

    def _hear(self, symbol: str, reported: Status) -> list[Event]:
        if symbol not in self._units:
            return []
        is_upstream = self._plan.kind is FeedKind.UPSTREAM
        # The statuses of an upstream name no day; recorded ones do.
        day = self._clock.day if is_upstream else reported.day
        self._reported[symbol] = reported.phase, reported.reason, day
        status = self._move(symbol, reported.ts_event)
        return [] if status is None else [status]

    def _hear_of_feed(self, reported: FeedStatus) -> list[Event]:
        """Take the exchange time if it is reported, and the trouble of the source if it has any."""
        known, day = self._known_feed, self._clock.day
        if reported.exchange_ms:
            self._clock = reported
        # An upstream without trouble reports the reason of the plan.
        self._trouble = reported.reason if reported.reason != self._plan.reason else None
        status = self.status(reported.ts_event)
        changes: list[Event] = [] if self._known_feed == known else [status]
        if self._plan.kind is FeedKind.UPSTREAM and self._clock.day != day:
            changes += self._begin_day(reported.ts_event)
        return changes

    def _begin_day(self, at_ms: int) -> list[Event]:
        """Return the new day of every instrument: an upstream tells of days for all of them."""
        day = self._clock.day
        for ledger in self._ledgers.values():
            ledger.begin_day(day * DAY_MS)
        self._reported = {
            symbol: (phase, reason, day) for symbol, (phase, reason, _) in self._reported.items()
        }
        moved = [self._move(symbol, at_ms) for symbol in self._units]
        return [status for status in moved if status is not None]

    def _move(self, symbol: str, at_ms: int) -> Status | None:
        """Return the current phase if it is not published yet, else None."""
        place = self._place_of(symbol)
        if self._known.get(symbol) == place:
            return None
        self._known[symbol] = place
        self._since_ms[symbol] = at_ms
        return Status(symbol, place[0], place[1], at_ms, place[2])

    def _place_of(self, symbol: str) -> _Place:
        plan = self._plan
        reported = self._reported.get(symbol, (Phase.OPEN, "", self._clock.day))
        if plan.state is FeedState.CLOSED:
            return Phase.CLOSED, plan.reason, reported[2]
        if (reason := plan.halts.get(symbol)) is not None:
            return Phase.HALTED, reason, reported[2]
        return reported


def _lasting(status: FeedStatus) -> object:
    """Return a status without what changes with time alone, so that two can be compared."""
    since_ms = round(status.exchange_ms - status.ts_event * status.scale)
    return replace(status, ts_event=0, exchange_ms=since_ms)
