"""Which phases changed since this was asked last, so that a later life of the market knows of them.

Pure. Must not know what a session is made of.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from feeds.market.events import Event, FeedStatus, Status

_CHANGES: Final = frozenset({Status, FeedStatus})


class ChangedSessions:
    """The symbols whose phase changed, by feed; None stands for the whole session."""

    def __init__(self) -> None:
        self._symbols: dict[str, set[str] | None] = {}

    def take(self, feed: str, events: Iterable[Event]) -> None:
        """Note the changes among the events of a feed."""
        # A hot path: nearly all events are quotes and trades, which cost a comparison.
        changes = [event for event in events if event.__class__ in _CHANGES]
        if changes and (symbols := self._symbols.setdefault(feed, set())) is not None:
            symbols.update(event.symbol for event in changes if isinstance(event, Status))

    def take_all(self, feed: str) -> None:
        """Note that the whole session of a feed may have changed."""
        self._symbols[feed] = None

    def pop(self) -> Mapping[str, set[str] | None]:
        """Return what was noted, and forget it."""
        symbols, self._symbols = self._symbols, {}
        return symbols
