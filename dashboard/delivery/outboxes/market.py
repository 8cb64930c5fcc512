"""What a subscriber still has to receive, channel by channel: a position and nothing more.

Pure. Must not know pace, sockets or rows of the database. An outbox holds no copies: it asks the
replica what came after its position, so a slow reader costs no memory and quotes conflate by
themselves, with the count of what was merged.
"""

from collections.abc import Collection, Iterable
from itertools import chain

from dashboard.delivery.market_view import MarketView, view_of
from dashboard.delivery.replica import Replica
from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import ALL_FIELDS, Fields, encode_snapshot, encode_update
from dashboard.wire.registry import TRADE_ENTRIES, Channel
from feeds.exceptions import PositionLost
from feeds.market.events import NOTHING, Position


class Place:
    """Where a reader stands: told up to `sequence` of `epoch`, and nothing is due up to `looked`.

    What lies between is of other symbols; the next frame still begins at `sequence`.
    """

    __slots__ = ("epoch", "looked", "sequence")

    def __init__(self) -> None:
        self.stand_at(Position("", NOTHING))

    def stand_at(self, position: Position) -> None:
        """Be told everything up to a position."""
        self.epoch, self.sequence = position.epoch, position.sequence
        self.looked = position.sequence

    def raise_to(self, replica: Replica, sequence: int) -> None:
        """Be told by a heartbeat that nothing is missing up to `sequence`."""
        if self.epoch == replica.epoch:
            self.sequence = max(self.sequence, sequence)
            self.looked = max(self.looked, sequence)

    def is_in(self, replica: Replica) -> bool:
        """Say whether the reader can go on from here."""
        return self.epoch == replica.epoch and self.sequence <= replica.sequence

    def is_behind(self, replica: Replica) -> bool:
        """Say whether the market moved since the last look; maybe not in what this reader sees."""
        return self.looked != replica.sequence or self.epoch != replica.epoch

    def whole_in(self, replica: Replica) -> int:
        """Return up to where the reader misses nothing of this epoch; 0 is nothing of it."""
        return self.looked if self.epoch == replica.epoch else NOTHING


class TickerOutbox:
    """Merged: the newest fields of each symbol, with the receipt of its ticks.

    Symbols are named by their keys, here and below: those of delayed twins for who sees them late.
    """

    def __init__(self, access: Access = UNLIMITED) -> None:
        self.is_open = False
        self.everything = False
        self.updates = self.merged = 0
        self.fields: Fields = ALL_FIELDS
        self.place = Place()
        self._access = access
        self._ticks_seen: dict[str, int] = {}
        self._view: MarketView = view_of(())

    @property
    def symbols(self) -> Iterable[str]:
        """Return the symbols that were named; none are when everything is wanted."""
        return self._ticks_seen.keys()

    def resume(self, replica: Replica, symbols: Iterable[str], since: Position) -> bool:
        """Stand where the reader stands, if nothing was open and the replica reaches that far."""
        if self.is_open or not replica.reaches(since):
            return False
        for symbol in symbols:
            self._ticks_seen[symbol] = replica.ticks_at(symbol, since.sequence)
        self._open_at(since)
        return True

    def add(self, replica: Replica, symbols: Iterable[str]) -> list[str]:
        """Return what was due, then the snapshot of the symbols added: one position for all."""
        frames = self.take(replica)
        return frames + self._snapshot(replica, list(symbols))

    def want_everything(self) -> None:
        """Want every symbol, also those that come later."""
        self.everything = True
        self._look_at_symbols()

    def remove(self, symbols: Iterable[str] | None) -> None:
        """Want these symbols no more; None closes the channel."""
        for symbol in list(self._ticks_seen) if symbols is None else symbols:
            self._ticks_seen.pop(symbol, None)
        self.everything = self.everything and symbols is not None
        self.is_open = self.everything or bool(self._ticks_seen)
        self._look_at_symbols()

    def take(self, replica: Replica) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        place = self.place
        if not self.is_open or not place.is_behind(replica):
            return []
        if not place.is_in(replica):
            return self._begin_again(replica)
        frame = self._update(replica)
        place.looked = replica.sequence
        if not frame:
            return []
        place.sequence = replica.sequence
        return [frame]

    def _update(self, replica: Replica) -> str:
        place = self.place
        if not replica.counts_since(place.looked):
            return self._own_update(replica)
        update = replica.update(self._view, since=place.sequence, looked=place.looked)
        self._ticks_seen.update(zip(update.symbols, update.ticks, strict=True))
        self.updates += len(update.symbols)
        self.merged += update.merged
        return update.frame

    def _own_update(self, replica: Replica) -> str:
        """Encode for this reader alone: only it still knows how many ticks it had seen."""
        place, seen, entries = self.place, self._ticks_seen, []
        for symbol in replica.changed_since(place.looked, self._view):
            ticks = replica.board.ticks(symbol)
            merged = ticks - seen.get(symbol, 0)
            self.merged += merged
            entries.append(
                replica.entry(symbol, since=place.looked, fields=self.fields, ticks=merged)
            )
            seen[symbol] = ticks
        if not entries:
            return ""
        self.updates += len(entries)
        ts, seq = replica.ts, replica.sequence
        return encode_update(Channel.TICKER, entries, since=place.sequence, seq=seq, ts=ts)

    def _begin_again(self, replica: Replica) -> list[str]:
        wanted = replica.board.known() if self.everything else list(self._ticks_seen)
        visible = replica.visible_to(self._access)
        self._ticks_seen.clear()
        return self._snapshot(replica, [s for s in wanted if visible is None or s in visible])

    def _snapshot(self, replica: Replica, symbols: list[str]) -> list[str]:
        for symbol in symbols:
            self._ticks_seen[symbol] = replica.board.ticks(symbol)
        self._open_at(replica.position)
        entries = [replica.full_entry(symbol, self.fields) for symbol in symbols]
        position, ts = self._access.to_reader(replica.position), replica.ts
        epoch, seq = position.marked_epoch, position.sequence
        return encode_snapshot(Channel.TICKER, entries, epoch=epoch, seq=seq, ts=ts)

    def _open_at(self, position: Position) -> None:
        self.is_open = True
        self.place.stand_at(position)
        self._look_at_symbols()

    def _look_at_symbols(self) -> None:
        symbols = None if self.everything else self._ticks_seen
        self._view = view_of(symbols, self.fields, self._access)


class TradesOutbox:
    """Distinct: every trade of the symbols, in order; who fell out of the tape is told so."""

    def __init__(self, access: Access = UNLIMITED) -> None:
        self.is_open = False
        self.everything = False
        self.updates = 0
        self.symbols: set[str] = set()
        self.place = Place()
        self._access = access

    def resume(self, replica: Replica, symbols: Iterable[str], since: Position) -> bool:
        """Want these symbols too and stand where the reader stands; say whether the tape reaches.

        A reader the tape does not reach gets the newest trades and is told of the gap. An open
        channel goes back for a reader that mends a gap, never ahead and not for a new symbol.
        """
        added = set(symbols) - self.symbols
        is_ahead = self.place.epoch == since.epoch and since.sequence > self.place.sequence
        was_open, self.is_open = self.is_open, True
        self.symbols |= added
        if was_open and (added or is_ahead):
            return False
        self.place.stand_at(since)
        return self.place.is_in(replica) and _reaches(replica, since.sequence)

    def add(self, replica: Replica, symbols: Iterable[str]) -> list[str]:
        """Return everything that was due, then the newest trades of the symbols added."""
        frames = list(chain.from_iterable(iter(lambda: self.take(replica), [])))
        added = set() if self.everything else set(symbols) - self.symbols
        self.is_open = True
        self.symbols |= added
        return frames + self._snapshot(replica, added, has_gap=False)

    def want_everything(self) -> None:
        """Want every symbol, also those that come later."""
        self.everything = True

    def remove(self, symbols: Iterable[str] | None) -> None:
        """Want these symbols no more; None closes the channel."""
        self.symbols.difference_update(list(self.symbols) if symbols is None else symbols)
        self.everything = self.everything and symbols is not None
        self.is_open = self.everything or bool(self.symbols)

    def take(self, replica: Replica) -> list[str]:
        """Return the next frame towards the replica's position; at most TRADE_ENTRIES at once."""
        place = self.place
        if not self.is_open or not place.is_behind(replica):
            return []
        if not place.is_in(replica):
            return self._begin_again(replica)
        try:
            trades = replica.trades_since(place.looked)
        except PositionLost:
            return self._begin_again(replica)
        wanted = self._wanted(replica)
        mine = trades if wanted is None else [t for t in trades if t.symbol in wanted]
        place.looked = replica.sequence
        if not mine:
            return []
        taken = mine[:TRADE_ENTRIES]
        seq = replica.sequence if len(taken) == len(mine) else taken[-1].sequence
        entries, ts = [trade.entry(replica.ts) for trade in taken], replica.ts
        frame = encode_update(Channel.TRADES, entries, since=place.sequence, seq=seq, ts=ts)
        place.stand_at(Position(replica.epoch, seq))
        self.updates += len(taken)
        return [frame]

    def _begin_again(self, replica: Replica) -> list[str]:
        return self._snapshot(replica, self._wanted(replica), has_gap=True)

    def _wanted(self, replica: Replica) -> Collection[str] | None:
        """Return the symbols that are wanted and seen; None is all there are."""
        visible = replica.visible_to(self._access)
        if visible is None:
            return None if self.everything else self.symbols
        return visible if self.everything else visible & self.symbols

    def _snapshot(
        self, replica: Replica, symbols: Collection[str] | None, *, has_gap: bool
    ) -> list[str]:
        self.place.stand_at(replica.position)
        entries = [trade.entry(replica.ts) for trade in replica.recent_trades(symbols)]
        position, ts = self._access.to_reader(replica.position), replica.ts
        epoch, seq = position.marked_epoch, position.sequence
        return encode_snapshot(
            Channel.TRADES, entries, epoch=epoch, seq=seq, ts=ts, has_gap=has_gap
        )


class StatusOutbox:
    """Distinct: every change of a feed or a phase, in order."""

    def __init__(self, access: Access = UNLIMITED) -> None:
        self._access = access
        self.is_open = False
        self.place = Place()

    def open(self, replica: Replica, since: Position | None) -> bool:
        """Want the channel; return whether it goes on from `since`."""
        self.is_open = True
        self.place.stand_at(Position("", NOTHING))
        if since is None or since.epoch != replica.epoch:
            return False
        try:
            replica.statuses_since(since.sequence)
        except PositionLost:
            return False
        self.place.stand_at(since)
        return True

    def close(self) -> None:
        """Want the channel no more."""
        self.is_open = False

    def is_behind(self, replica: Replica) -> bool:
        """Say whether there is something to tell."""
        place = self.place
        return self.is_open and (
            place.looked < replica.status_sequence or place.epoch != replica.epoch
        )

    def take(self, replica: Replica) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        if not self.is_behind(replica):
            return []
        place, since = self.place, self.place.sequence
        is_here = place.epoch == replica.epoch
        seq, ts = replica.sequence, replica.ts
        try:
            if not is_here:
                raise PositionLost("another epoch")
            entries = replica.statuses_since(since, self._access)
        except PositionLost:
            place.stand_at(replica.position)
            entries = replica.all_statuses(self._access)
            epoch = self._access.to_reader(replica.position).marked_epoch
            return encode_snapshot(Channel.STATUS, entries, epoch=epoch, seq=seq, ts=ts)
        if not entries:
            place.looked = seq
            return []
        place.stand_at(replica.position)
        return [encode_update(Channel.STATUS, entries, since=since, seq=seq, ts=ts)]


def _reaches(replica: Replica, sequence: int) -> bool:
    try:
        replica.trades_since(sequence)
    except PositionLost:
        return False
    return True
