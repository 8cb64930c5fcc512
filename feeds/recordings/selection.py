"""The part of a tape that is about one feed, with a beginning that stands for what was before.

Pure. Must not know files or buses.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from feeds.market.board import Board
from feeds.market.events import Delisting, Event, FeedRemoval, FeedStatus, Listing, Phase, Status


class Excerpt:
    """Choose the events of a feed; instruments are its own from their listing on."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._symbols: set[str] = set()

    def beginning(self, board: Board, now_ms: int) -> list[Event]:
        """Return the feed and its instruments as they are now, as if they had just come."""
        known = board.feeds.get(self._feed)
        events: list[Event] = [] if known is None else [_as_of(known, now_ms)]
        for symbol, row in board.rows.items():
            if row.feed == self._feed:
                events.append(Listing(self._feed, row.definition, now_ms))
                events.append(Status(symbol, Phase(row.phase), row.reason, now_ms, row.day or 0))
        return self.of(events)

    def of(self, events: Iterable[Event]) -> list[Event]:
        """Return those of the next events of the tape that are about the feed."""
        return [event for event in events if self._is_ours(event)]

    def _is_ours(self, event: Event) -> bool:
        match event:
            case FeedStatus(feed=feed) | FeedRemoval(feed=feed):
                return feed == self._feed
            case Listing(feed=feed, definition=definition):
                if feed == self._feed:
                    self._symbols.add(definition.symbol)
                return feed == self._feed
            case Delisting(symbol=symbol) if symbol in self._symbols:
                self._symbols.remove(symbol)
                return True
        return event.symbol in self._symbols


def _as_of(status: FeedStatus, now_ms: int) -> FeedStatus:
    """Return what a status that was told before is now."""
    passed_ms = round((now_ms - status.ts_event) * status.scale)
    return replace(status, ts_event=now_ms, exchange_ms=status.exchange_ms + passed_ms)
