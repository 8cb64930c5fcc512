"""What a subscriber still has to receive, channel by channel: a position and nothing more.

Pure. Must not know pace, sockets or rows of the database. Called by subscriber. An outbox holds no
copies: it asks the replica what came after its position, so a slow reader costs no memory and
quotes conflate by themselves, with the count of what was merged.
"""

from collections.abc import Iterable

from dashboard.replica import Replica
from dashboard.wire.frames import encode_snapshot, encode_update
from dashboard.wire.personal import Notice, Personal, encode_notices, encode_watchlist
from dashboard.wire.registry import Channel
from feeds.events import NOTHING, Position
from feeds.exceptions import PositionLost


class TickerOutbox:
    """Merged: the newest fields of each symbol, with the receipt of its ticks."""

    def __init__(self) -> None:
        self.everything = False
        self._ticks_seen: dict[str, int] = {}
        self._position: Position | None = None
        self._looked_at = 0

    @property
    def symbols(self) -> Iterable[str]:
        """Return the symbols that were named; none are when everything is wanted."""
        return self._ticks_seen.keys()

    @property
    def is_open(self) -> bool:
        """Say whether the channel is subscribed."""
        return self._position is not None

    def sequence_in(self, replica: Replica) -> int:
        """Return up to where the reader has everything of this epoch; 0 is nothing of it."""
        position = self._position
        return position.sequence if position and position.epoch == replica.epoch else NOTHING

    def resume(self, replica: Replica, symbols: Iterable[str], since: Position) -> bool:
        """Stand where the reader stands, if nothing was open and the replica reaches that far."""
        if self.is_open or not replica.reaches(since):
            return False
        self._stand_at(since)
        for symbol in symbols:
            self._ticks_seen[symbol] = replica.ticks_at(symbol, since.sequence)
        return True

    def add(self, replica: Replica, symbols: Iterable[str], ts: int) -> list[str]:
        """Return what was due, then the snapshot of the symbols added: one position for all."""
        frames = self.take(replica, ts)
        return frames + self._snapshot(replica, list(symbols), ts)

    def remove(self, symbols: Iterable[str]) -> None:
        """Want these symbols no more; none named closes the channel."""
        named = list(symbols)
        for symbol in named:
            self._ticks_seen.pop(symbol, None)
        if not named:
            self._ticks_seen.clear()
            self.everything = False
        if not self._ticks_seen and not self.everything:
            self._position = None

    def is_behind(self, replica: Replica) -> bool:
        """Say whether the market moved since the last look; maybe not in these symbols."""
        position = self._position
        if position is None:
            return False
        return self._looked_at != replica.sequence or position.epoch != replica.epoch

    def take(self, replica: Replica, ts: int) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        position = self._position
        if position is None:
            return []
        if position.epoch != replica.epoch or position.sequence > replica.sequence:
            wanted = replica.board.known() if self.everything else list(self._ticks_seen)
            self._ticks_seen.clear()
            return self._snapshot(replica, wanted, ts)
        entries = self._entries(replica, position.sequence)
        self._looked_at = replica.sequence
        if not entries:
            return []
        self._stand_at(Position(replica.epoch, replica.sequence))
        since, seq = position.sequence, replica.sequence
        return [encode_update(Channel.TICKER, entries, since=since, seq=seq, ts=ts)]

    def advance(self, replica: Replica) -> None:
        """Stand at the replica's position: the reader is told by a heartbeat."""
        if self.is_open:
            self._stand_at(Position(replica.epoch, replica.sequence))

    def _stand_at(self, position: Position) -> None:
        self._position = position
        self._looked_at = position.sequence

    def _entries(self, replica: Replica, since: int) -> list[str]:
        seen, ticks, entries = self._ticks_seen, replica.board.ticks, []
        for symbol in self._changed(replica):
            entries.append(replica.entry(symbol, since=since, ticks_seen=seen.get(symbol, 0)))
            seen[symbol] = ticks(symbol)
        return entries

    def _changed(self, replica: Replica) -> list[str]:
        changed = replica.changed_since(self._looked_at)
        if self.everything:
            return changed
        seen = self._ticks_seen
        return [symbol for symbol in changed if symbol in seen]

    def _snapshot(self, replica: Replica, symbols: list[str], ts: int) -> list[str]:
        self._stand_at(Position(replica.epoch, replica.sequence))
        for symbol in symbols:
            self._ticks_seen[symbol] = replica.board.ticks(symbol)
        entries = [replica.full_entry(symbol) for symbol in symbols]
        epoch, seq = replica.epoch, replica.sequence
        return encode_snapshot(Channel.TICKER, entries, epoch=epoch, seq=seq, ts=ts)


class StatusOutbox:
    """Distinct: every change of a feed or a phase, in order."""

    def __init__(self) -> None:
        self._position: Position | None = None

    @property
    def is_open(self) -> bool:
        """Say whether the channel is subscribed."""
        return self._position is not None

    def open(self, replica: Replica, since: Position | None) -> bool:
        """Want the channel; return whether it goes on from `since`."""
        self._position = since or Position("", 0)
        if since is None or since.epoch != replica.epoch:
            return False
        try:
            replica.statuses_since(since.sequence)
        except PositionLost:
            self._position = Position("", 0)
            return False
        return True

    def close(self) -> None:
        """Want the channel no more."""
        self._position = None

    def is_behind(self, replica: Replica) -> bool:
        """Say whether there is something to tell."""
        position = self._position
        if position is None:
            return False
        return position.epoch != replica.epoch or position.sequence < replica.status_sequence

    def take(self, replica: Replica, ts: int) -> list[str]:
        """Return the frames that bring the reader to the replica's position."""
        position = self._position
        if position is None or not self.is_behind(replica):
            return []
        self.advance(replica)
        seq = replica.sequence
        try:
            if position.epoch != replica.epoch:
                raise PositionLost("another epoch")
            entries = replica.statuses_since(position.sequence)
        except PositionLost:
            entries = replica.all_statuses()
            return encode_snapshot(Channel.STATUS, entries, epoch=replica.epoch, seq=seq, ts=ts)
        return [encode_update(Channel.STATUS, entries, since=position.sequence, seq=seq, ts=ts)]

    def advance(self, replica: Replica, *, to: int | None = None) -> None:
        """Stand at the replica's position, or at an earlier one that a heartbeat names."""
        if self._position is None:
            return
        sequence = replica.sequence if to is None else max(to, self._position.sequence)
        self._position = Position(replica.epoch, sequence)


class PersonalOutbox:
    """What only this person may see: the whole watchlist, and notifications by id."""

    def __init__(self) -> None:
        self.wants_watchlist = False
        self.wants_notices = False
        self._since: int | None = None
        self.is_hungry = False
        self._offered: Personal | None = None
        self._watchlist: tuple[str, ...] | None = None
        self._told: dict[int, Notice] | None = None
        self._unread = 0

    @property
    def is_open(self) -> bool:
        """Say whether anything personal is wanted."""
        return self.wants_watchlist or self.wants_notices

    @property
    def is_behind(self) -> bool:
        """Say whether there is something to look at."""
        return self._offered is not None

    def open_watchlist(self, known: tuple[str, ...] | None = None) -> None:
        """Want the watchlist, unless it is still the known one."""
        self.wants_watchlist = self.is_hungry = True
        self._watchlist = known

    def open_notices(self, since: int | None) -> None:
        """Want notifications, only those after `since` when it is given."""
        self.wants_notices = self.is_hungry = True
        self._since = since
        self._told = None

    def close_watchlist(self) -> None:
        """Want the watchlist no more."""
        self.wants_watchlist = False

    def close_notices(self) -> None:
        """Want notifications no more."""
        self.wants_notices = False

    def offer(self, personal: Personal) -> None:
        """Take what the rows say now; only the newest matters, for ids tell what was missed."""
        self._offered = personal
        self.is_hungry = False

    def take(self) -> list[str]:
        """Return the frames that tell what changed."""
        personal, self._offered = self._offered, None
        if personal is None:
            return []
        frames = self._take_notices(personal) if self.wants_notices else []
        if self.wants_watchlist and personal.watchlist != self._watchlist:
            self._watchlist = personal.watchlist
            frames.append(encode_watchlist(personal.watchlist))
        return frames

    def _take_notices(self, personal: Personal) -> list[str]:
        newest = personal.notices[0].id if personal.notices else 0
        told, self._told = self._told, {notice.id: notice for notice in personal.notices}
        unread, self._unread = self._unread, personal.unread
        since, self._since = self._since, newest
        if told is None:
            return [self._first_notices(personal, since, newest)]
        changed = tuple(notice for notice in personal.notices if told.get(notice.id) != notice)
        if not changed and unread == personal.unread:
            return []
        return [encode_notices(changed, since=since, seq=newest, unread=personal.unread)]

    def _first_notices(self, personal: Personal, since: int | None, newest: int) -> str:
        """Resume where nothing can have fallen out of sight; what was read since is told too."""
        oldest = personal.notices[-1].id if personal.notices else 0
        if since is None or not oldest <= since <= newest:
            return encode_notices(personal.notices, since=None, seq=newest, unread=personal.unread)
        news = tuple(notice for notice in personal.notices if notice.id > since or notice.read)
        return encode_notices(news, since=since, seq=newest, unread=personal.unread)
