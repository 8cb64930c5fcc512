"""Items by the time when they are due: those that are not due yet cost nothing.

Pure. Must not know what is due. It is the timing wheel of Varghese and Lauck (1987), with a dict
for the wheel: so a slot may be any time ahead.
"""

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

    def put(self, item: Item, due_s: float) -> None:
        """Plan an item for a time (seconds), instead of the time that was planned before."""
        if due_s == inf:
            item.slot = NOWHERE
            return
        # What is overdue goes into the next slot, as those before it have been taken.
        slot = int(due_s / self._slot_s) + 1
        if slot <= self._taken:
            slot = self._taken + 1
        if slot == item.slot:
            return
        item.slot = slot
        items = self._slots.get(slot)
        if items is None:
            self._slots[slot] = [item]
            heappush(self._order, slot)
        else:
            items.append(item)

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
