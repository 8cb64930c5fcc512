"""What waits between an upstream and the engine: bounded, quotes merged first, losses told.

Pure. Must not know connections. Filled by translation, emptied by the engine's next step.
"""

from collections import deque
from typing import Final

from feeds.market.events import Quote, Status, Tick

CAPACITY: Final = 50_000
"""Events that wait: 10 s at 5,000 per second, should the engine stand still so long."""

Waiting = Tick | Status


class Intake:
    """Keep what happened in its order; `merged` quotes and `lost` trades are counted."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.merged = 0
        self.lost = 0
        self._capacity = capacity
        self._waiting: deque[Waiting] = deque()

    def put(self, event: Waiting) -> None:
        """Add the newest; when it is full make room."""
        if len(self._waiting) >= self._capacity:
            self._make_room()
        self._waiting.append(event)

    def take(self) -> list[Waiting]:
        """Return what waits, oldest first."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def _make_room(self) -> None:
        """Keep the newest quote and status of a symbol, and of the rest as much as fills 3/4."""
        kept = self._newest_of_each()
        self.merged += len(self._waiting) - len(kept)
        room = self._capacity * 3 // 4
        while len(kept) > room:
            kept.popleft()
            self.lost += 1
        self._waiting = kept

    def _newest_of_each(self) -> deque[Waiting]:
        kept: deque[Waiting] = deque()
        seen: set[tuple[type, str]] = set()
        for event in reversed(self._waiting):
            key = (type(event), event.symbol)
            if isinstance(event, Quote | Status) and key in seen:
                continue
            seen.add(key)
            kept.appendleft(event)
        return kept
