"""The same market some minutes later, for readers who may not see it sooner.

Pure. Must not know the readers. Events of an instrument wait for the minutes of an entitlement, and
then happen again to its delayed twin: an instrument with its own key in a delayed feed ("NVX~15" of
"main~15"). So delayed readers are served like all others, by any process, and no younger data is
near them that could slip through.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Final

from msgspec.structs import replace

from feeds.engine.checkpoint import NO_CHECKPOINT, Checkpoint
from feeds.engine.heard_statuses import HeardStatuses
from feeds.market.bars import MINUTE_MS
from feeds.market.board import Board
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    Delisting,
    Event,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Status,
    symbol_of,
)
from feeds.market.instruments import Definition
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import ExchangeTime
from feeds.sessions.phases import PHASES, phase_of

MAX_WAITING: Final = 2_000_000
"""Events that may wait in a line (15 min at 2,200 ticks/s, some 300 MB); a fuller one restarts."""


class DelayLine:
    """The events of one feed that wait for one delay, in order."""

    def __init__(self, feed: str, minutes: int) -> None:
        self._feed = delayed(feed, minutes)
        self._minutes = minutes
        self._delay_ms = minutes * MINUTE_MS
        self._waiting: deque[tuple[int, Event]] = deque()
        self._listed: dict[str, None] = {}

    def begin(
        self,
        plan: FeedPlan,
        heard: HeardStatuses,
        now_ms: int,
        board: Board,
        left: Checkpoint = NO_CHECKPOINT,
    ) -> list[Event]:
        """List the twins of present instruments; the values of `board` follow after the delay.

        With these values a day that began earlier is whole. Until they follow, a twin has none, or
        those from an earlier life of the market. Phases and states are at once those of that time.
        """
        known = self._known(plan, heard)
        events: list[Event] = []
        for definition in plan.definitions:
            events.append(self._twin(Listing(self._feed, definition, now_ms)))
            events += self._first_of(definition, known, heard, now_ms, left)
        events.append(self._first_status(known, heard, now_ms))
        self._wait_again(plan, heard, now_ms)
        for definition in plan.definitions:
            if definition.symbol in board.rows:
                self.take(board.carryover(definition.symbol, now_ms), now_ms)
            for _, status in heard.phases.of(definition.symbol)[-1:]:
                self.take(status, now_ms)
        for _, feed in heard.feeds.of(plan.feed)[-1:]:
            self.take(feed, now_ms)
        return events

    def _wait_again(self, plan: FeedPlan, heard: HeardStatuses, now_ms: int) -> None:
        """Let what happened within the delay wait for the rest of it."""
        late: list[tuple[int, Event]] = [*heard.feeds.of(plan.feed)]
        for definition in plan.definitions:
            late += heard.phases.of(definition.symbol)
        young = [item for item in late if item[0] > now_ms - self._delay_ms]
        # In order of time, because `due` looks no further than the first that has to wait.
        for at_ms, event in sorted(young, key=itemgetter(0)):
            self.take(event, at_ms)

    def _known(self, plan: FeedPlan, heard: HeardStatuses) -> FeedPlan:
        """Return the plan as it was when the market began; later changes wait for their time."""
        for _, first in heard.feeds.of(plan.feed)[:1]:
            return replace(
                plan, name=first.name, state=first.state, rate=first.rate, reason=first.reason
            )
        return plan

    def _first_status(self, known: FeedPlan, heard: HeardStatuses, now_ms: int) -> Event:
        """Return the feed's status as it was the delay ago, as far as that is known."""
        then = heard.feeds.then(known.feed, now_ms - self._delay_ms)
        if then is not None:
            return self._twin(then)
        time = self._time(known, now_ms)
        is_closed = known.state is FeedState.CLOSED
        return FeedStatus(
            self._feed, known.name, known.state, known.rate, known.reason, now_ms,
            exchange=known.exchange, zone=known.zone, day=time.number,
            phase=Phase.CLOSED if is_closed else PHASES[time.segment][0],
            exchange_ms=time.exchange_ms, scale=known.schedule.scale(time.number),
        )  # fmt: skip

    def _time(self, plan: FeedPlan, now_ms: int) -> ExchangeTime:
        return plan.schedule.at(max(0, now_ms - self._delay_ms))

    def _first_of(
        self,
        definition: Definition,
        known: FeedPlan,
        heard: HeardStatuses,
        now_ms: int,
        left: Checkpoint,
    ) -> list[Event]:
        key = self._key(definition.symbol)
        values = left.carryover(self._feed, key, definition.units)
        if values is not None:
            status = Status(key, values.phase, values.reason, now_ms, values.day or 0)
            return [replace(values, ts_event=now_ms), status]
        nothing = f"Delayed by {self._minutes} min, no data yet"
        then = heard.phases.then(definition.symbol, now_ms - self._delay_ms)
        if then is not None:
            return [replace(then, symbol=key, reason=then.reason or nothing)]
        # The halts of that time are not known, but the part of the day is.
        time = self._time(known, now_ms)
        phase = phase_of(known.state, time.segment, is_halted=False)
        return [Status(key, phase, nothing, now_ms, time.number)]

    def end(self, now_ms: int) -> list[Event]:
        """Drop what waits, and delist the twins.

        The status of their feed stays: nobody is entitled to it, or the next line renews it.
        """
        # What waits would happen to twins that are gone.
        self._waiting.clear()
        listed, self._listed = self._listed, {}
        return [Delisting(key, now_ms) for key in listed]

    @property
    def is_full(self) -> bool:
        """Say whether more than MAX_WAITING events wait."""
        return len(self._waiting) > MAX_WAITING

    def take(self, event: Event, now_ms: int) -> None:
        """Take an event that has just happened."""
        self._waiting.append((now_ms + self._delay_ms, event))

    def due(self, now_ms: int) -> list[Event]:
        """Return the twins of the events whose delay is over."""
        waiting = self._waiting
        events: list[Event] = []
        while waiting and waiting[0][0] <= now_ms:
            events.append(self._twin(waiting.popleft()[1]))
        return events

    def _key(self, symbol: str) -> str:
        return delayed(symbol, self._minutes)

    def _twin(self, event: Event) -> Event:
        match event:
            case Listing(definition=definition):
                key = self._key(definition.symbol)
                self._listed[key] = None
                return replace(event, feed=self._feed, definition=replace(definition, symbol=key))
            case Delisting(symbol=symbol):
                self._listed.pop(self._key(symbol), None)
                return replace(event, symbol=self._key(symbol))
            case FeedStatus():
                # Its clock said that time at `ts_event`, and says it to these readers now.
                return replace(event, feed=self._feed, ts_event=event.ts_event + self._delay_ms)
            case FeedRemoval():
                return event
        return replace(event, symbol=self._key(event.symbol))


class DelayedMarket:
    """The delay lines of all feeds; `restarts` counts lines that overflowed and began again."""

    def __init__(self, board: Callable[[], Board] = Board) -> None:
        """Begin without lines; `board` returns the market as of the last published batch."""
        self.restarts = 0
        self._board = board
        self._lines: dict[tuple[str, int], DelayLine] = {}
        self._by_symbol: dict[str, list[DelayLine]] = {}
        self._former: dict[str, list[DelayLine]] = {}
        self._plans: dict[str, FeedPlan] = {}
        self._heard = HeardStatuses()

    def plan(
        self, plans: Mapping[str, FeedPlan], now_ms: int, left: Checkpoint = NO_CHECKPOINT
    ) -> list[Event]:
        """Open and close lines as the plans say; return the listings and delistings of twins.

        `left` is what an earlier life of the market left of the twins.
        """
        # A feed that begins now has no board yet: its events come through `take`.
        begun, nothing = self._plans, Board()
        wanted = {(feed, minutes) for feed, plan in plans.items() for minutes in plan.delays}
        self._plans = dict(plans)
        events: list[Event] = []
        for name in sorted(self._lines.keys() - wanted):
            events += self._lines.pop(name).end(now_ms)
        for name in sorted(wanted - self._lines.keys()):
            line = self._lines[name] = DelayLine(*name)
            board = self._board() if name[0] in begun else nothing
            events += line.begin(self._plans[name[0]], self._heard, now_ms, board, left)
        # Delistings come through `take` after this, when the plans no longer name the symbols.
        self._former, self._by_symbol = self._by_symbol, self._map(plans)
        return events

    def take(self, events: Iterable[Event], now_ms: int) -> None:
        """Take what has just happened, also to instruments that are being delisted."""
        self._heard.take(events, now_ms)
        if not self._lines:
            return
        self._take_feeds(events, now_ms)
        for event in events:
            symbol = symbol_of(event) or ""
            for line in self._by_symbol.get(symbol) or self._former.get(symbol) or []:
                line.take(event, now_ms)

    def _take_feeds(self, events: Iterable[Event], now_ms: int) -> None:
        feeds = [event for event in events if event.__class__ is FeedStatus]
        for (feed, _), line in self._lines.items():
            for status in feeds:
                if status.feed == feed:
                    line.take(status, now_ms)

    def due(self, now_ms: int) -> list[Event]:
        """Return the twins of what happened long enough ago, line by line."""
        events: list[Event] = []
        for (feed, _), line in self._lines.items():
            if line.is_full:
                self.restarts += 1
                events += line.end(now_ms)
                events += line.begin(self._plans[feed], self._heard, now_ms, self._board())
            events += line.due(now_ms)
        return events

    def _map(self, plans: Mapping[str, FeedPlan]) -> dict[str, list[DelayLine]]:
        return {
            definition.symbol: [self._lines[feed, minutes] for minutes in plan.delays]
            for feed, plan in plans.items()
            if plan.delays
            for definition in plan.definitions
        }
