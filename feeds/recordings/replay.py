"""Replay of a recorded market: the same ticks and phases in the same order, at another time.

Pure. Must not know files or rows. Two moments anchor it: what was recorded at `r` is
replayed at `clock + (r - recorded) / speed`. Both are set again after every rest. Corrections of
another exchange are left out: they mended the bars of their own time.
"""

from collections.abc import Iterator
from math import floor
from typing import Final, Protocol

from msgspec.structs import replace

from feeds.exceptions import InvalidRecording
from feeds.market.bars import DAY_MS
from feeds.market.events import (
    Delisting,
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    ReportedTrade,
    Status,
    Tick,
    Trade,
)
from feeds.market.instruments import Units
from feeds.plan.plans import FeedPlan, Playback
from feeds.recordings.state import ReplayState

MOST_EVENTS: Final = 10_000
"""Events of one draw: 200,000 per second at 50 ms. The rest follows later, so that a recording with
too many events for its speed never stalls the loop."""
CATCH_UP_MS: Final = 1000
"""After a longer gap between draws the replay does not catch up: the recording waited as well."""

ReplayedEvent = Tick | Status | FeedStatus


class Playable(Protocol):
    """A recording: its first and last time in UTC ms; every call of `events` is a new pass."""

    first_ms: int
    last_ms: int

    def events(self) -> Iterator[Event]:
        """Yield the events from the first on.

        Raises:
            InvalidRecording: the recording is damaged here.
        """
        ...


class _PeekableEvents:
    """The events of one pass: `next` is still to be replayed, its time `at_ms` never goes back.

    `played` counts the events before `next`.
    """

    def __init__(self, recording: Playable) -> None:
        self._rest = recording.events()
        self.at_ms = recording.first_ms
        self.next: Event | None = None
        self.played = -1
        self.move()

    def move(self) -> None:
        """Go to the next event; None at the end."""
        self.next = next(self._rest, None)
        self.played += 1
        if self.next is not None:
            self.at_ms = max(self.at_ms, self.next.ts_event)


class Replay:
    """Replay a recording; `late_draws` counts the draws that could not return all that was due.

    Trades keep the exchange's time of the recording, so that bars are the same at every speed. Each
    pass of a loop moves it on by the whole days that the recording takes, as bars may not go back.
    """

    def __init__(self, recording: Playable, playback: Playback) -> None:
        self.late_draws = 0
        self._recording = recording
        self._playback = playback
        self._units: dict[str, Units] = {}
        self._symbols: dict[str, str | None] = {}
        self._end_reason = ""
        self._clock_ms = 0
        self._is_resting = False
        self._left: ReplayState | None = None
        self._rewind()

    @property
    def stopped(self) -> str:
        """Return why the replay ended, "" while it goes on."""
        return self._end_reason

    def plan(self, plan: FeedPlan) -> None:
        """Take speed, loop and instruments; a feed that was closed begins at the start again."""
        if self._last_ms is not None:
            self._anchor_at(self._last_ms)
        self._plan = plan
        if plan.playback is not None:
            self._playback = plan.playback
        if plan.state is FeedState.CLOSED or (self._end_reason and self._playback.loops):
            self._rewind()
        self._is_resting = self._is_resting or plan.state is not FeedState.RUNNING
        self._units = {listed.symbol: listed.units for listed in plan.definitions}
        self._symbols = {symbol: self._symbol_here(symbol) for symbol in self._recorded_units}
        self._has_announced = False

    def draw(self, now_ms: int) -> list[ReplayedEvent]:
        """Return what is due by now, in the order of the recording; nothing right after a rest."""
        if self._is_resting:
            self._is_resting = False
            self._anchor_at(now_ms)
            return []
        self._skip_gap(now_ms)
        due: list[ReplayedEvent] = []
        try:
            if not self._end_reason:
                self._play(now_ms, due)
        except InvalidRecording as error:
            self._end_reason, self._has_announced = str(error), False
        if self._end_reason and not self._has_announced:
            self._has_announced = True
            reason = self._end_reason
            due += [Status(symbol, Phase.CLOSED, reason, now_ms) for symbol in self._units]
        return due

    def state(self) -> ReplayState | None:
        """Return the place in the recording; None before anything was replayed."""
        if self._last_ms is None or (self._events is None and not self._shift_days):
            return self._left
        # What an earlier life replayed is read again over several draws.
        played = 0 if self._events is None else self._events.played
        return ReplayState(
            playback=self._playback,
            played=max(played, self._hidden),
            place_ms=self._recorded_ms + (self._last_ms - self._clock_ms) * self._playback.speed,
            shift_ms=self._shift_ms,
            shift_days=self._shift_days,
            end_reason=self._end_reason,
        )

    def restore(self, state: ReplayState) -> None:
        """Go on at the place of an earlier replay of the same recording; before the first plan."""
        self._left = state
        self._shift_ms, self._shift_days = state.shift_ms, state.shift_days
        self._end_reason = state.end_reason
        self._begin_pass(state.place_ms)
        self._hidden = state.played

    def _rewind(self) -> None:
        """Forget all former passes."""
        self._events: _PeekableEvents | None = None
        self._last_ms: int | None = None
        self._recorded_units: dict[str, Units] = {}
        self._symbols = {}
        self._shift_ms = self._shift_days = 0
        self._end_reason = ""
        self._left = None
        self._begin_pass()

    def _begin_pass(self, place_ms: float | None = None) -> None:
        """Begin a pass at the first event; events before the start are read, but not shown."""
        start_ms = self._recording.first_ms + self._playback.start_s * 1000
        self._recorded_ms = start_ms if place_ms is None else place_ms
        self._start_ms = self._recorded_ms
        self._hidden = 0
        self._statuses: dict[str, Status] = {}
        self._status: FeedStatus | None = None
        self._has_announced = False
        self._first_exchange_ms = self._last_exchange_ms = 0
        self._days: set[int] = set()

    def _anchor_at(self, now_ms: int) -> None:
        """Move both anchors to `now_ms`, so that a new speed applies from here on only."""
        if self._last_ms is not None:
            self._recorded_ms += (self._last_ms - self._clock_ms) * self._playback.speed
        self._clock_ms = self._last_ms = now_ms

    def _skip_gap(self, now_ms: int) -> None:
        """Let the recording wait after a long gap, or when the clock was set back."""
        if self._last_ms is None or now_ms < self._last_ms:
            self._anchor_at(now_ms)
        else:
            # Only the part beyond CATCH_UP_MS is skipped: a slow loop makes up for a short gap.
            self._clock_ms += max(0, now_ms - self._last_ms - CATCH_UP_MS)
        self._last_ms = now_ms

    def _play(self, now_ms: int, due: list[ReplayedEvent]) -> None:
        events = self._events = self._events or _PeekableEvents(self._recording)
        if events.next is None and self._time_of(self._recording.last_ms) < now_ms:
            self._finish(now_ms)
            return
        for _ in range(MOST_EVENTS):
            if events.next is None or self._time_of(events.at_ms) > now_ms:
                break
            # Phases change rarely: without those from before the start, instruments would have
            # none.
            is_shown = self._shows(events)
            if is_shown and not self._has_announced:
                due += self._announce(now_ms)
            self._add(events.next, due, is_shown=is_shown)
            events.move()
        else:
            # Too many events for one draw: move the anchors here, so that the delay is not made up
            # by an even longer draw next time.
            self.late_draws += 1
            self._recorded_ms, self._clock_ms = max(events.at_ms, self._start_ms), now_ms

    def _shows(self, events: _PeekableEvents) -> bool:
        """Say whether the next event is after the start, or after the place of an earlier life."""
        # By count, not by time: several events may have the time at which the earlier life ended.
        if self._hidden:
            return events.played >= self._hidden
        return events.at_ms >= self._start_ms

    def _add(self, event: Event, due: list[ReplayedEvent], *, is_shown: bool) -> None:
        """Note phases and units; append the event to `due` if it is shown and traded here."""
        match event:
            case Listing(definition=definition):
                self._recorded_units[definition.symbol] = definition.units
                self._symbols[definition.symbol] = self._symbol_here(definition.symbol)
                return
            case Delisting(symbol, at_ms):
                event = Status(symbol, Phase.CLOSED, "not traded", at_ms)
        match event:
            case FeedStatus(day=day):
                self._status = event
                self._days.add(day)
                if is_shown:
                    due.append(self._retimed_feed(event, self._time_of(event.ts_event)))
                return
            case Status(symbol, day=day):
                self._statuses[symbol] = event
                self._days.add(day)
            case Trade(exchange_ms=exchange_ms):
                self._first_exchange_ms = self._first_exchange_ms or exchange_ms
                self._last_exchange_ms = exchange_ms
            case Quote():
                pass
            case _:
                return
        name = self._symbols.get(event.symbol) if is_shown else None
        if name is not None:
            due.append(self._retimed(event, name))

    def _retimed(self, event: Tick | Status, name: str) -> Tick | Status:
        """Return an event at its new time; the same object when nothing changes."""
        # At the recording's own times a replay has the fingerprint of the recording.
        ts = self._time_of(event.ts_event)
        if ts == event.ts_event and name == event.symbol and not self._shift_ms:
            return event
        match event:
            case ReportedTrade(exchange_ms=exchange_ms, day_ms=day_ms):
                return replace(
                    event,
                    symbol=name, ts_event=ts,
                    exchange_ms=exchange_ms + self._shift_ms, day_ms=day_ms + self._shift_ms,
                )  # fmt: skip
            case Trade(exchange_ms=exchange_ms):
                exchange_ms += self._shift_ms
                return replace(event, symbol=name, ts_event=ts, exchange_ms=exchange_ms)
            case Status(day=day):
                return replace(event, symbol=name, ts_event=ts, day=day + self._shift_days)
        return replace(event, symbol=name, ts_event=ts)

    def _retimed_feed(self, status: FeedStatus, at_ms: int) -> FeedStatus:
        """Return a recorded status of the feed as a status of this feed.

        Only the exchange's time is the recorded one; its scale grows with the speed.
        """
        plan = self._plan
        return replace(
            status,
            feed=plan.feed, name=plan.name, state=plan.state, rate=plan.rate, reason=plan.reason,
            ts_event=at_ms, day=status.day + self._shift_days,
            exchange_ms=status.exchange_ms + self._shift_ms,
            scale=status.scale * self._playback.speed,
        )  # fmt: skip

    def _announce(self, now_ms: int) -> list[ReplayedEvent]:
        """Return the phases and the exchange's time at this place of the recording, as of now."""
        self._has_announced = True
        announced: list[ReplayedEvent] = [
            replace(self._retimed(status, name), ts_event=now_ms)
            for symbol, status in self._statuses.items()
            if (name := self._symbols.get(symbol)) is not None
        ]
        if (status := self._status) is not None:
            at_ms = self._recorded_ms + (now_ms - self._clock_ms) * self._playback.speed
            passed_ms = round((at_ms - status.ts_event) * status.scale)
            later = replace(status, exchange_ms=status.exchange_ms + passed_ms)
            announced.append(self._retimed_feed(later, now_ms))
        return announced

    def _finish(self, now_ms: int) -> None:
        """Begin the next pass of a loop, or end the replay."""
        if not self._playback.loops:
            self._end_reason, self._has_announced = "the recording is over", False
            return
        # A day more than the calendar days between first and last trade, so that days never meet.
        days = self._last_exchange_ms // DAY_MS - self._first_exchange_ms // DAY_MS + 1
        self._shift_ms += days * DAY_MS
        self._shift_days += max(self._days, default=0) - min(self._days, default=0) + 1
        self._events, self._clock_ms = None, now_ms
        self._begin_pass()

    def _time_of(self, ts_event: int) -> int:
        """Return the time of our clock at which an event of the recording is due."""
        return self._clock_ms + floor((ts_event - self._recorded_ms) / self._playback.speed)

    def _symbol_here(self, symbol: str) -> str | None:
        """Return the symbol in this feed; None where it is not listed, or has other units."""
        name = self._playback.prefix + symbol
        return name if self._units.get(name) == self._recorded_units[symbol] else None
