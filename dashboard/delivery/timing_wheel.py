"""Items by the time when they are due: those that are not due yet cost nothing.

Pure. Must not know what is due. It is the timing wheel of Varghese and Lauck (1987), with a dict
for the wheel: so a slot may be any time ahead.
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from math import inf
from typing import Final, Generic, Protocol, TypeVar

NOWHERE: Final = -1


class Scheduled(Protocol):
    """An item that notes its slot. In other slots it is only a trace of an earlier plan."""

    slot: int


Item = TypeVar("Item", bound=Scheduled)


class TimingWheel(Generic[Item]):
    """Slots of `slot_s` seconds; an item is in one of them, and taken after the slot has begun."""

    def __init__(self, slot_s: float) -> None:
        self._slot_s = slot_s
        self._slots: dict[int, list[Item]] = {}
        self._order: list[int] = []
        self._taken = NOWHERE

    @property
    def next_s(self) -> float:
        """Return when the next slot with items begins (seconds); infinity if there is none."""
        return self._order[0] * self._slot_s if self._order else inf

    def put(self, item: Item, due_s: float) -> None:
        """Plan an item for a time (seconds), instead of the time that was planned before."""
        # As in `put_all`, of which a call for one item would cost twice as much.
        if due_s == inf:
            item.slot = NOWHERE
            return
        slot = max(int(due_s / self._slot_s), self._taken) + 1
        if slot != item.slot:
            item.slot = slot
            self._items_of(slot).append(item)

    def put_all(self, plans: Iterable[tuple[Item, float]]) -> None:
        """Plan items, each for a time (seconds) that is not infinite."""
        slot_s, first = self._slot_s, self._taken + 1
        known, append = NOWHERE, list[Item]().append
        for item, due_s in plans:
            # The slot after the one of its time, or it would be taken too early.
            # What is overdue goes into the next slot, as those before it have been taken.
            slot = int(due_s / slot_s) + 1
            if slot < first:
                slot = first
            if slot == item.slot:
                continue
            item.slot = slot
            # Items that are planned together mostly share a slot, so it is looked up once.
            if slot != known:
                known, append = slot, self._items_of(slot).append
            append(item)

    def _items_of(self, slot: int) -> list[Item]:
        items = self._slots.get(slot)
        if items is None:
            items = self._slots[slot] = []
            heappush(self._order, slot)
        return items

    def take(self, now_s: float) -> list[Item]:
        """Remove and return the items that are due, in the order of their slots.

        An item that was planned for a slot twice, and for another in between, is returned twice.
        """
        now, order, due = int(now_s / self._slot_s), self._order, list[Item]()
        while order and order[0] <= now:
            slot = heappop(order)
            due += [item for item in self._slots.pop(slot) if item.slot == slot]
        self._taken = max(self._taken, now)
        return due
