"""A recorded market once more: the same ticks and phases in the same order, at another time.

Pure. Must not know files or rows. What happened at `r` of the recording happens at `origin + (r -
place) / speed` of our clock; both begin anew after every rest.
"""

from collections.abc import Iterator
from decimal import Decimal
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
    Status,
    Tick,
    Trade,
)
from feeds.plan.plans import FeedPlan, Playback

MOST_EVENTS: Final = 10_000
"""Of one draw: 250,000 per second at 40 ms. What is more comes later, so that a recording that
cannot be played as fast as it is wanted never stalls the loop."""
CATCH_UP_MS: Final = 1000
"""A longer gap between draws is a rest: the recording waits meanwhile."""


Told = Tick | Status | FeedStatus


class Playable(Protocol):
    """What is played: times in UTC ms, events in their order, as often as they are asked for."""

    first_ms: int
    last_ms: int

    def events(self) -> Iterator[Event]:
        """Yield the events from the first on.

        Raises:
            InvalidRecording: there is no more that can be read.
        """
        ...


class _Reel:
    """The events of one pass, the next of which can be looked at; `at_ms` never runs backwards."""

    def __init__(self, recording: Playable) -> None:
        self._events = recording.events()
        self.at_ms = recording.first_ms
        self.next: Event | None = None
        self.move()

    def move(self) -> None:
        """Go to the next event, or to the end."""
        self.next = next(self._events, None)
        if self.next is not None:
            self.at_ms = max(self.at_ms, self.next.ts_event)


class Replay:
    """Play a recording; `late_draws` counts those that could not give all that was due.

    Trades keep the exchange's time of the recording, so that its bars are the same at any speed; a
    pass after the first is as many whole days later as the recording takes.
    """

    def __init__(self, recording: Playable, playback: Playback) -> None:
        self.late_draws = 0
        self._recording = recording
        self._playback = playback
        self._wanted: dict[str, Decimal] = {}
        self._names: dict[str, str | None] = {}
        self._over = ""
        self._origin_ms = 0
        self._rests = False
        self._rewind()

    def plan(self, plan: FeedPlan) -> None:
        """Take speed, end and instruments; a feed that was closed begins at the start again."""
        if self._last_ms is not None:
            self._go_on_from(self._last_ms)
        self._plan = plan
        if plan.playback is not None:
            self._playback = plan.playback
        if plan.state is FeedState.CLOSED or (self._over and self._playback.loops):
            self._rewind()
        self._rests = self._rests or plan.state is not FeedState.RUNNING
        self._wanted = {one.symbol: one.tick_size for one in plan.definitions}
        self._names = {symbol: self._name_of(symbol) for symbol in self._grids}
        self._is_told = False

    def draw(self, now_ms: int) -> list[Told]:
        """Return what is due by now, in the order of the recording; after a rest nothing yet."""
        if self._rests:
            self._rests = False
            self._go_on_from(now_ms)
            return []
        self._keep_up(now_ms)
        due: list[Told] = []
        try:
            if not self._over:
                self._play(now_ms, due)
        except InvalidRecording as error:
            self._over, self._is_told = str(error), False
        if self._over and not self._is_told:
            self._is_told = True
            due += [Status(symbol, Phase.CLOSED, self._over, now_ms) for symbol in self._wanted]
        return due

    def _rewind(self) -> None:
        """Forget everything of the former passes."""
        self._reel: _Reel | None = None
        self._last_ms: int | None = None
        self._grids: dict[str, Decimal] = {}
        self._names = {}
        self._shift_ms = self._shift_days = 0
        self._over = ""
        self._begin_pass()

    def _begin_pass(self) -> None:
        """Begin a pass: what was before the start is only looked at."""
        self._place_ms: float = self._recording.first_ms + self._playback.start_s * 1000
        self._start_ms = self._place_ms
        self._statuses: dict[str, Status] = {}
        self._status: FeedStatus | None = None
        self._is_told = False
        self._first_exchange_ms = self._last_exchange_ms = 0
        self._days: set[int] = set()

    def _go_on_from(self, now_ms: int) -> None:
        """Take up the present place of the recording now."""
        if self._last_ms is not None:
            self._place_ms += (self._last_ms - self._origin_ms) * self._playback.speed
        self._origin_ms = self._last_ms = now_ms

    def _keep_up(self, now_ms: int) -> None:
        """Wait with the recording when nobody drew for long, or the clock was set back."""
        if self._last_ms is None or now_ms < self._last_ms:
            self._go_on_from(now_ms)
        else:
            self._origin_ms += max(0, now_ms - self._last_ms - CATCH_UP_MS)
        self._last_ms = now_ms

    def _play(self, now_ms: int, due: list[Told]) -> None:
        reel = self._reel = self._reel or _Reel(self._recording)
        if reel.next is None and self._time_of(self._recording.last_ms) < now_ms:
            self._finish(now_ms)
            return
        for _ in range(MOST_EVENTS):
            if reel.next is None or self._time_of(reel.at_ms) > now_ms:
                break
            is_shown = reel.at_ms >= self._start_ms
            if is_shown and not self._is_told:
                due += self._phases(now_ms)
            self._happen(reel.next, due, is_shown=is_shown)
            reel.move()
        else:
            self.late_draws += 1
            self._place_ms, self._origin_ms = max(reel.at_ms, self._start_ms), now_ms

    def _happen(self, event: Event, due: list[Told], *, is_shown: bool) -> None:
        """Note what an event says of phases and grids, and add it when it is to be seen."""
        match event:
            case Listing(definition=definition):
                self._grids[definition.symbol] = definition.tick_size
                self._names[definition.symbol] = self._name_of(definition.symbol)
                return
            case Delisting(symbol, at_ms):
                event = Status(symbol, Phase.CLOSED, "not traded", at_ms)
        match event:
            case FeedStatus(day=day):
                self._status = event
                self._days.add(day)
                if is_shown:
                    due.append(self._moved_feed(event, self._time_of(event.ts_event)))
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
        name = self._names.get(event.symbol) if is_shown else None
        if name is not None:
            due.append(self._moved(event, name))

    def _moved(self, event: Tick | Status, name: str) -> Tick | Status:
        """Return an event at its new time; the recorded one where nothing changes."""
        ts = self._time_of(event.ts_event)
        if ts == event.ts_event and name == event.symbol and not self._shift_ms:
            return event
        match event:
            case Trade(exchange_ms=exchange_ms):
                exchange_ms += self._shift_ms
                return replace(event, symbol=name, ts_event=ts, exchange_ms=exchange_ms)
            case Status(day=day):
                return replace(event, symbol=name, ts_event=ts, day=day + self._shift_days)
        return replace(event, symbol=name, ts_event=ts)

    def _moved_feed(self, status: FeedStatus, at_ms: int) -> FeedStatus:
        """Return what was told of the recorded feed as told of this one: its exchange's time, which
        runs faster when the recording does."""
        plan = self._plan
        return replace(
            status,
            feed=plan.feed, name=plan.name, state=plan.state, rate=plan.rate, reason=plan.reason,
            ts_event=at_ms, day=status.day + self._shift_days,
            exchange_ms=status.exchange_ms + self._shift_ms,
            scale=status.scale * self._playback.speed,
        )  # fmt: skip

    def _phases(self, now_ms: int) -> list[Told]:
        """Return phases and the exchange's time as they are at this place of the recording."""
        self._is_told = True
        told: list[Told] = [
            replace(self._moved(status, name), ts_event=now_ms)
            for symbol, status in self._statuses.items()
            if (name := self._names.get(symbol)) is not None
        ]
        if (status := self._status) is not None:
            at_ms = self._place_ms + (now_ms - self._origin_ms) * self._playback.speed
            passed_ms = round((at_ms - status.ts_event) * status.scale)
            later = replace(status, exchange_ms=status.exchange_ms + passed_ms)
            told.append(self._moved_feed(later, now_ms))
        return told

    def _finish(self, now_ms: int) -> None:
        """Begin the next pass, or be over."""
        if not self._playback.loops:
            self._over, self._is_told = "the recording is over", False
            return
        days = self._last_exchange_ms // DAY_MS - self._first_exchange_ms // DAY_MS + 1
        self._shift_ms += days * DAY_MS
        self._shift_days += max(self._days, default=0) - min(self._days, default=0) + 1
        self._reel, self._origin_ms = None, now_ms
        self._begin_pass()

    def _time_of(self, recorded_ms: int) -> int:
        """Return when by our clock that is which was then in the recording."""
        return self._origin_ms + floor((recorded_ms - self._place_ms) / self._playback.speed)

    def _name_of(self, symbol: str) -> str | None:
        """Return the symbol here; None where it is not traded here, or on another grid."""
        name = self._playback.prefix + symbol
        return name if self._wanted.get(name) == self._grids[symbol] else None


class Silence:
    """A feed that cannot play: every instrument is closed, and says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._symbols: list[str] = []

    def plan(self, plan: FeedPlan) -> None:
        """Take the instruments."""
        self._symbols = [one.symbol for one in plan.definitions]

    def draw(self, now_ms: int) -> list[Status]:
        """Say it of each, once."""
        symbols, self._symbols = self._symbols, []
        return [Status(symbol, Phase.CLOSED, self._reason, now_ms) for symbol in symbols]
