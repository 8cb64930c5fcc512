"""What a subscriber still has to hear of its own rows: the watchlist, and notifications by id.

Pure. Must not know rows of the database or sockets.
"""

from dashboard.wire.personal import Notice, Personal, encode_notices, encode_watchlist


class PersonalOutbox:
    """What only this person may see: the whole watchlist, and notifications by id."""

    def __init__(self) -> None:
        self.wants_watchlist = False
        self.wants_notices = False
        self._since: int | None = None
        self._known_unread: int | None = None
        self.is_hungry = False
        self._offered: Personal | None = None
        self._watchlist: tuple[str, ...] | None = None
        self._sent: dict[int, Notice] | None = None
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

    def open_notices(self, since: int | None, unread: int | None = None) -> None:
        """Want notifications, only those after `since` when it is given.

        A reader that names how many are `unread` is told nothing while both are as it knows them.
        """
        self.wants_notices = self.is_hungry = True
        self._since = since
        self._known_unread = unread
        self._sent = None

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
        """Resume where nothing can have fallen out of sight; what was read since is told too."""
        oldest = personal.notices[-1].id if personal.notices else 0
        if since is None or not oldest <= since <= newest:
            return encode_notices(personal.notices, since=None, seq=newest, unread=personal.unread)
        news = tuple(notice for notice in personal.notices if notice.id > since or notice.read)
        return encode_notices(news, since=since, seq=newest, unread=personal.unread)
