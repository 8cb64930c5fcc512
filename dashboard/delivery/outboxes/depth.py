"""What a subscriber still has to receive of the books of some instruments.

Pure. Must not know pace, sockets or rows of the database. A book that changed is sent whole, as it
is now; what it was in between is not sent.
"""

from collections.abc import Collection, Iterable

from dashboard.delivery.market_view import MarketView, view_of
from dashboard.delivery.outboxes.place import Place
from dashboard.delivery.replica import Replica
from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import ALL_FIELDS, encode_snapshot, encode_update
from dashboard.wire.registry import Channel
from feeds.market.events import Position


class DepthOutbox:
    """The books of some symbols, by their keys, as of one place on the tape.

    `_sent` has the entries that the reader got last, which all readers share. Most trades move no
    book, and then nothing is sent.
    """

    __slots__ = ("_access", "_sent", "_view", "is_open", "place", "symbols", "updates")

    def __init__(self, access: Access = UNLIMITED) -> None:
        self.is_open = False
        self.updates = 0
        self.symbols: tuple[str, ...] = ()
        self.place = Place()
        self._access = access
        self._sent: dict[str, str] = {}
        self._view: MarketView = view_of(())

    def resume(self, replica: Replica, symbols: Iterable[str], since: Position) -> bool:
        """Open the channel at a reader's position; return False if that is not possible.

        It is not if the channel is open: then one position would not hold for all books.
        """
        if self.is_open or not replica.has_or_awaits(since):
            return False
        self._open_at(since, symbols)
        return True

    def add(self, replica: Replica, symbols: Iterable[str], *, has_gap: bool = False) -> list[str]:
        """Add symbols; return what was due, then their books, so that all have one position."""
        frames = self.take(replica)
        return frames + self._snapshot(replica, list(symbols), has_gap=has_gap)

    def remove(self, symbols: Collection[str] | None) -> None:
        """Unsubscribe from these symbols; None closes the channel."""
        gone = frozenset(self.symbols if symbols is None else symbols)
        self._want(symbol for symbol in self.symbols if symbol not in gone)

    def take(self, replica: Replica) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        place = self.place
        if not self.is_open or not place.is_behind(replica):
            return []
        if not place.is_in(replica):
            return self._snapshot(replica, self._visible(replica))
        changed = replica.changed_since(place.looked, self._view)
        entries = self._news(replica, [each for each in self.symbols if each in changed])
        place.looked = replica.sequence
        if not entries:
            return []
        since, seq, ts = place.sequence, replica.sequence, replica.ts
        place.stand_at(replica.position)
        self.updates += len(entries)
        return [encode_update(Channel.DEPTH, entries, since=since, seq=seq, ts=ts)]

    def _news(self, replica: Replica, symbols: list[str]) -> list[str]:
        entries = []
        for symbol in symbols:
            entry = replica.book(symbol)
            if self._sent.get(symbol) != entry:
                self._sent[symbol] = entry
                entries.append(entry)
        return entries

    def _snapshot(
        self, replica: Replica, symbols: list[str], *, has_gap: bool = False
    ) -> list[str]:
        self._open_at(replica.position, symbols)
        self._sent |= {symbol: replica.book(symbol) for symbol in symbols}
        entries = [self._sent[symbol] for symbol in symbols]
        position, ts = self._access.to_reader(replica.position), replica.ts
        epoch, seq = position.marked_epoch, position.sequence
        return encode_snapshot(Channel.DEPTH, entries, epoch=epoch, seq=seq, ts=ts, has_gap=has_gap)

    def _visible(self, replica: Replica) -> list[str]:
        visible = replica.visible_to(self._access)
        return [each for each in self.symbols if visible is None or each in visible]

    def _open_at(self, position: Position, symbols: Iterable[str]) -> None:
        self._want((*self.symbols, *symbols))
        self.place.stand_at(position)

    def _want(self, symbols: Iterable[str]) -> None:
        self.symbols = tuple(dict.fromkeys(symbols))
        self.is_open = bool(self.symbols)
        self._sent = {each: text for each, text in self._sent.items() if each in self.symbols}
        self._view = view_of(self.symbols, ALL_FIELDS, self._access)
