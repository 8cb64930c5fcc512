"""What a subscriber still has to receive of its own rows: the watchlists, and notifications.

Pure. Must not know rows of the database or sockets.
"""

from dashboard.wire.personal import (
    NamedList,
    Notice,
    Personal,
    encode_notices,
    encode_watchlist,
    version_of,
)


class PersonalOutbox:
    """The rows of one person: the watchlists are sent as a whole, notifications by their ids.

    `needs_rows` says that the rows have not been read since a channel was opened. `offered` are the
    rows that `take` has not compared yet.
    """

    __slots__ = (
        *(
            "_known_unread",
            "_sent",
            "_is_lost",
            "_since",
            "_unread",
            "_known_symbols",
            "_known_version",
            "_sent_lists",
            "needs_rows",
            "offered",
        ),
        *("wants_notices", "wants_watchlist"),
    )

    def __init__(self) -> None:
        self.wants_watchlist = False
        self.wants_notices = False
        self._is_lost = False
        self._since: int | None = None
        self._known_unread: int | None = None
        self.needs_rows = False
        self.offered: Personal | None = None
        self._known_symbols: tuple[str, ...] | None = None
        self._known_version: str | None = None
        self._sent_lists: tuple[tuple[str, ...], tuple[NamedList, ...]] | None = None
        self._sent: dict[int, Notice] | None = None
        self._unread = 0

    @property
    def is_open(self) -> bool:
        """Say whether one of the two channels is open."""
        return self.wants_watchlist or self.wants_notices

    def open_watchlist(
        self, symbols: tuple[str, ...] | None = None, version: str | None = None
    ) -> None:
        """Open the watchlists; they are sent unless the reader knows them.

        A reader may name the `version` of all lists that it has, or the `symbols` of the first.
        """
        self.wants_watchlist = self.needs_rows = True
        self._known_symbols, self._known_version = symbols, version
        self._sent_lists = None

    def open_notices(
        self, since: int | None, unread: int | None = None, *, is_lost: bool = False
    ) -> None:
        """Open the notifications; with `since` only those with a greater id are sent.

        A reader that also names its number of `unread` ones gets nothing while both still hold. One
        that had an id which cannot be read (`is_lost`) gets everything, and hears of the gap.
        """
        self.wants_notices = self.needs_rows = True
        self._since, self._is_lost = since, is_lost
        self._known_unread = unread
        self._sent = None

    def close_watchlist(self) -> None:
        """Send the watchlist no longer."""
        self.wants_watchlist = False

    def close_notices(self) -> None:
        """Send notifications no longer."""
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
        if self.wants_watchlist and self._are_news(personal):
            frames.append(encode_watchlist(personal.watchlist, personal.lists))
        self._sent_lists = personal.watchlist, personal.lists
        return frames

    def _are_news(self, personal: Personal) -> bool:
        if self._sent_lists is not None:
            return self._sent_lists != (personal.watchlist, personal.lists)
        if self._known_version is not None:
            return self._known_version != version_of(personal.lists)
        return self._known_symbols != personal.watchlist

    def _take_notices(self, personal: Personal) -> list[str]:
        newest = personal.notices[0].id if personal.notices else 0
        sent, self._sent = self._sent, {notice.id: notice for notice in personal.notices}
        unread, self._unread = self._unread, personal.unread
        since, self._since = self._since, newest
        if sent is None:
            if (since, self._known_unread) == (newest, personal.unread):
                return []
            return [self._first_notices(personal, since, newest)]
        # Only the newest rows are read. If the oldest of them is newer than `since`, some between
        # the two may be missing.
        if since is not None and personal.notices and personal.notices[-1].id > since:
            # A reader who had none (0) misses none.
            return [_all_notices(personal, newest, has_gap=since > 0)]
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
            return _all_notices(personal, newest, has_gap=self._is_lost or bool(since))
        news = tuple(notice for notice in personal.notices if notice.id > since or notice.read)
        return encode_notices(news, since=since, seq=newest, unread=personal.unread)


def _all_notices(personal: Personal, newest: int, *, has_gap: bool) -> str:
    """Return the frame of the newest notifications."""
    return encode_notices(
        personal.notices, since=None, seq=newest, unread=personal.unread, has_gap=has_gap
    )
