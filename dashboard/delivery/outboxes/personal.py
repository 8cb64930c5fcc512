"""What a subscriber still has to receive of its own rows: the watchlist, and notifications.

Pure. Must not know rows of the database or sockets.
"""

from dashboard.wire.personal import Notice, Personal, encode_notices, encode_watchlist


class PersonalOutbox:
    """The rows of one person: the watchlist is sent as a whole, notifications by their ids.

    `needs_rows` says that the rows have not been read since a channel was opened. `offered` are the
    rows that `take` has not compared yet.
    """

    def __init__(self) -> None:
        self.wants_watchlist = False
        self.wants_notices = False
        self._since: int | None = None
        self._known_unread: int | None = None
        self.needs_rows = False
        self.offered: Personal | None = None
        self._watchlist: tuple[str, ...] | None = None
        self._sent: dict[int, Notice] | None = None
        self._unread = 0

    @property
    def is_open(self) -> bool:
        """Say whether one of the two channels is open."""
        return self.wants_watchlist or self.wants_notices

    def open_watchlist(self, known: tuple[str, ...] | None = None) -> None:
        """Open the watchlist; it is sent unless it equals the one that the reader knows."""
        self.wants_watchlist = self.needs_rows = True
        self._watchlist = known

    def open_notices(self, since: int | None, unread: int | None = None) -> None:
        """Open the notifications; with `since` only those with a greater id are sent.

        A reader that also names its number of `unread` ones gets nothing while both still hold.
        """
        self.wants_notices = self.needs_rows = True
        self._since = since
        self._known_unread = unread
        self._sent = None

    def close_watchlist(self) -> None:
        """Close the watchlist."""
        self.wants_watchlist = False

    def close_notices(self) -> None:
        """Close the notifications."""
        self.wants_notices = False

    def offer(self, personal: Personal) -> None:
        """Take the rows as they are now. Only the newest count: ids tell what was missed."""
        self.offered = personal
        self.needs_rows = False

    def take(self) -> list[str]:
        """Return frames with what changed since the last call."""
        personal, self.offered = self.offered, None
        if personal is None:
            return []
        frames = self._take_notices(personal) if self.wants_notices else []
        if self.wants_watchlist and personal.watchlist != self._watchlist:
            self._watchlist = personal.watchlist
            frames.append(encode_watchlist(personal.watchlist))
        return frames

    def _take_notices(self, personal: Personal) -> list[str]:
        newest = personal.notices[0].id if personal.notices else 0
        sent, self._sent = self._sent, {notice.id: notice for notice in personal.notices}
        unread, self._unread = self._unread, personal.unread
        since, self._since = self._since, newest
        if sent is None:
            if (since, self._known_unread) == (newest, personal.unread):
                return []
            return [self._first_notices(personal, since, newest)]
        if since is not None and personal.notices and personal.notices[-1].id > since:
            return [self._first_notices(personal, None, newest)]
        changed = tuple(notice for notice in personal.notices if sent.get(notice.id) != notice)
        if not changed and unread == personal.unread:
            return []
        return [encode_notices(changed, since=since, seq=newest, unread=personal.unread)]

    def _first_notices(self, personal: Personal, since: int | None, newest: int) -> str:
        """Return the first frame: what came after `since`, or everything if that may have a gap.

        Notifications that were read meanwhile are sent again, as their state has changed.
        """
        oldest = personal.notices[-1].id if personal.notices else 0
        if since is None or not oldest <= since <= newest:
            return encode_notices(personal.notices, since=None, seq=newest, unread=personal.unread)
        news = tuple(notice for notice in personal.notices if notice.id > since or notice.read)
        return encode_notices(news, since=since, seq=newest, unread=personal.unread)
