"""The market as a machine: step(now) -> numbered events.

Pure: no clock, no loop, no rows. Must not know who reads the tape.
"""

from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from operator import attrgetter
from typing import Any, Final, Protocol, runtime_checkable

from msgspec.structs import replace

from feeds.engine.changed_sessions import ChangedSessions
from feeds.engine.checkpoint import (
    NO_CHECKPOINT,
    Checkpoint,
    FeedCheckpoint,
    SourceState,
    pack_note,
)
from feeds.engine.delayed_market import DelayedMarket
from feeds.engine.thinning import ThinnableSource
from feeds.exceptions import InvalidPlan
from feeds.market.board import Board
from feeds.market.events import (
    NOTHING,
    Batch,
    Delisting,
    Event,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Listing,
    PriceBand,
    Quote,
    Status,
    Tick,
    Trade,
    Withdrawal,
)
from feeds.market.instruments import Definition, Units
from feeds.plan.plans import FeedKind, FeedPlan, source_of
from feeds.sessions.external import ExternalSession
from feeds.sessions.ledger import TradeChange
from feeds.sessions.session import FeedSession

DRAW_STEP_MS: Final = 50
"""A source may draw in steps of this length. What time alone brings about, such as the end of an
auction, waits for the end of a step: only then every tick before it is known, so the tape is the
same however often the engine is asked."""


Drawn = Tick | Status | FeedStatus | PriceBand | TradeChange


class Source(Protocol):
    """Where the ticks of one feed come from; `stopped` says why it draws none, "" while it may."""

    @property
    def stopped(self) -> str:
        """Return why no ticks come although the feed runs, "" if they may."""
        ...

    def plan(self, plan: FeedPlan) -> None:
        """Take definitions and rate; instruments that stay keep the path of their prices."""
        ...

    def draw(self, now_ms: int) -> Sequence[Drawn]:
        """Return the ticks up to `now_ms` that were not drawn before, in time order.

        The source of a feed that is not simulated also draws its phases, its exchange's time, and
        corrections of earlier trades.
        """
        ...


@runtime_checkable
class LastingSource(Protocol):
    """A source that can go on in a later life of the market."""

    def state(self) -> SourceState | None:
        """Return what it needs for that, None before it began."""
        ...

    def restore(self, state: SourceState) -> None:
        """Go on from a state; before the first plan."""
        ...


class Session(Protocol):
    """Decides what of a draw happens: by rows, trading day and prices, or as the source says."""

    def follow(self, plan: FeedPlan, now_ms: int) -> dict[str, Status]:
        """Take a plan; return the changes of phase that it causes, by symbol."""
        ...

    def status(self, now_ms: int) -> FeedStatus:
        """Return state and reason of the feed, and its exchange's time."""
        ...

    def admit(self, drawn: Sequence[Any], until_ms: int, /) -> list[Event]:
        """Return what may happen of the draw, with everything that is due before `until_ms`."""
        ...


class Engine:
    """Number every event of every feed; no other place makes positions.

    A gap or a repetition in the numbers is thus always a fault of delivery, and any reader can see
    it. A new engine has a new epoch, as nobody can know where a crashed one stopped. `left` is what
    an earlier life of the market left: its feeds and instruments go on from there. `board` returns
    the market as of the last published batch; readers with a new delay begin with it.
    """

    def __init__(
        self,
        *,
        epoch: str,
        open_source: Callable[[FeedPlan], Source],
        left: Checkpoint = NO_CHECKPOINT,
        board: Callable[[], Board] = Board,
    ) -> None:
        self.epoch = epoch
        self._left = left
        self.sequence = NOTHING
        self._open_source = open_source
        self._plans: dict[str, FeedPlan] = {}
        self._sources: dict[str, Source] = {}
        self._share = 1.0
        self._sessions: dict[str, Session] = {}
        self._delays = DelayedMarket(board)
        self._changed = ChangedSessions()

    def state(self) -> dict[str, FeedCheckpoint]:
        """Return what a later life of the market needs of every feed, with the board's rows."""
        return {feed: self._state_of(plan) for feed, plan in self._plans.items()}

    def _state_of(self, plan: FeedPlan) -> FeedCheckpoint:
        session = self._sessions[plan.feed]
        return FeedCheckpoint(
            plan.state,
            self._source_state(plan),
            session.state() if isinstance(session, FeedSession) else None,
        )

    def _source_state(self, plan: FeedPlan) -> SourceState | None:
        source = self._sources[plan.feed]
        return source.state() if isinstance(source, LastingSource) else None

    def stopped(self) -> dict[str, str]:
        """Return the feeds whose sources draw nothing, with the reasons."""
        reasons = {feed: source.stopped for feed, source in self._sources.items()}
        return {feed: reason for feed, reason in reasons.items() if reason}

    def step(self, now_ms: int, *, share: float = 1.0) -> Batch:
        """Return the admitted ticks up to `now_ms`, and the changes that time brings about.

        From here on simulated feeds make this share of their ticks; less than 1 is for a process
        that cannot keep the rate.
        """
        running = [plan for plan in self._plans.values() if plan.state is FeedState.RUNNING]
        if share != self._share:
            self._share = share
            self._thin(self._sources.values())
        drawn = [self._draw(plan, now_ms) for plan in running]
        for plan, events in zip(running, drawn, strict=True):
            self._changed.take(plan.feed, events)
        return self._publish(_in_time(drawn) + self._pause_finished(running, now_ms), now_ms)

    def reconcile(self, plans: Iterable[FeedPlan], now_ms: int) -> Batch:
        """Make the market what the plans say; return an empty batch when that changes nothing.

        Raises:
            InvalidPlan: two feeds list the same symbol.
        """
        wanted = {plan.feed: plan for plan in plans}
        _refuse_shared_symbols(wanted.values())
        # All delistings before all listings: a symbol may move from one feed to another.
        events: list[Event] = []
        # Not a set: it is ordered differently in each process, and the tape would differ too.
        for feed in dict.fromkeys([*self._plans, *wanted]):
            events += self._removals(feed, wanted.get(feed), now_ms)
        for feed, plan in wanted.items():
            events += self._changes(self._plans.get(feed), plan, now_ms)
        for plan in wanted.values():
            events += self._follow(plan, now_ms)
            if plan != self._plans.get(plan.feed):
                self._changed.take_all(plan.feed)
        self._plans = wanted
        twins = self._delays.plan(wanted, now_ms, self._left)
        self._left = NO_CHECKPOINT  # only what begins with this market can use it
        return self._publish([*events, *twins], now_ms)

    def _removals(self, feed: str, plan: FeedPlan | None, now_ms: int) -> list[Event]:
        former = self._plans.get(feed)
        if former is None:
            return []
        # An instrument whose units change is another instrument: the prices and sizes on boards
        # would mean something else.
        stay = {} if plan is None else _units_of(plan)
        events: list[Event] = [
            Delisting(definition.symbol, now_ms)
            for definition in former.definitions
            if stay.get(definition.symbol) != definition.units
        ]
        if plan is None:
            del self._sources[feed], self._sessions[feed]
            events.append(FeedRemoval(feed, now_ms))
        return events

    def _changes(self, former: FeedPlan | None, plan: FeedPlan, now_ms: int) -> list[Event]:
        session = self._sessions.get(plan.feed)
        if session is None or (former and _is_external(former) is not _is_external(plan)):
            session = self._sessions[plan.feed] = self._open_session(plan, now_ms)
        statuses = session.follow(plan, now_ms)
        events: list[Event] = []
        if former is None or _public(former) != _public(plan):
            events.append(session.status(now_ms))
        known = {} if former is None else {each.symbol: each for each in former.definitions}
        for definition in plan.definitions:
            symbol = definition.symbol
            if definition != known.get(symbol):
                events.append(Listing(plan.feed, definition, now_ms))
                events += self._carryover(plan, definition, now_ms)
            if former is not None and symbol in known and source_of(former) != source_of(plan):
                # The quotes of another source were never in force on this market.
                events.append(Withdrawal(symbol, now_ms))
            if symbol in statuses:
                events.append(statuses[symbol])
        return events

    def _open_session(self, plan: FeedPlan, now_ms: int) -> Session:
        if _is_external(plan):
            return self._open_external(plan, now_ms)
        session, left = FeedSession(plan, now_ms), self._left.session(plan)
        if left is not None:
            session.restore(left, shift_ms=self._left.rested_ms.get(plan.feed, 0))
        return session

    def _open_external(self, plan: FeedPlan, now_ms: int) -> ExternalSession:
        session = ExternalSession(plan, now_ms)
        # A replay tells phases and days again when its next event is due, which may take long. An
        # upstream does not say again who is halted.
        has_place = self._left.has_source_of(plan)
        for definition in plan.definitions:
            left = self._left.carryover(plan.feed, definition.symbol, definition.units)
            if left is not None:
                session.carry_over(left, has_place=has_place)
        return session

    def _carryover(self, plan: FeedPlan, definition: Definition, now_ms: int) -> list[Event]:
        """Return what an earlier life of the market left of an instrument, if anything."""
        left = self._left.carryover(plan.feed, definition.symbol, definition.units)
        if left is None:
            return []
        events: list[Event] = [replace(left, ts_event=now_ms)]
        if not self._left.has_source_of(plan):
            events.append(Withdrawal(definition.symbol, now_ms))
        return events

    def _open(self, plan: FeedPlan) -> Source:
        source, left = self._open_source(plan), self._left.feeds.get(plan.feed)
        if left is not None and left.source is not None and isinstance(source, LastingSource):
            source.restore(left.source)
        return source

    def _follow(self, plan: FeedPlan, now_ms: int) -> list[Event]:
        """Hand the plan to the source; return the phases that it changed while the feed rested."""
        if plan.feed not in self._sources:
            self._sources[plan.feed] = self._open(plan)
        if plan != self._plans.get(plan.feed):
            self._sources[plan.feed].plan(plan)
            self._thin([self._sources[plan.feed]])  # it may have opened another source
        former = self._plans.get(plan.feed)
        if plan.state is FeedState.RUNNING and former and former.state is not FeedState.RUNNING:
            # Ticks that the source draws for the time of the rest never happened. A halt that an
            # upstream reported meanwhile still holds.
            drawn = self._sources[plan.feed].draw(now_ms)
            statuses = [event for event in drawn if not isinstance(event, Quote | Trade)]
            return self._sessions[plan.feed].admit(statuses, NOTHING)
        return []

    def _thin(self, sources: Iterable[Source]) -> None:
        """Let sources make the present share of their ticks."""
        for source in sources:
            if isinstance(source, ThinnableSource):
                source.share = self._share

    def _draw(self, plan: FeedPlan, now_ms: int) -> list[Event]:
        """Return what happens on a feed until now, or until its step by hand is over."""
        end_ms = now_ms if plan.until_ms is None else min(now_ms, plan.until_ms)
        ticks = self._sources[plan.feed].draw(end_ms)
        return self._sessions[plan.feed].admit(ticks, end_ms // DRAW_STEP_MS * DRAW_STEP_MS)

    def _pause_finished(self, running: Iterable[FeedPlan], now_ms: int) -> list[Event]:
        """Pause the feeds whose step by hand is over."""
        events: list[Event] = []
        for plan in running:
            if plan.until_ms is not None and plan.until_ms <= now_ms:
                paused = replace(plan, state=FeedState.PAUSED, until_ms=None)
                events += self._changes(plan, paused, now_ms) + self._follow(paused, now_ms)
                self._plans[plan.feed] = paused
                self._changed.take_all(plan.feed)
        return events

    def _publish(self, events: Sequence[Event], now_ms: int) -> Batch:
        """Number the events, and those of the past that delayed readers are to see now."""
        self._delays.take(events, now_ms)
        all_events = (*events, *self._delays.due(now_ms))
        # An empty batch may not be published, so what changed waits for one with events.
        note = self._note() if all_events else b""
        batch = Batch(self.epoch, self.sequence + 1, all_events, note)
        self.sequence = batch.last
        return batch

    def _note(self) -> bytes:
        """Return what a later life of the market could not tell from the events of this batch."""
        changed = self._changed.pop()
        news: dict[str, FeedCheckpoint] = {}
        for plan in self._plans.values():
            if plan.kind is FeedKind.REPLAY:
                news[plan.feed] = FeedCheckpoint(plan.state, self._source_state(plan), None)
            elif plan.feed in changed:
                session, symbols = self._sessions[plan.feed], changed[plan.feed]
                state = session.state(symbols) if isinstance(session, FeedSession) else None
                news[plan.feed] = FeedCheckpoint(plan.state, None, state)
        return pack_note(news)


def _in_time(feeds: Sequence[list[Event]]) -> list[Event]:
    """Merge the events of feeds by time; a feed keeps its own order, such as a recorded one."""
    return feeds[0] if len(feeds) == 1 else list(merge(*feeds, key=attrgetter("ts_event")))


def _is_external(plan: FeedPlan) -> bool:
    """Say whether the source draws the phases, rather than the schedule."""
    return plan.kind is not FeedKind.SIMULATED


def _public(plan: FeedPlan) -> tuple[object, ...]:
    place = (plan.exchange, plan.zone, plan.schedule)
    return plan.name, plan.state, plan.rate, plan.reason, *place


def _units_of(plan: FeedPlan) -> dict[str, Units]:
    return {definition.symbol: definition.units for definition in plan.definitions}


def _refuse_shared_symbols(plans: Iterable[FeedPlan]) -> None:
    owners: dict[str, str] = {}
    for plan in plans:
        for definition in plan.definitions:
            other = owners.setdefault(definition.symbol, plan.feed)
            if other != plan.feed:
                raise InvalidPlan(f"{definition.symbol} is listed by {other} and {plan.feed}")
