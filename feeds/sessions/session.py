"""The trading session of one feed: what its day, its halts and its prices do to instruments.

Pure. Must not know rows, positions or who reads. Phases that change with time alone change at their
exact time, in order with the ticks around them. So the tape does not depend on the size of batches.
The states of an instrument follow the Limit Up-Limit Down plan: see feeds.plan.price_bands.
"""

from collections.abc import Container, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Final

from feeds.market.bars import MINUTE_MS
from feeds.market.events import Event, FeedState, FeedStatus, Phase, Quote, Status, Tick, Trade
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import NO_BAND, Band
from feeds.plan.schedules import Segment
from feeds.sessions.auctions import AuctionKind
from feeds.sessions.circuit_breakers import CircuitBreakers, fall_of
from feeds.sessions.days import Day
from feeds.sessions.phases import PHASES
from feeds.sessions.state import SessionState
from feeds.sessions.traded_instrument import TradedInstrument

LIMIT_MS: Final = 15_000
PAUSE_MS: Final = 5 * MINUTE_MS
REOPENING_MS: Final = 30_000
"""Exchange time of a limit state, of the trading pause after it, and of a reopening auction."""


class FeedSession:
    """The instruments of a feed; `due_ms` is the wall time at which time alone changes a phase.

    Nothing happens in it before it follows a plan.
    """

    def __init__(self, plan: FeedPlan, now_ms: int) -> None:
        self._plan = plan
        self._instruments: dict[str, TradedInstrument] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._breakers = CircuitBreakers()
        self._day = Day(plan.schedule, now_ms, plan.bands)
        self._events: list[Event] = []
        self._halt = ""
        self._left: tuple[SessionState, int] | None = None
        self._lift_ms: float = inf
        self._check_ms: float = inf
        self.due_ms: float = inf

    # --- lives of the market ------------------------------------------------------------------
    def state(self, symbols: Container[str] | None = None) -> SessionState:
        """Return what a later life of the market needs to go on with this session.

        With `symbols` only these instruments are in it.
        """
        return SessionState(
            day=self._day.number,
            segment=self._day.segment,
            deepest=self._breakers.deepest,
            halt=self._halt,
            lift_ms=None if self._lift_ms == inf else int(self._lift_ms),
            instruments={
                symbol: instrument.state()
                for symbol, instrument in self._instruments.items()
                if symbols is None or symbol in symbols
            },
        )

    def restore(self, state: SessionState, *, shift_ms: int) -> None:
        """Go on from a state with the first plan; times are moved by `shift_ms`."""
        self._left = state, shift_ms

    def _go_on(self, now_ms: int) -> None:
        """Take what is left of an earlier life, as far as its day and its part of the day last."""
        if self._left is None:
            return
        (state, shift_ms), self._left, day = self._left, None, self._day
        if state.day == day.number:
            self._breakers.deepest = state.deepest
            if day.segment is not Segment.CLOSED and state.halt:
                self._halt = state.halt
                self._lift_ms = inf if state.lift_ms is None else state.lift_ms + shift_ms
                self._plan_index_check(now_ms)
        is_same_part = (state.day, state.segment) == (day.number, day.segment)
        for symbol, left in state.instruments.items():
            if (instrument := self._instruments.get(symbol)) is not None:
                instrument.restore(left, shift_ms)
                self._take_up(instrument, now_ms, is_same_part=is_same_part)

    def _take_up(self, instrument: TradedInstrument, now_ms: int, *, is_same_part: bool) -> None:
        """Bring a restored instrument into the present part of the day, and announce it."""
        if not is_same_part:
            instrument.auction = None
            self._apply_phase(instrument, now_ms)
        elif instrument.deadline_ms != inf:
            heappush(self._deadlines, (instrument.deadline_ms, instrument.definition.symbol))
        # Announced in any case: nobody has heard of it in this life of the market.
        symbol, number = instrument.definition.symbol, self._day.number
        self._events.append(Status(symbol, instrument.phase, instrument.reason, now_ms, number))

    # --- plans -----------------------------------------------------------------
    def follow(self, plan: FeedPlan, now_ms: int) -> dict[str, Status]:
        """Take a new plan; return the changes of phase that it causes, by symbol."""
        former, self._plan = self._plan, plan
        is_new, is_restored = _begins_anew(former, plan), self._left is not None
        if is_new or not self._instruments:
            self._begin(now_ms)
        # Restored instruments keep their phases and deadlines, which `is_new` would replace.
        is_new = not is_restored and (is_new or not self._instruments)
        self._list()
        self._go_on(now_ms)
        for instrument in self._instruments.values():
            self._hold(instrument, now_ms, is_new=is_new or instrument.number is None)
        self._update_due()
        return {event.symbol: event for event in self._take_events() if isinstance(event, Status)}

    def status(self, now_ms: int) -> FeedStatus:
        """Return state, phase and time of the feed; they tell nothing about prices."""
        # The phase is that of the day, never HALTED: each instrument announces a market-wide halt.
        plan, day = self._plan, self._day
        phase = PHASES[day.segment][0]
        return FeedStatus(
            plan.feed, plan.name, plan.state, plan.rate, plan.reason, now_ms,
            exchange=plan.exchange, zone=plan.zone, day=day.number,
            phase=Phase.CLOSED if plan.state is FeedState.CLOSED else phase,
            exchange_ms=day.exchange_ms(now_ms), scale=day.schedule.scale(day.number),
        )  # fmt: skip

    def _begin(self, now_ms: int) -> None:
        """Start in the current part of the day; auctions and deadlines in progress are dropped."""
        number, schedule = self._day.number, self._day.schedule
        self._day = Day(self._plan.schedule, now_ms, self._plan.bands)
        if (number, schedule) != (self._day.number, self._day.schedule):
            self._breakers.renew()
            self._halt, self._lift_ms = "", inf
        self._deadlines.clear()
        for instrument in self._instruments.values():
            instrument.auction = None
        self._plan_index_check(now_ms)
        self._update_due()

    def _list(self) -> None:
        former, plan = self._instruments, self._plan
        self._instruments = {}
        for definition in plan.definitions:
            instrument = former.get(definition.symbol)
            if instrument is None or instrument.definition.units != definition.units:
                instrument = TradedInstrument(definition, plan.bands)
            instrument.definition, instrument.rules = definition, plan.bands
            self._instruments[definition.symbol] = instrument

    def _hold(self, instrument: TradedInstrument, now_ms: int, *, is_new: bool) -> None:
        """Apply the halts of the plan to an instrument; after a halt it reopens by an auction."""
        former, instrument.hold = instrument.hold, self._hold_of(instrument.definition.symbol)
        if not is_new and former == instrument.hold:
            return
        is_resumed = former is not None and instrument.hold is None and not is_new
        if is_resumed and self._plan.state is FeedState.RUNNING and self._day.has_auctions:
            self._resume(instrument, now_ms)
        else:
            self._apply_phase(instrument, now_ms)

    def _hold_of(self, symbol: str) -> tuple[Phase, str] | None:
        if self._plan.state is FeedState.CLOSED:
            return Phase.CLOSED, self._plan.reason
        reason = self._plan.halts.get(symbol)
        return None if reason is None else (Phase.HALTED, reason)

    # --- ticks ------------------------------------------------------------------------------
    def admit(self, ticks: Sequence[Tick], until_ms: int) -> list[Event]:
        """Return the ticks that may happen, merged with what is due before `until_ms`."""
        events = self._events
        # The hot loop: a usual tick costs a lookup and a few comparisons, and no call of a method.
        # `due_ms` is read again only after calls that can change it.
        append, instruments, due_ms = events.append, self._instruments, self.due_ms
        for tick in ticks:
            if tick.ts_event >= due_ms:
                self._advance(tick.ts_event)
                due_ms = self.due_ms
            instrument = instruments.get(tick.symbol)
            if instrument is None:
                continue
            if tick.__class__ is Quote:
                if instrument.is_passing:
                    append(tick)
                elif instrument.take_quote(tick):
                    append(tick)
                    self._check_limit_state_end(instrument, tick)
            elif (
                instrument.low <= (price := tick.price_ticks) <= instrument.high  # type: ignore[union-attr]
                and tick.ts_event < instrument.roll_ms
            ):
                instrument.last = price
                instrument.total += price
                instrument.count += 1
                append(tick)
            else:
                self._examine_trade(instrument, tick)  # type: ignore[arg-type]
                due_ms = self.due_ms
        if due_ms < until_ms:
            # What is due at `until_ms` itself waits: ticks of the next draw may have the same time.
            self._advance(until_ms - 1)
        return self._take_events()

    def _examine_trade(self, instrument: TradedInstrument, trade: Trade) -> None:
        day, at_ms = self._day, trade.ts_event
        if instrument.take_trade(
            trade, band_part_ms=day.band_part_ms, is_doubled=day.is_doubled(at_ms)
        ):
            self._events.append(trade)
        elif instrument.starts_limit_state(trade):
            instrument.is_up = trade.price_ticks > instrument.band.high
            self._change_phase(instrument, Phase.LIMIT, f"{_hit(instrument)}, pause in 15 s", at_ms)
            self._set_deadline(instrument, at_ms, LIMIT_MS)

    def _check_limit_state_end(self, instrument: TradedInstrument, quote: Quote) -> None:
        if instrument.ends_limit_state(quote):
            self._change_phase(instrument, Phase.OPEN, "", quote.ts_event)

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    # --- time -------------------------------------------------------------------------------
    def _advance(self, through_ms: int) -> None:
        """Do everything that is due up to and including `through_ms`, in order of time."""
        while self.due_ms <= through_ms:
            at_ms = int(self.due_ms)
            # At the same time the day comes first, so that a lift, an index check or a deadline
            # already meets the new part of the day.
            if at_ms == self._day.next_ms:
                self._enter_segment(at_ms)
            elif at_ms == self._lift_ms:
                self._lift_halt(at_ms)
            elif at_ms == self._check_ms:
                self._check_index(at_ms)
            else:
                _, symbol = heappop(self._deadlines)
                self._meet_deadline(symbol, at_ms)
            self._update_due()

    def _update_due(self) -> None:
        first = self._deadlines[0][0] if self._deadlines else inf
        self.due_ms = min(self._day.next_ms, self._lift_ms, self._check_ms, first)

    def _enter_segment(self, at_ms: int) -> None:
        """Enter the next part of the day, or the next day."""
        number, segment, was_halted = self._day.number, self._day.segment, bool(self._halt)
        self._day.enter(at_ms)
        if number != self._day.number:
            self._breakers.renew()
        if number != self._day.number or self._day.segment is Segment.CLOSED:
            self._halt, self._lift_ms = "", inf
        self._plan_index_check(at_ms)
        self._events.append(self.status(at_ms))
        for instrument in self._instruments.values():
            # Round the clock a new day is the same part of the day: only its number is news.
            if segment is self._day.segment and not was_halted:
                self._announce(instrument, at_ms)
            else:
                self._apply_phase(instrument, at_ms)

    def _plan_index_check(self, at_ms: int) -> None:
        """Set the time of the next index check: only in continuous trading, with bands, no halt."""
        is_watched = self._day.segment is Segment.CONTINUOUS and self._plan.bands is not None
        self._check_ms = at_ms + self._day.index_check_ms if is_watched and not self._halt else inf

    def _check_index(self, at_ms: int) -> None:
        """Halt the whole feed if its index has fallen through a level."""
        instruments = self._instruments.values()
        fall = fall_of(
            (instrument.close if instrument.last is None else instrument.last, instrument.close)
            for instrument in instruments
        )
        is_hit, pause_ms = self._breakers.hit(fall)
        if is_hit:
            span = (
                "for the rest of the day"
                if pause_ms is None
                else f"for {pause_ms // MINUTE_MS} min"
            )
            self._halt = f"Market-wide halt: the index fell {fall / 10_000:.1f} %, paused {span}"
            self._lift_ms = inf if pause_ms is None else self._day.after(at_ms, pause_ms)
            for instrument in instruments:
                self._apply_phase(instrument, at_ms)
        self._plan_index_check(at_ms)

    def _lift_halt(self, at_ms: int) -> None:
        """End a market-wide halt; the instruments reopen by auctions."""
        self._halt, self._lift_ms = "", inf
        self._plan_index_check(at_ms)
        for instrument in self._instruments.values():
            if instrument.hold is None:
                self._resume(instrument, at_ms)

    def _meet_deadline(self, symbol: str, at_ms: int) -> None:
        """Leave the phase of an instrument whose deadline has come."""
        instrument = self._instruments.get(symbol)
        # A deadline stays in the heap when its phase ends early or gets another deadline: it is
        # only valid if the instrument still has exactly this time.
        if instrument is None or instrument.deadline_ms != at_ms:
            return
        if instrument.phase is Phase.LIMIT:
            self._change_phase(
                instrument, Phase.HALTED, f"{_hit(instrument)}, paused for 5 min", at_ms
            )
            self._set_deadline(instrument, at_ms, PAUSE_MS)
        elif instrument.phase is Phase.HALTED:
            self._resume(
                instrument, at_ms, _widened(instrument, instrument.band, is_up=instrument.is_up)
            )
        else:
            self._reopen(instrument, at_ms)

    # --- phases -----------------------------------------------------------------------------
    def _apply_phase(self, instrument: TradedInstrument, at_ms: int) -> None:
        """Put an instrument into the phase that follows from plan, circuit breakers and day."""
        # In this order: the close beats a halt by an admin, so that all close at night. A halt by
        # an admin beats a market-wide halt, and both beat the phase of the day.
        segment = self._day.segment
        phase, reason = PHASES[segment]
        if instrument.hold is not None and (
            segment is not Segment.CLOSED or instrument.hold[0] is phase
        ):
            phase, reason = instrument.hold
        elif self._halt and segment is not Segment.CLOSED:
            phase, reason = Phase.HALTED, self._halt
        if phase is Phase.AUCTION:
            instrument.hold_auction(AuctionKind(reason))
        elif phase is Phase.OPEN:
            self._open(instrument, at_ms)
            return
        elif segment is Segment.CLOSED:
            self._uncross(instrument, at_ms)
        self._change_phase(instrument, phase, reason, at_ms)

    def _open(self, instrument: TradedInstrument, at_ms: int) -> None:
        """Begin continuous trading, after the trade of the auction if there was an auction."""
        trade = self._uncross(instrument, at_ms)
        instrument.open_at(trade)
        self._announce(instrument, at_ms)

    def _uncross(self, instrument: TradedInstrument, at_ms: int) -> Trade | None:
        trade = instrument.end_auction(at_ms, self._day.exchange_ms(at_ms))
        if trade is not None:
            self._events.append(trade)
        return trade

    def _change_phase(
        self, instrument: TradedInstrument, phase: Phase, reason: str, at_ms: int
    ) -> None:
        instrument.enter(phase, reason)
        self._announce(instrument, at_ms)

    def _announce(self, instrument: TradedInstrument, at_ms: int) -> None:
        if instrument.note_change(self._day.number):
            symbol, number = instrument.definition.symbol, self._day.number
            self._events.append(Status(symbol, instrument.phase, instrument.reason, at_ms, number))

    def _resume(self, instrument: TradedInstrument, at_ms: int, collar: Band = NO_BAND) -> None:
        """Reopen an instrument by an auction, unless the day or a market-wide halt forbids it."""
        if self._halt or self._day.segment is not Segment.CONTINUOUS:
            self._apply_phase(instrument, at_ms)
            return
        instrument.hold_auction(AuctionKind.REOPENING, collar)
        self._change_phase(instrument, Phase.AUCTION, str(AuctionKind.REOPENING), at_ms)
        self._set_deadline(instrument, at_ms, REOPENING_MS)

    def _reopen(self, instrument: TradedInstrument, at_ms: int) -> None:
        """End a reopening auction, or extend it by 5 min if its price is outside the collar."""
        auction = instrument.auction
        price = None if auction is None else auction.price()
        if auction is None or price is None or auction.collar.holds(price):
            self._open(instrument, at_ms)
            return
        low, high = map(instrument.price, auction.collar)
        reason = (
            f"Reopening auction, 5 min longer: {instrument.price(price)} is not in {low} to {high}"
        )
        collar = _widened(instrument, auction.collar, is_up=price > auction.collar.high)
        instrument.hold_auction(AuctionKind.REOPENING, collar)
        self._change_phase(instrument, Phase.AUCTION, reason, at_ms)
        self._set_deadline(instrument, at_ms, PAUSE_MS)

    def _set_deadline(self, instrument: TradedInstrument, at_ms: int, exchange_ms: int) -> None:
        """Set the deadline of the current phase, `exchange_ms` of exchange time from now."""
        instrument.deadline_ms = self._day.after(at_ms, exchange_ms)
        heappush(self._deadlines, (instrument.deadline_ms, instrument.definition.symbol))
        self._update_due()


def _begins_anew(former: FeedPlan, plan: FeedPlan) -> bool:
    is_started = plan.state is FeedState.RUNNING and former.state is not FeedState.RUNNING
    return is_started or (former.schedule, former.bands) != (plan.schedule, plan.bands)


def _hit(instrument: TradedInstrument) -> str:
    side, price = (
        ("up", instrument.band.high) if instrument.is_up else ("down", instrument.band.low)
    )
    return f"Price band: limit {side} at {instrument.price(price)}"


def _widened(instrument: TradedInstrument, collar: Band, *, is_up: bool) -> Band:
    """Return the next collar: wider by half a band on the side that was hit, at least a tick."""
    width = max(1, (instrument.band.high - instrument.band.low) // 2)
    if is_up:
        return Band(collar.low, collar.high + width)
    return Band(max(1, collar.low - width), collar.high)
