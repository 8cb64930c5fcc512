"""The market as of the last published batch: what a new reader starts from.

Pure. Must not know readers or Redis.
"""

from feeds.market.board import Board
from feeds.market.events import Batch


class Mirror:
    """A board that follows the batches."""

    def __init__(self) -> None:
        self.epoch = ""
        self.board = Board()

    def receive(self, batch: Batch) -> None:
        """Apply a batch; a new epoch starts from an empty board."""
        if batch.epoch != self.epoch:
            self.epoch, self.board = batch.epoch, Board()
        apply = self.board.apply
        for sequence, event in enumerate(batch.events, batch.first):
            apply(sequence, event)
