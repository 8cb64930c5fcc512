"""What a user may see of the market: which feeds, and which of them only with a delay.

Pure. Must not know people or groups. An identity carries its access and the replica applies it, so
no transport and no page can forget it.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from typing import Final
from zlib import crc32

import msgspec

from dashboard.wire.positions import ReaderPosition
from dashboard.wire.registry import Channel
from feeds.market.board import Board
from feeds.market.delayed_keys import MARK, delay_of, delayed, shown
from feeds.market.events import FeedStatus, Position


class Rights(msgspec.Struct, frozen=True):
    """What a user may see besides the market: the operators' deck, and who is connected.

    Staff also see what is wrong with the database.
    """

    operates: bool = False
    sees_people: bool = False
    is_staff: bool = False


NO_RIGHTS: Final = Rights()
"""The rights of everybody but the staff."""


class Scope(StrEnum):
    """What a token may be used for."""

    MARKET = "market"
    PERSONAL = "personal"
    DECK = "deck"
    REST = "rest"


SCOPE_TEXT: Final = {
    Scope.MARKET: "Prices, trades, bars, books and status, live",
    Scope.PERSONAL: "Your notifications and watchlist, live",
    Scope.DECK: "The operators' deck, live, if you are an operator",
    Scope.REST: "REST and UDF",
}
EVERY_SCOPE: Final = frozenset(Scope)
"""The scopes of a browser's session."""
SCOPE_OF: Final = {
    **dict.fromkeys(Channel, Scope.MARKET),
    **dict.fromkeys((Channel.NOTIFICATIONS, Channel.WATCHLIST), Scope.PERSONAL),
    Channel.DECK: Scope.DECK,
}
"""The scope that a channel needs."""


class Access(msgspec.Struct, frozen=True, dict=True):
    """All feeds but the `restricted` ones, plus what is `granted` of these.

    A grant is the key of a feed: "lab" in real time, "lab~15" with a delay of 15 minutes.
    """

    restricted: frozenset[str] = frozenset()
    granted: frozenset[str] = frozenset()

    @cached_property
    def delays(self) -> tuple[int, ...]:
        """Return the delays of the granted feeds in minutes, the shortest first; 0 is left out."""
        return tuple(sorted({delay_of(key) for key in self.granted} - {0}))

    @cached_property
    def mark(self) -> str:
        """Return the mark of this access's positions; empty where no feed is restricted.

        Readers with different feeds or delays get different frames of one tape. A position of one
        access means nothing to another: what came before it may never have been sent.
        """
        if not self.restricted:
            return ""
        text = ",".join([*sorted(self.restricted), "/", *sorted(self.granted)])
        return f"x{crc32(text.encode()):08x}"

    def to_reader(self, position: Position) -> ReaderPosition:
        """Return a position of the tape as readers with this access see it."""
        return ReaderPosition(position.epoch, position.sequence, self.mark)

    def from_reader(self, position: ReaderPosition | None) -> Position | None:
        """Return a reader's position on the tape; the mark of another access makes it lost ("")."""
        if position is None:
            return None
        return Position(position.epoch if position.mark == self.mark else "", position.sequence)

    def sees(self, feed: str) -> bool:
        """Say whether this access sees a feed, named by its key."""
        return feed in self.granted or (MARK not in feed and feed not in self.restricted)

    def knows(self, feed: str) -> bool:
        """Say whether it sees a feed at all, with a delay or not."""
        return self.sees(feed) or any(shown(key) == feed for key in self.granted)

    def feeds_of(self, board: Board) -> list[FeedStatus]:
        """Return the statuses of feeds as it sees them, a delayed feed as it was then.

        While a delay is so new that the feed process does not know it, nothing of that feed is
        shown: what is now is not for this reader. A feed process of an earlier release lists the
        instruments of delayed feeds without a status: then those of now are shown.
        """
        late = {shown(key) for key in self.granted if key in board.feeds}
        return [
            status
            for key, status in board.feeds.items()
            if self.sees(key) or (key not in late and self._is_listed_late(key, board))
        ]

    def _is_listed_late(self, feed: str, board: Board) -> bool:
        keys = {key for key in self.granted if shown(key) == feed}
        return bool(keys) and any(row.feed in keys for row in board.rows.values())

    def key_of(self, symbol: str, board: Board) -> str | None:
        """Return the key under which it sees a symbol; None when it does not.

        A key with a delay is no symbol: people who name one would choose what they see.
        """
        if MARK in symbol:
            return None
        for minutes in (0, *self.delays):
            key = delayed(symbol, minutes)
            if board.is_known(key) and self.sees(board.feed_of(key)):
                return key
        return None

    def seen_of(self, keys: Iterable[str], board: Board) -> list[str]:
        """Return the keys that it sees."""
        return [key for key in keys if self.sees(board.feed_of(key))]


UNLIMITED: Final = Access()
"""The access to everything."""
