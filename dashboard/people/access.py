"""What somebody may see of the market: which feeds, and which of them only late.

Pure. Must not know people or groups: selectors makes these values of their rows. Carried by an
identity, obeyed by the replica, so that no transport and no page can forget it.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Final
from zlib import crc32

import msgspec

from feeds.market.board import Board
from feeds.market.delayed import MARK, delay_of, delayed, shown
from feeds.market.events import Position


class Rights(msgspec.Struct, frozen=True):
    """What somebody may be told besides the market: how it is operated, and who is connected."""

    operates: bool = False
    sees_people: bool = False


NO_RIGHTS: Final = Rights()
"""Of who is no operator."""


class Access(msgspec.Struct, frozen=True, dict=True):
    """Every feed but the `restricted`, and what is `granted` of those, as "lab" or "lab~15"."""

    restricted: frozenset[str] = frozenset()
    granted: frozenset[str] = frozenset()

    @cached_property
    def delays(self) -> tuple[int, ...]:
        """Return by how many minutes some feeds are late, the soonest first."""
        return tuple(sorted({delay_of(key) for key in self.granted} - {0}))

    @cached_property
    def mark(self) -> str:
        """Return what tells this access's positions from others': nothing where no feed is limited.

        Who sees other feeds, or sees them sooner or later, reads another line of the same tape; a
        position on the one is none on the other.
        """
        if not self.restricted:
            return ""
        text = ",".join([*sorted(self.restricted), "/", *sorted(self.granted)])
        return f"x{crc32(text.encode()):08x}"

    def told(self, position: Position) -> Position:
        """Return a position of the tape as this access's readers are told it."""
        return Position(position.epoch + self.mark, position.sequence)

    def heard(self, position: Position | None) -> Position | None:
        """Return a reader's position as one of the tape; one of another access is nowhere on it."""
        if position is None or not self.mark:
            return position
        epoch, mark, rest = position.epoch.partition(self.mark)
        return Position(epoch if mark and not rest else "", position.sequence)

    def sees(self, feed: str) -> bool:
        """Say whether a feed, named by its key, is seen."""
        return feed in self.granted or (MARK not in feed and feed not in self.restricted)

    def knows(self, feed: str) -> bool:
        """Say whether anything of a feed is seen, be it late: then its state may be told."""
        return self.sees(feed) or any(shown(key) == feed for key in self.granted)

    def key_of(self, symbol: str, board: Board) -> str | None:
        """Return the key under which a symbol is seen, None if it is not."""
        for minutes in (0, *self.delays):
            key = delayed(symbol, minutes)
            if board.is_known(key) and self.sees(board.feed_of(key)):
                return key
        return None

    def seen_of(self, keys: Iterable[str], board: Board) -> list[str]:
        """Return those of the keys that are seen."""
        return [key for key in keys if self.sees(board.feed_of(key))]


UNLIMITED: Final = Access()
"""Of who is not limited, where no feed is restricted."""
