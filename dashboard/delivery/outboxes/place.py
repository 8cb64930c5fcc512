"""Where a reader stands on the tape in one channel.

Pure. Must not know what a channel carries.
"""

from typing import Final

from dashboard.delivery.replica import Replica
from feeds.market.events import NOTHING, Position

NO_POSITION: Final = Position("", NOTHING)
"""Of a reader that stands on no tape yet, or on none that is known."""


class Place:
    """Where a reader stands on the tape: it has everything up to `sequence` of `epoch`.

    Nothing is due up to `looked`: what happened between the two is of other symbols. The next frame
    still begins at `sequence`, as the reader does not know of `looked`.
    """

    __slots__ = ("epoch", "looked", "sequence")

    def __init__(self) -> None:
        self.stand_at(NO_POSITION)

    @property
    def position(self) -> Position:
        """Return the position up to which nothing is missing."""
        return Position(self.epoch, self.looked)

    def stand_at(self, position: Position) -> None:
        """Note that the reader has everything up to a position."""
        self.epoch, self.sequence = position.epoch, position.sequence
        self.looked = position.sequence

    def raise_to(self, replica: Replica, sequence: int) -> None:
        """Note that a heartbeat told the reader that nothing is missing up to `sequence`."""
        if self.epoch == replica.epoch:
            self.sequence = max(self.sequence, sequence)
            self.looked = max(self.looked, sequence)

    def is_in(self, replica: Replica) -> bool:
        """Say whether this place is on the replica's tape, or ahead of it."""
        return self.epoch == replica.epoch

    def is_behind(self, replica: Replica) -> bool:
        """Say whether the market moved since the last look, perhaps only in other symbols."""
        return self.looked < replica.sequence or self.epoch != replica.epoch

    def is_ahead_of(self, replica: Replica) -> bool:
        """Say whether the reader knows more than this process, so that nothing is due yet.

        It comes from a process that the bus reaches sooner, or this one began at an older board.
        """
        return self.epoch == replica.epoch and self.looked > replica.sequence

    def whole_in(self, replica: Replica) -> int:
        """Return the sequence up to which the reader misses nothing; 0 if it has another epoch."""
        return self.looked if self.epoch == replica.epoch else NOTHING
