"""What the phases and states were some minutes ago.

Pure. Must not know delays that are in use. Statuses are few, unlike prices, so all of them can be
kept. When readers are given a delay they see phases, halts and states as they were so long ago.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

from feeds.market.bars import MINUTE_MS
from feeds.market.delayed_keys import LONGEST_DELAY_MINUTES
from feeds.market.events import Delisting, Event, FeedRemoval, FeedStatus, Status

_T = TypeVar("_T", Status, FeedStatus)
_NOTED: Final = frozenset({Status, FeedStatus, Delisting, FeedRemoval})


class Heard(Generic[_T]):
    """Statuses by key, each with the wall time when it was heard (UTC ms), in order."""

    def __init__(self) -> None:
        self._heard: dict[str, deque[tuple[int, _T]]] = {}

    def note(self, key: str, status: _T, now_ms: int) -> None:
        """Note a status; forget those that were replaced before the longest delay began."""
        heard = self._heard.setdefault(key, deque())
        heard.append((now_ms, status))
        while len(heard) > 1 and heard[1][0] <= now_ms - LONGEST_DELAY_MINUTES * MINUTE_MS:
            heard.popleft()

    def of(self, key: str) -> list[tuple[int, _T]]:
        """Return what was heard of a key."""
        return list(self._heard.get(key, ()))

    def then(self, key: str, at_ms: int) -> _T | None:
        """Return the status in force at a time, None if that is not known."""
        before = [status for heard_ms, status in self.of(key) if heard_ms <= at_ms]
        return before[-1] if before else None

    def forget(self, key: str) -> None:
        """Forget a key that left."""
        self._heard.pop(key, None)


class HeardStatuses:
    """The statuses of all instruments and feeds."""

    def __init__(self) -> None:
        self.phases: Heard[Status] = Heard()
        self.feeds: Heard[FeedStatus] = Heard()

    def take(self, events: Iterable[Event], now_ms: int) -> None:
        """Note the statuses among events that have just happened."""
        # Hot path: every tick passes here. A class test is cheaper than isinstance or match.
        for event in [event for event in events if event.__class__ in _NOTED]:
            match event:
                case Status():
                    self.phases.note(event.symbol, event, now_ms)
                case FeedStatus():
                    self.feeds.note(event.feed, event, now_ms)
                case Delisting():
                    self.phases.forget(event.symbol)
                case FeedRemoval():
                    self.feeds.forget(event.feed)
