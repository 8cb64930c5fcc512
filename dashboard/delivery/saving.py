"""What a process gives up while memory is short: at first the rates of readers, then new readers.

Pure. Must not know where memory is read. Depth is not given up by itself: all readers share the
text of a book, so a reader of books costs hardly more than others.
"""

from enum import IntEnum
from typing import Final

from dashboard.wire.registry import MAX_RATE

SAVED_RATE: Final = 1.0
"""Frames per second that every reader may have at most while memory is short."""
BACK: Final = 0.05
"""A step ends when the share in use is so much lower than the share at which the step begins."""


class Saving(IntEnum):
    """What is given up; each step includes those before."""

    NOTHING = 0
    RATES = 1
    READERS = 2


BEGINS: Final = {Saving.NOTHING: 0.0, Saving.RATES: 0.9, Saving.READERS: 0.95}
"""The share of the memory in use at which each step begins."""


def next_saving(now: Saving, share: float) -> Saving:
    """Return what to give up when this share of the memory is in use."""
    begun = max(step for step in Saving if share >= BEGINS[step])
    kept = max(step for step in Saving if step <= now and share > BEGINS[step] - BACK)
    return max(begun, kept)


def rate_while(saving: Saving) -> float:
    """Return how many frames per second a reader may have at most."""
    return MAX_RATE if saving is Saving.NOTHING else SAVED_RATE
