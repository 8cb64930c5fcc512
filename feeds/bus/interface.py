"""What every bus offers: one publisher, and readers that begin from a board.

Pure. Must not know how batches travel, nor users or frames.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from feeds.market.board import Board
from feeds.market.events import Batch, Position


class Overrun(Exception):
    """A reader lost batches: it must attach again."""


class Attachment(Protocol):
    """One reader: the board at its start, then every later batch without a gap.

    `recent` are the last batches before the board, as far as they are known, oldest first.
    """

    epoch: str
    board: Board
    recent: Sequence[Batch]

    def batches(self) -> AsyncIterator[Batch]:
        """Yield batches as they come.

        Raises:
            Overrun: this reader lost batches.
        """
        ...


class Bus(Protocol):
    """Carries batches from the one publisher to all readers."""

    async def publish(self, batch: Batch) -> None:
        """Hand a batch to every reader; never waits for a slow one."""
        ...

    @property
    def board(self) -> Board:
        """Return the market as of the last batch that this process published; do not change it."""
        ...

    async def published_after(self, position: Position) -> Sequence[Batch]:
        """Return the batches of that epoch after a position, as far as they are kept.

        A market asks this before it publishes, because the market before it may have crashed. The
        answer may have batches of other epochs, and some may be missing.
        """
        ...

    def prepare_part(self) -> None:
        """Do what `begin_part` needs and would have to wait for. May be called by a thread."""
        ...

    def begin_part(self) -> int:
        """Begin a new part of the journal: a checkpoint holds all that was published so far.

        Return the number of the new part.
        """
        ...

    def forget_before(self, part: int) -> None:
        """Forget the parts before this one: the checkpoint is stored. May be called by a thread."""
        ...

    async def attach(self) -> Attachment:
        """Return a reader that begins now.

        Raises:
            BusDown: the bus cannot be reached; try again later.
        """
        ...

    def detach(self, attachment: Attachment) -> None:
        """Forget a reader."""
        ...
