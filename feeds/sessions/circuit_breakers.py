"""Market-wide circuit breakers: how far the index of a feed may fall before all of it is halted.

Pure. Must not know instruments or phases. Source: the rules of the US exchanges since 2013, with
levels of 7, 13 and 20 % below the previous close. Falls are integers, in millionths, so that every
machine halts at the same time.
"""

from collections.abc import Iterable
from typing import Final

from feeds.market.bars import MINUTE_MS

LEVELS: Final = ((200_000, None), (130_000, 15 * MINUTE_MS), (70_000, 15 * MINUTE_MS))
"""Fall in millionths, deepest level first, and its halt in exchange ms; None is until the end of
the day."""


class CircuitBreakers:
    """The levels that the index fell through today: each of them halts the feed once a day.

    `deepest` is the deepest of them so far, 0 without one.
    """

    def __init__(self) -> None:
        self.deepest = 0

    def renew(self) -> None:
        """Begin a new day: every level can halt the feed again."""
        self.deepest = 0

    def hit(self, fall: int) -> tuple[bool, int | None]:
        """Say whether a fall reaches a new level, and for how long it halts (None: all day)."""
        # Deepest first: a fall through two levels at once counts as the deeper level, and a level
        # above the deepest one so far must not halt again.
        for level, pause_ms in LEVELS:
            if fall >= level > self.deepest:
                self.deepest = level
                return True, pause_ms
        return False, None


def fall_of(prices: Iterable[tuple[int, int]]) -> int:
    """Return how far the index is below the previous close, in millionths, negative when above.

    The index is the mean of its instruments: each gives its last price and its previous close.
    """
    falls = [(close - last) * 1_000_000 // close for last, close in prices]
    return sum(falls) // len(falls) if falls else 0
