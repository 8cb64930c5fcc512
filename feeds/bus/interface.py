"""What every bus offers: one publisher, and readers that begin from a board.

Pure. Must not know how batches travel, nor users or frames.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from feeds.market.board import Board
from feeds.market.events import Batch


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

    async def attach(self) -> Attachment:
        """Return a reader that begins now.

        Raises:
            BusDown: the bus cannot be reached; try again later.
        """
        ...

    def detach(self, attachment: Attachment) -> None:
        """Forget a reader."""
        ...
