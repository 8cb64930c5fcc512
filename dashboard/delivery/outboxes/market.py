"""What a subscriber still has to receive of prices, trades and status.

Pure. Must not know pace, sockets or rows of the database. An outbox keeps no events. It keeps the
position of its reader, and asks the replica what came after that. So a slow reader costs next to no
memory, and of several quotes only the newest is sent. Of a reader that is far behind the outbox of
prices also keeps how many ticks each symbol had, because the replica forgets that.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from math import inf
from operator import attrgetter

from dashboard.delivery.market_view import MarketView, view_of
from dashboard.delivery.outboxes.place import NO_POSITION, Place
from dashboard.delivery.replica import Replica
from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import (
    ALL_FIELDS,
    Fields,
    TapedTrade,
    TapeEntry,
    TradeText,
    encode_snapshot,
    encode_update,
)
from dashboard.wire.registry import TRADE_ENTRIES, Channel
from feeds.exceptions import PositionLost
from feeds.market.events import NOTHING, Position


class TickerOutbox:
    """Merged: the newest fields of each symbol, with the number of its ticks as a receipt.

    Symbols are keys, here and below: a reader with a delay has those of the delayed twins.
    """

    __slots__ = (
        *("__weakref__", "_access", "_ticks_seen", "counted_by", "everything", "fields", "is_open"),
        *("merged", "place", "symbols", "updates", "view"),
    )

    def __init__(self, access: Access = UNLIMITED) -> None:
        self.is_open = False
        self.everything = False
        self.updates = self.merged = 0
        self.fields: Fields = ALL_FIELDS
        self.place = Place()
        self.symbols: tuple[str, ...] = ()
        self._access = access
        self.counted_by: Replica | None = None
        self._ticks_seen: dict[str, int] | None = None
        self.view: MarketView = view_of(())

    def resume(self, replica: Replica, symbols: Iterable[str], since: Position) -> bool:
        """Open the channel at a reader's position; return False if that is not possible.

        It is not if the channel is open, or if the replica no longer counts ticks that far back.
        """
        if self.is_open or not replica.reaches(since):
            return False
        self._open_at(replica, since, symbols)
        return True

    def add(self, replica: Replica, symbols: Iterable[str], *, has_gap: bool = False) -> list[str]:
        """Add symbols; return what was due, then their snapshot, so that all have one position."""
        frames = self.take(replica)
        return frames + self._snapshot(replica, list(symbols), has_gap=has_gap)

    def want_everything(self) -> None:
        """Subscribe to every symbol, also to those that are listed later."""
        self.everything = True
        self._look_at_symbols()

    def behind(self, replica: Replica) -> int:
        """Return how many ticks of the subscribed symbols the reader does not have yet."""
        looked, seen = self.place.looked, self._ticks_seen
        if not (self.is_open and self.place.is_in(replica)):
            return 0
        changed, ticks = replica.changed_since(looked, self.view), replica.board.ticks
        if seen is not None:
            return sum(max(0, ticks(symbol) - seen.get(symbol, 0)) for symbol in changed)
        if not replica.counts_since(looked):
            return 0
        return sum(ticks(symbol) - replica.ticks_at(symbol, looked) for symbol in changed)

    def remove(self, symbols: Iterable[str] | None) -> None:
        """Unsubscribe from these symbols; None closes the channel."""
        gone = frozenset(self.symbols if symbols is None else symbols)
        self.symbols = tuple(symbol for symbol in self.symbols if symbol not in gone)
        self.everything = self.everything and symbols is not None
        self.is_open = self.everything or bool(self.symbols)
        self._look_at_symbols()

    def take(self, replica: Replica) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        place = self.place
        if not self.is_open or not place.is_behind(replica):
            return []
        if not place.is_in(replica) or not self._is_counted(replica):
            return self._begin_again(replica)
        frame = self._update(replica)
        place.looked = replica.sequence
        if not frame:
            return []
        place.sequence = replica.sequence
        return [frame]

    def keep_counts(self, floor: float) -> None:
        """Note the ticks of each symbol at this position: soon nobody can count from it.

        Of a position that is ahead of the replica they are not known yet.
        """
        replica, looked = self.counted_by, self.place.looked
        if replica is None or looked >= floor:
            return
        self.counted_by = None
        if not self.place.is_ahead_of(replica):
            symbols = replica.board.known() if self.everything else self.symbols
            self._ticks_seen = {symbol: replica.ticks_at(symbol, looked) for symbol in symbols}

    def _is_counted(self, replica: Replica) -> bool:
        """Say whether the ticks after this position can be counted, by this replica if it can."""
        if self.counted_by is not replica:
            self.keep_counts(inf)
        if self.counted_by is None and self._ticks_seen is None:
            if not replica.counts_since(self.place.looked):
                return False
            self._let_count(replica)
        return True

    def _update(self, replica: Replica) -> str:
        place = self.place
        # The usual way: a frame that all readers of this view and position share.
        if self.counted_by is not replica:
            return self._own_update(replica)
        frame, count, merged = replica.update(self.view, place.sequence, place.looked)
        self.updates += count
        self.merged += merged
        return frame

    def _own_update(self, replica: Replica) -> str:
        """Encode for this reader alone, with its own tick counts.

        The shared counts do not reach back to its position, but the outbox has noted the count of
        each symbol there.
        """
        place, seen, entries = self.place, self._ticks_seen or {}, []
        for symbol in replica.changed_since(place.looked, self.view):
            ticks = replica.board.ticks(symbol)
            merged = ticks - seen.get(symbol, 0)
            self.merged += merged
            entries.append(
                replica.entry(symbol, since=place.looked, fields=self.fields, ticks=merged)
            )
        self._let_count(replica)
        if not entries:
            return ""
        self.updates += len(entries)
        ts, seq = replica.ts, replica.sequence
        return encode_update(Channel.TICKER, entries, since=place.sequence, seq=seq, ts=ts)

    def _begin_again(self, replica: Replica) -> list[str]:
        wanted = replica.board.known() if self.everything else self.symbols
        visible = replica.visible_to(self._access)
        # `_open_at` adds to the symbols. Those that may not be seen any more must not stay.
        self.symbols = ()
        return self._snapshot(replica, [s for s in wanted if visible is None or s in visible])

    def _snapshot(
        self, replica: Replica, symbols: list[str], *, has_gap: bool = False
    ) -> list[str]:
        self._open_at(replica, replica.position, symbols)
        entries = [replica.full_entry(symbol, self.fields) for symbol in symbols]
        position, ts = self._access.to_reader(replica.position), replica.ts
        epoch, seq = position.marked_epoch, position.sequence
        return encode_snapshot(
            Channel.TICKER, entries, epoch=epoch, seq=seq, ts=ts, has_gap=has_gap
        )

    def _open_at(self, replica: Replica, position: Position, symbols: Iterable[str]) -> None:
        self.is_open = True
        self.symbols = tuple(dict.fromkeys((*self.symbols, *symbols)))
        self.place.stand_at(position)
        self._let_count(replica)
        self._look_at_symbols()

    def _let_count(self, replica: Replica) -> None:
        self._ticks_seen = None
        self.counted_by = replica
        replica.count_for(self)

    def _look_at_symbols(self) -> None:
        symbols = None if self.everything else self.symbols
        self.view = view_of(symbols, self.fields, self._access)


class TradesOutbox:
    """Distinct: every trade of the symbols, in order. A reader off the tape learns of the gap.

    With `corrections` the reader also gets corrections of earlier trades.
    """

    __slots__ = (
        *("_access", "corrections", "everything", "is_open", "place", "symbols", "updates"),
    )

    def __init__(self, access: Access = UNLIMITED) -> None:
        self.is_open = False
        self.everything = False
        self.corrections = False
        self.updates = 0
        self.symbols: set[str] = set()
        self.place = Place()
        self._access = access

    def resume(self, replica: Replica, symbols: Iterable[str], since: Position) -> bool:
        """Add symbols and stand at the reader's position; say whether the tape reaches back to it.

        If it does not, `take` returns the newest trades and names the gap. In an open channel a
        reader may go back, to mend a gap. It may not go ahead, nor add a symbol this way, unless it
        stands where the channel does: else `add_lost` names the gap.
        """
        is_added = self.is_open and self.adds(symbols, since)
        is_impossible = since.epoch == replica.epoch and not replica.has_or_awaits(since)
        is_ahead = self.place.epoch == since.epoch and since.sequence > self.place.sequence
        was_open, self.is_open = self.is_open, True
        self.symbols |= set(symbols)
        if was_open and (is_added or (is_ahead and not is_impossible)):
            return False
        self.place.stand_at(NO_POSITION if is_impossible else since)
        return self.place.is_in(replica) and _reaches(replica, since.sequence)

    def adds(self, symbols: Iterable[str], since: Position) -> bool:
        """Say whether symbols are new to the channel and to be added from another place."""
        is_here = since == Position(self.place.epoch, self.place.sequence)
        return not is_here and not self.everything and not self.symbols.issuperset(symbols)

    def add_lost(self, replica: Replica, symbols: Iterable[str]) -> list[str]:
        """Add symbols; return everything that was due, then the newest trades, with a gap."""
        frames = self._due(replica)
        self.symbols |= set(symbols)
        return frames + self._snapshot(replica, self._wanted(replica), has_gap=True)

    def add(self, replica: Replica, symbols: Iterable[str]) -> list[str]:
        """Add symbols; return everything that was due, then the newest trades of those added."""
        frames = self._due(replica)
        added = set() if self.everything else set(symbols) - self.symbols
        self.is_open = True
        self.symbols |= added
        return frames + self._snapshot(replica, added, has_gap=False)

    def want_everything(self) -> None:
        """Subscribe to every symbol, also to those that are listed later."""
        self.everything = True

    def remove(self, symbols: Iterable[str] | None) -> None:
        """Unsubscribe from these symbols; None closes the channel."""
        self.symbols.difference_update(list(self.symbols) if symbols is None else symbols)
        self.everything = self.everything and symbols is not None
        self.is_open = self.everything or bool(self.symbols)
        self.corrections = self.corrections and self.is_open

    def take(self, replica: Replica) -> list[str]:
        """Return the next frames towards the replica's position; at most TRADE_ENTRIES at once."""
        if not self.is_open or not self.place.is_behind(replica):
            return []
        return self._take_rest(replica.former) or self._take_new(replica)

    def _take_rest(self, former: Replica | None) -> list[str]:
        """Return what a reader that stands in the epoch before this one still has to get of it."""
        if former is None or not self.place.is_in(former):
            return []
        try:
            return self._take_from(former)
        except PositionLost:
            return []

    def _take_new(self, replica: Replica) -> list[str]:
        if not self.place.is_in(replica):
            return self._begin_again(replica)
        try:
            return self._take_from(replica)
        except PositionLost:
            return self._begin_again(replica)

    def _take_from(self, replica: Replica) -> list[str]:
        """Return the next frame of the epoch that the reader stands in.

        Raises:
            PositionLost: the tape does not reach back to the reader.
        """
        place = self.place
        trades = self._since(replica, place.looked)
        wanted = self._wanted(replica)
        mine = trades if wanted is None else [t for t in trades if t.symbol in wanted]
        # A reader may know more of a former epoch than this process heard.
        place.looked = max(place.looked, replica.sequence)
        if not mine:
            return []
        taken = mine[:TRADE_ENTRIES]
        # A frame that is cut short ends at its last trade, so that the next frame goes on there.
        seq = replica.sequence if len(taken) == len(mine) else taken[-1].sequence
        entries, ts = [trade.entry(replica.ts) for trade in taken], replica.ts
        frame = encode_update(Channel.TRADES, entries, since=place.sequence, seq=seq, ts=ts)
        place.stand_at(Position(replica.epoch, seq))
        self.updates += len(taken)
        return [frame]

    def _due(self, replica: Replica) -> list[str]:
        # `take` returns only so many at once, but all that is due must precede the snapshot.
        return list(chain.from_iterable(iter(lambda: self.take(replica), [])))

    def behind(self, replica: Replica) -> int:
        """Return how many trades of the symbols the reader does not have yet, as far as known."""
        if not self.is_open or not self.place.is_in(replica):
            return 0
        wanted = self._wanted(replica)
        try:
            trades = replica.trades_since(self.place.looked)
        except PositionLost:
            trades = replica.recent_trades(wanted, TRADE_ENTRIES)
        return sum(wanted is None or trade.symbol in wanted for trade in trades)

    def _since(self, replica: Replica, sequence: int) -> Sequence[TapeEntry]:
        trades = replica.trades_since(sequence)
        if not self.corrections:
            return trades
        return with_corrections(trades, replica.corrections_since(sequence))

    def _begin_again(self, replica: Replica) -> list[str]:
        """Name the gap; go on with all trades of a new epoch, or else with the newest ones."""
        # A place without an epoch comes from other rights or from junk, not from an earlier epoch.
        if self.place.epoch not in ("", replica.epoch) and replica.has_first_trade:
            begin = Position(replica.epoch, NOTHING)
            named = self._snapshot_at(begin, [], replica.ts, has_gap=True)
            return named + self.take(replica)
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
        trades = replica.recent_trades(symbols)
        recent: Sequence[TapeEntry] = trades
        if self.corrections and trades:
            corrections = replica.recent_corrections(symbols, trades[0].sequence)
            recent = with_corrections(trades, corrections)
        entries = [entry.entry(replica.ts) for entry in recent]
        return self._snapshot_at(replica.position, entries, replica.ts, has_gap=has_gap)

    def _snapshot_at(
        self, position: Position, entries: list[str], ts: int, *, has_gap: bool
    ) -> list[str]:
        self.place.stand_at(position)
        seen = self._access.to_reader(position)
        return encode_snapshot(
            Channel.TRADES, entries,
            epoch=seen.marked_epoch, seq=seen.sequence, ts=ts, has_gap=has_gap,
        )  # fmt: skip


class StatusOutbox:
    """Distinct: every change of a feed or a phase, in order.

    The snapshot for a reader whose position is lost names the gap.
    """

    __slots__ = ("_access", "_is_lost", "is_open", "place")

    def __init__(self, access: Access = UNLIMITED) -> None:
        self._access = access
        self._is_lost = False
        self.is_open = False
        self.place = Place()

    def open(self, replica: Replica, since: Position | None) -> bool:
        """Open the channel; say whether it resumes at `since`."""
        self.is_open = True
        self._is_lost = since is not None
        self.place.stand_at(NO_POSITION)
        if since is None or not replica.has_or_awaits(since):
            return False
        try:
            replica.statuses_since(since.sequence)
        except PositionLost:
            return False
        self.place.stand_at(since)
        self._is_lost = False
        return True

    def close(self) -> None:
        """Close the channel."""
        self.is_open = False

    def is_behind(self, replica: Replica) -> bool:
        """Say whether a status entry is due."""
        # Compared with the last status entry: ticks alone make nothing due in this channel.
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
            has_gap, self._is_lost = self._is_lost, False
            return encode_snapshot(
                Channel.STATUS, entries, epoch=epoch, seq=seq, ts=ts, has_gap=has_gap
            )
        if not entries:
            place.looked = seq
            return []
        place.stand_at(replica.position)
        return [encode_update(Channel.STATUS, entries, since=since, seq=seq, ts=ts)]


def with_corrections(
    trades: Sequence[TapedTrade], corrections: Sequence[TradeText]
) -> Sequence[TapeEntry]:
    """Return both in the order of the tape."""
    if not corrections:
        return trades
    return sorted([*trades, *corrections], key=attrgetter("sequence"))


def _reaches(replica: Replica, sequence: int) -> bool:
    try:
        replica.trades_since(sequence)
    except PositionLost:
        return False
    return True
