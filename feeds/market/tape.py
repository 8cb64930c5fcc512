"""Ordered, bounded history: what happened after a position, or that this is no longer known.

Pure. Must not know what an item means.
"""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import takewhile
from typing import Generic, TypeVar

from feeds.exceptions import PositionLost

Item = TypeVar("Item")


class Tape(Generic[Item]):
    """Keep the newest `capacity` items, each with the sequence of its event.

    Everything after `floor` is still here; `last` is the newest sequence.
    """

    def __init__(self, capacity: int, *, floor: int = 0) -> None:
        self._items: deque[tuple[int, Item]] = deque()
        self._capacity = capacity
        self.floor = floor
        self.last = floor

    def append(self, sequence: int, item: Item) -> None:
        """Add the newest item; the oldest item falls out when the tape is full."""
        self._items.append((sequence, item))
        self.last = sequence
        if len(self._items) > self._capacity:
            self.floor, _ = self._items.popleft()

    def since(self, sequence: int) -> list[Item]:
        """Return the items after `sequence`, oldest first.

        Raises:
            PositionLost: items after `sequence` have fallen out.
        """
        if sequence < self.floor:
            raise PositionLost(f"position was {sequence}, the tape begins after {self.floor}")
        # From the newest back: readers usually ask for a few items of a long tape.
        newest = takewhile(lambda placed: placed[0] > sequence, reversed(self._items))
        return [item for _, item in newest][::-1]

    def newest(self) -> Iterator[Item]:
        """Yield all items, newest first."""
        return (item for _, item in reversed(self._items))


class TickCounts:
    """Count the ticks of each symbol after a sequence, within the newest `capacity` events."""

    def __init__(self, capacity: int, *, floor: int = 0) -> None:
        self._sequences: defaultdict[str, list[int]] = defaultdict(list)
        self._capacity = capacity
        self._trim_at = floor + 2 * capacity
        self.floor = floor

    def append(self, sequence: int, symbol: str) -> None:
        """Count one tick."""
        # Trimmed once per `capacity` events, not at each: counts reach back 1 to 2 capacities.
        self._sequences[symbol].append(sequence)
        if sequence >= self._trim_at:
            self._trim(sequence)

    def floor_after(self, sequence: int) -> int:
        """Return the highest floor there may be once the ticks up to `sequence` are counted."""
        return sequence - self._capacity if sequence >= self._trim_at else self.floor

    def since(self, symbol: str, sequence: int) -> int:
        """Return the number of ticks of a symbol after `sequence`.

        Raises:
            PositionLost: ticks after `sequence` have been trimmed.
        """
        if sequence < self.floor:
            raise PositionLost(f"position was {sequence}, the tape begins after {self.floor}")
        sequences = self._sequences.get(symbol, [])
        return len(sequences) - bisect_right(sequences, sequence)

    def _trim(self, sequence: int) -> None:
        self.floor = sequence - self._capacity
        self._trim_at = sequence + self._capacity
        for symbol, sequences in list(self._sequences.items()):
            del sequences[: bisect_right(sequences, self.floor)]
            if not sequences:
                del self._sequences[symbol]
