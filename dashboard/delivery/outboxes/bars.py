"""What a subscriber still has to receive of bars: of pairs of an instrument and an interval.

Pure. Must not know pace, sockets or rows of the database. The live bar is merged: its last value
wins. A closed bar is distinct: it is sent once, and again to readers who ask for corrections when
it is amended.
"""

from collections.abc import Collection

from dashboard.delivery.outboxes.place import Place
from dashboard.delivery.replica import Replica
from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import encode_snapshot, encode_update
from dashboard.wire.registry import Channel
from feeds.market.delayed_keys import shown
from feeds.market.events import Position

Pair = tuple[str, int]
"""The key of a symbol, and the level of an interval."""


class BarsOutbox:
    """The bars of some pairs, as of one place on the tape."""

    __slots__ = ("_access", "corrections", "is_open", "pairs", "place", "updates")

    def __init__(self, access: Access = UNLIMITED) -> None:
        self.is_open = False
        self.corrections = False
        self.updates = 0
        self.pairs: dict[Pair, None] = {}
        self.place = Place()
        self._access = access

    @property
    def named(self) -> list[Pair]:
        """Return the pairs by the symbols that the reader knows."""
        return [(shown(key), level) for key, level in self.pairs]

    def resume(self, replica: Replica, pairs: Collection[Pair], since: Position) -> bool:
        """Subscribe to pairs from a position; return False if bars after it are no longer kept.

        In an open channel a reader may go back, to mend a gap. It may not go ahead, nor add a pair
        this way: then one position would not hold for all pairs.
        """
        is_more = any(pair not in self.pairs for pair in pairs)
        is_ahead = self.place.epoch == since.epoch and since.sequence > self.place.sequence
        if self.is_open and (is_more or is_ahead):
            return False
        wanted = dict.fromkeys([*self.pairs, *pairs])
        if not replica.has_or_awaits(since):
            return False
        if any(replica.bars.since(*pair, since.sequence) is None for pair in wanted):
            return False
        self._open_at(since, wanted)
        return True

    def add(self, replica: Replica, pairs: Collection[Pair], *, has_gap: bool = False) -> list[str]:
        """Subscribe to pairs; return what was due, then their newest bars, all at one position."""
        frames = self.take(replica)
        return frames + self._snapshot(replica, pairs, has_gap=has_gap)

    def remove(self, pairs: Collection[Pair] | None) -> None:
        """Unsubscribe from these pairs; None closes the channel."""
        for pair in list(self.pairs) if pairs is None else pairs:
            self.pairs.pop(pair, None)
        self.is_open = bool(self.pairs)
        self.corrections = self.corrections and self.is_open

    def take(self, replica: Replica) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        place = self.place
        if not self.is_open or not place.is_behind(replica):
            return []
        if not place.is_in(replica):
            return self._snapshot(replica, self.pairs, has_gap=True)
        entries: list[str] = []
        for key, level in self._visible(replica):
            news = replica.bars.since(key, level, place.looked)
            if news is None:
                return self._snapshot(replica, self.pairs, has_gap=True)
            entries += news
            if self.corrections:
                amended = replica.bars.amended_since(key, level, place.looked)
                if amended is None:
                    return self._snapshot(replica, self.pairs, has_gap=True)
                entries += amended
        place.looked = replica.sequence
        if not entries:
            return []
        since, seq, ts = place.sequence, replica.sequence, replica.ts
        place.stand_at(replica.position)
        self.updates += len(entries)
        return [encode_update(Channel.BARS, entries, since=since, seq=seq, ts=ts)]

    def _snapshot(self, replica: Replica, pairs: Collection[Pair], *, has_gap: bool) -> list[str]:
        self._open_at(replica.position, dict.fromkeys([*self.pairs, *pairs]))
        seen = self._visible(replica)
        entries = [text for pair in pairs if pair in seen for text in self._newest(replica, pair)]
        position, ts = self._access.to_reader(replica.position), replica.ts
        epoch, seq = position.marked_epoch, position.sequence
        return encode_snapshot(Channel.BARS, entries, epoch=epoch, seq=seq, ts=ts, has_gap=has_gap)

    def _newest(self, replica: Replica, pair: Pair) -> list[str]:
        newest = replica.bars.newest(*pair)
        return newest + replica.bars.amended(*pair) if self.corrections else newest

    def _visible(self, replica: Replica) -> dict[Pair, None]:
        visible = replica.visible_to(self._access)
        if visible is None:
            return self.pairs
        return {pair: None for pair in self.pairs if pair[0] in visible}

    def _open_at(self, position: Position, pairs: dict[Pair, None]) -> None:
        self.is_open = bool(pairs)
        self.pairs = pairs
        self.place.stand_at(position)
