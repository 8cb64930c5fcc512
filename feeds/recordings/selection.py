"""The part of a tape that belongs to one feed, after events that describe how it began.

Pure. Must not know files or buses.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from feeds.market.board import Board
from feeds.market.events import Delisting, Event, FeedRemoval, FeedStatus, Listing, Phase, Status


class FeedSelection:
    """Select the events of a feed; an instrument belongs to it from its listing on."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._symbols: set[str] = set()

    def initial_events(self, board: Board, now_ms: int) -> list[Event]:
        """Return the present state of the feed and its instruments as events at `now_ms`."""
        status = board.feeds.get(self._feed)
        events: list[Event] = [] if status is None else [_brought_to(status, now_ms)]
        for symbol, row in board.rows.items():
            if row.feed == self._feed:
                events.append(Listing(self._feed, row.definition, now_ms))
                events.append(Status(symbol, Phase(row.phase), row.reason, now_ms, row.day or 0))
        return self.select(events)  # which also notes the symbols

    def select(self, events: Iterable[Event]) -> list[Event]:
        """Return the events of the feed among the next events of the tape."""
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


def _brought_to(status: FeedStatus, now_ms: int) -> FeedStatus:
    """Return an earlier status as of now: the exchange's clock went on at its own scale."""
    passed_ms = round((now_ms - status.ts_event) * status.scale)
    return replace(status, ts_event=now_ms, exchange_ms=status.exchange_ms + passed_ms)
