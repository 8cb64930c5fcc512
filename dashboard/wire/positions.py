"""Positions as readers send and get them: `epoch:seq`, with the mark of the reader's access.

Pure. The only place that joins and parts epoch and mark: everything else keeps them in fields.
"""

import re
from typing import Final, Self

import msgspec

from feeds.exceptions import InvalidPosition
from feeds.market.events import NOTHING, Position

_MARKED: Final = re.compile(r"(.*)(x[0-9a-f]{8})")
"""An epoch and a mark. Epochs of the tape are hexadecimal, so none of them looks marked."""


class ReaderPosition(msgspec.Struct, frozen=True):
    """A position on the tape as one reader sees it.

    `mark` is empty for readers of everything. Otherwise it stands for the reader's access: readers
    with another access get other frames of the same tape, so they cannot continue from here.
    """

    epoch: str
    sequence: int
    mark: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `epoch:seq`.

        Raises:
            InvalidPosition: the text is anything else.
        """
        position = Position.parse(text)
        marked = _MARKED.fullmatch(position.epoch)
        if marked is None:
            return cls(position.epoch, position.sequence)
        return cls(marked[1], position.sequence, marked[2])

    @property
    def marked_epoch(self) -> str:
        """Return the epoch as frames say it."""
        return self.epoch + self.mark

    def __str__(self) -> str:
        return f"{self.epoch}{self.mark}:{self.sequence}"


UNREADABLE_POSITION: Final = ReaderPosition("", NOTHING)
"""Stands for a position that a reader sent and that cannot be read."""


def position_of(since: str | None) -> ReaderPosition | None:
    """Read a position; return None without a text, and UNREADABLE_POSITION for junk.

    Nobody can resume from that, so a reader that sent junk learns of its gap.
    """
    try:
        return None if since is None else ReaderPosition.parse(since)
    except InvalidPosition:
        return UNREADABLE_POSITION
