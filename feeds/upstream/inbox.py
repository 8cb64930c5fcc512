"""The queue between an upstream and the engine: bounded, merges quotes first, counts losses.

Pure. Must not know connections.
"""

from collections import deque
from typing import Final

from feeds.market.events import PriceBand, Quote, Status, Tick
from feeds.sessions.ledger import TradeChange

CAPACITY: Final = 50_000
"""Events that may wait: 10 s at 5,000 per second, in case the engine stands still so long."""

InboxEvent = Tick | Status | PriceBand | TradeChange


class Inbox:
    """Keep events in their order; `merged` counts replaced quotes, `lost` the dropped events."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.merged = 0
        self.lost = 0
        self._capacity = capacity
        self._waiting: deque[InboxEvent] = deque()

    def put(self, event: InboxEvent) -> None:
        """Add the newest event; a full inbox first makes room."""
        if len(self._waiting) >= self._capacity:
            self._make_room()
        self._waiting.append(event)

    def take(self) -> list[InboxEvent]:
        """Remove and return all events, oldest first."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def _make_room(self) -> None:
        """Keep the newest quote, status and band of each symbol; drop the oldest down to 3/4."""
        # Quotes are replaced before anything is lost: only the last one counts. The free quarter
        # keeps the cost per event low, as this goes through all of them.
        kept = self._newest_of_each()
        self.merged += len(self._waiting) - len(kept)
        room = self._capacity * 3 // 4
        while len(kept) > room:
            kept.popleft()
            self.lost += 1
        self._waiting = kept

    def _newest_of_each(self) -> deque[InboxEvent]:
        kept: deque[InboxEvent] = deque()
        seen: set[tuple[type, str]] = set()
        for event in reversed(self._waiting):
            key = (type(event), event.symbol)
            if isinstance(event, Quote | Status | PriceBand) and key in seen:
                continue
            seen.add(key)
            kept.appendleft(event)
        return kept
