"""Market-wide breakers: how far a whole feed may fall before all of it pauses.

Pure. Must not know instruments or phases. Shares are in millionths, in integers, so that every
machine finds the same moment.
"""

from collections.abc import Iterable
from typing import Final

from feeds.market.bars import MINUTE_MS

LEVELS: Final = ((200_000, None), (130_000, 15 * MINUTE_MS), (70_000, 15 * MINUTE_MS))
"""Falls in millionths, the greatest first, and the pause in exchange ms: None lasts the day."""


class Breakers:
    """Know which levels a feed fell through today; each halts it once a day."""

    def __init__(self) -> None:
        self._deepest = 0

    def renew(self) -> None:
        """Begin another day."""
        self._deepest = 0

    def hit(self, fall: int) -> tuple[bool, int | None]:
        """Say whether this fall is through a new level, and how long the pause is."""
        for level, pause_ms in LEVELS:
            if fall >= level > self._deepest:
                self._deepest = level
                return True, pause_ms
        return False, None


def fall_of(prices: Iterable[tuple[int, int]]) -> int:
    """Return how far the index is below the previous close, in millionths, negative when above.

    The index is the mean of its instruments: each gives its last price and its previous close.
    """
    falls = [(close - last) * 1_000_000 // close for last, close in prices]
    return sum(falls) // len(falls) if falls else 0
