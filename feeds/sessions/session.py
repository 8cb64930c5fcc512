"""The trading session of one feed: what its day, its halts and its prices do to instruments.

Pure. Must not know rows, positions or who reads. Time alone brings things about at their exact
moment, in order with the ticks around it, so that it makes no difference how many ticks come at
once.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf
from typing import Final

from feeds.market.bars import MINUTE_MS
from feeds.market.events import Event, FeedState, FeedStatus, Phase, Quote, Status, Tick, Trade
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import NO_BAND, Band
from feeds.plan.schedules import Segment
from feeds.sessions.auctions import Kind
from feeds.sessions.breakers import Breakers, fall_of
from feeds.sessions.days import Day
from feeds.sessions.instrument import Gate
from feeds.sessions.phases import PHASES

LIMIT_MS: Final = 15_000
PAUSE_MS: Final = 5 * MINUTE_MS
REOPENING_MS: Final = 30_000
"""Exchange time of a limit state, of the pause after it, and of a reopening auction."""


class FeedSession:
    """Keep a gate for every instrument of a feed; `due_ms` is when time alone does something."""

    def __init__(self, plan: FeedPlan, now_ms: int) -> None:
        self._plan = plan
        self._gates: dict[str, Gate] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._breakers = Breakers()
        self._day = Day(plan.schedule, now_ms, plan.bands)
        self._events: list[Event] = []
        self._halt = ""
        self._lift_ms: float = inf
        self._look_ms: float = inf
        self.due_ms: float = inf
        self._begin(now_ms)

    # --- what the rows want -----------------------------------------------------------------
    def follow(self, plan: FeedPlan, now_ms: int) -> dict[str, Status]:
        """Take a plan; return the changes of phase that it makes, by symbol."""
        former, self._plan = self._plan, plan
        is_new = not self._gates or _begins_anew(former, plan)
        if is_new:
            self._begin(now_ms)
        self._list()
        for gate in self._gates.values():
            self._hold(gate, now_ms, is_new=is_new or gate.number is None)
        self._await()
        return {one.symbol: one for one in self._take_events() if isinstance(one, Status)}

    def status(self, now_ms: int) -> FeedStatus:
        """Return how the feed is, and what time it is there; of prices it gives nothing away."""
        plan, day = self._plan, self._day
        phase = PHASES[day.segment][0]
        return FeedStatus(
            plan.feed, plan.name, plan.state, plan.rate, plan.reason, now_ms,
            exchange=plan.exchange, zone=plan.zone, day=day.number,
            phase=Phase.CLOSED if plan.state is FeedState.CLOSED else phase,
            exchange_ms=day.exchange_ms(now_ms), scale=day.schedule.scale(day.number),
        )  # fmt: skip

    def _begin(self, now_ms: int) -> None:
        """Find out where in the day it is; what was going on before a rest is forgotten."""
        number, schedule = self._day.number, self._day.schedule
        self._day = Day(self._plan.schedule, now_ms, self._plan.bands)
        if (number, schedule) != (self._day.number, self._day.schedule):
            self._breakers.renew()
            self._halt, self._lift_ms = "", inf
        self._deadlines.clear()
        for gate in self._gates.values():
            gate.auction = None
        self._look_from(now_ms)
        self._await()

    def _list(self) -> None:
        former, plan = self._gates, self._plan
        self._gates = {}
        for definition in plan.definitions:
            gate = former.get(definition.symbol)
            if gate is None or gate.definition.tick_size != definition.tick_size:
                gate = Gate(definition, plan.bands)
            gate.definition, gate.rules = definition, plan.bands
            self._gates[definition.symbol] = gate

    def _hold(self, gate: Gate, now_ms: int, *, is_new: bool) -> None:
        """Do what the rows say of an instrument; after a halt it trades again by an auction."""
        former, gate.hold = gate.hold, self._hold_of(gate.definition.symbol)
        if not is_new and former == gate.hold:
            return
        is_resumed = former is not None and gate.hold is None and not is_new
        if is_resumed and self._plan.state is FeedState.RUNNING and self._day.has_auctions:
            self._resume(gate, now_ms)
        else:
            self._settle(gate, now_ms)

    def _hold_of(self, symbol: str) -> tuple[Phase, str] | None:
        if self._plan.state is FeedState.CLOSED:
            return Phase.CLOSED, self._plan.reason
        reason = self._plan.halts.get(symbol)
        return None if reason is None else (Phase.HALTED, reason)

    # --- ticks ------------------------------------------------------------------------------
    def admit(self, ticks: Sequence[Tick], until_ms: int) -> list[Event]:
        """Return the ticks that may happen, and among them what is due before `until_ms`."""
        events = self._events
        append, gates, due_ms = events.append, self._gates, self.due_ms
        for tick in ticks:
            if tick.ts_event >= due_ms:
                self._advance(tick.ts_event)
                due_ms = self.due_ms
            gate = gates.get(tick.symbol)
            if gate is None:
                continue
            if tick.__class__ is Quote:
                if gate.is_passing:
                    append(tick)
                elif gate.take_quote(tick):
                    append(tick)
                    self._regain(gate, tick)
            elif (
                gate.low <= (price := tick.price_ticks) <= gate.high  # type: ignore[union-attr]
                and tick.ts_event < gate.roll_ms
            ):
                gate.last = price
                gate.total += price
                gate.count += 1
                append(tick)
            else:
                self._weigh(gate, tick)  # type: ignore[arg-type]
                due_ms = self.due_ms
        if due_ms < until_ms:
            self._advance(until_ms - 1)
        return self._take_events()

    def _weigh(self, gate: Gate, trade: Trade) -> None:
        day, at_ms = self._day, trade.ts_event
        if gate.take_trade(trade, part_ms=day.part_ms, is_doubled=day.is_doubled(at_ms)):
            self._events.append(trade)
        elif gate.is_hit_by(trade):
            gate.is_up = trade.price_ticks > gate.band.high
            self._move(gate, Phase.LIMIT, f"{_hit(gate)}, pause in 15 s", at_ms)
            self._expire(gate, at_ms, LIMIT_MS)

    def _regain(self, gate: Gate, quote: Quote) -> None:
        if gate.is_regained_by(quote):
            self._move(gate, Phase.OPEN, "", quote.ts_event)

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    # --- time -------------------------------------------------------------------------------
    def _advance(self, through_ms: int) -> None:
        """Do everything that is due up to and at a moment, in order."""
        while self.due_ms <= through_ms:
            at_ms = int(self.due_ms)
            if at_ms == self._day.next_ms:
                self._turn(at_ms)
            elif at_ms == self._lift_ms:
                self._lift(at_ms)
            elif at_ms == self._look_ms:
                self._look(at_ms)
            else:
                _, symbol = heappop(self._deadlines)
                self._mature(symbol, at_ms)
            self._await()

    def _await(self) -> None:
        first = self._deadlines[0][0] if self._deadlines else inf
        self.due_ms = min(self._day.next_ms, self._lift_ms, self._look_ms, first)

    def _turn(self, at_ms: int) -> None:
        """Go on to the next part of the day, or to the next day."""
        number, segment, was_halted = self._day.number, self._day.segment, bool(self._halt)
        self._day.turn(at_ms)
        if number != self._day.number:
            self._breakers.renew()
        if number != self._day.number or self._day.segment is Segment.CLOSED:
            self._halt, self._lift_ms = "", inf
        self._look_from(at_ms)
        self._events.append(self.status(at_ms))
        for gate in self._gates.values():
            if segment is self._day.segment and not was_halted:
                self._announce(gate, at_ms)
            else:
                self._settle(gate, at_ms)

    def _look_from(self, at_ms: int) -> None:
        """Look at the index again after a while, where there is one and it may fall."""
        is_watched = self._day.segment is Segment.CONTINUOUS and self._plan.bands is not None
        self._look_ms = at_ms + self._day.look_ms if is_watched and not self._halt else inf

    def _look(self, at_ms: int) -> None:
        """Halt the whole feed when its index fell through a level."""
        gates = self._gates.values()
        fall = fall_of(
            (gate.close if gate.last is None else gate.last, gate.close) for gate in gates
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
            for gate in gates:
                self._settle(gate, at_ms)
        self._look_from(at_ms)

    def _lift(self, at_ms: int) -> None:
        """End a market-wide halt: instruments reopen by auctions."""
        self._halt, self._lift_ms = "", inf
        self._look_from(at_ms)
        for gate in self._gates.values():
            if gate.hold is None:
                self._resume(gate, at_ms)

    def _mature(self, symbol: str, at_ms: int) -> None:
        """Do what the end of a limit state, of a pause or of a reopening auction brings about."""
        gate = self._gates.get(symbol)
        if gate is None or gate.deadline_ms != at_ms:
            return
        if gate.phase is Phase.LIMIT:
            self._move(gate, Phase.HALTED, f"{_hit(gate)}, paused for 5 min", at_ms)
            self._expire(gate, at_ms, PAUSE_MS)
        elif gate.phase is Phase.HALTED:
            self._resume(gate, at_ms, _widened(gate, gate.band, is_up=gate.is_up))
        else:
            self._reopen(gate, at_ms)

    # --- phases -----------------------------------------------------------------------------
    def _settle(self, gate: Gate, at_ms: int) -> None:
        """Put an instrument where the rows, the breakers and the part of the day want it."""
        segment = self._day.segment
        phase, reason = PHASES[segment]
        if gate.hold is not None and (segment is not Segment.CLOSED or gate.hold[0] is phase):
            phase, reason = gate.hold
        elif self._halt and segment is not Segment.CLOSED:
            phase, reason = Phase.HALTED, self._halt
        if phase is Phase.AUCTION:
            gate.gather(Kind(reason))
        elif phase is Phase.OPEN:
            self._open(gate, at_ms)
            return
        elif segment is Segment.CLOSED:
            self._uncross(gate, at_ms)
        self._move(gate, phase, reason, at_ms)

    def _open(self, gate: Gate, at_ms: int) -> None:
        """Begin continuous trading, after the trade of the auction if there was one."""
        trade = self._uncross(gate, at_ms)
        gate.open_at(trade)
        self._announce(gate, at_ms)

    def _uncross(self, gate: Gate, at_ms: int) -> Trade | None:
        trade = gate.clear(at_ms, self._day.exchange_ms(at_ms))
        if trade is not None:
            self._events.append(trade)
        return trade

    def _move(self, gate: Gate, phase: Phase, reason: str, at_ms: int) -> None:
        gate.enter(phase, reason)
        self._announce(gate, at_ms)

    def _announce(self, gate: Gate, at_ms: int) -> None:
        if gate.tell(self._day.number):
            symbol, number = gate.definition.symbol, self._day.number
            self._events.append(Status(symbol, gate.phase, gate.reason, at_ms, number))

    def _resume(self, gate: Gate, at_ms: int, collar: Band = NO_BAND) -> None:
        """Reopen an instrument by an auction of its own, if nothing else holds it."""
        if self._halt or self._day.segment is not Segment.CONTINUOUS:
            self._settle(gate, at_ms)
            return
        gate.gather(Kind.REOPENING, collar)
        self._move(gate, Phase.AUCTION, str(Kind.REOPENING), at_ms)
        self._expire(gate, at_ms, REOPENING_MS)

    def _reopen(self, gate: Gate, at_ms: int) -> None:
        """End a reopening auction, or extend it while its price is outside the collar."""
        auction = gate.auction
        price = None if auction is None else auction.price()
        if auction is None or price is None or auction.collar.holds(price):
            self._open(gate, at_ms)
            return
        low, high = map(gate.price, auction.collar)
        reason = f"Reopening auction, 5 min longer: {gate.price(price)} is not in {low} to {high}"
        collar = _widened(gate, auction.collar, is_up=price > auction.collar.high)
        gate.gather(Kind.REOPENING, collar)
        self._move(gate, Phase.AUCTION, reason, at_ms)
        self._expire(gate, at_ms, PAUSE_MS)

    def _expire(self, gate: Gate, at_ms: int, exchange_ms: int) -> None:
        """Set when the present phase ends."""
        gate.deadline_ms = self._day.after(at_ms, exchange_ms)
        heappush(self._deadlines, (gate.deadline_ms, gate.definition.symbol))
        self._await()


def _begins_anew(former: FeedPlan, plan: FeedPlan) -> bool:
    is_started = plan.state is FeedState.RUNNING and former.state is not FeedState.RUNNING
    return is_started or (former.schedule, former.bands) != (plan.schedule, plan.bands)


def _hit(gate: Gate) -> str:
    side, price = ("up", gate.band.high) if gate.is_up else ("down", gate.band.low)
    return f"Price band: limit {side} at {gate.price(price)}"


def _widened(gate: Gate, collar: Band, *, is_up: bool) -> Band:
    """Return where the auction may end: on the side that was hit, a band's width farther."""
    width = max(1, (gate.band.high - gate.band.low) // 2)
    if is_up:
        return Band(collar.low, collar.high + width)
    return Band(max(1, collar.low - width), collar.high)
