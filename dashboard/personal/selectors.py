"""Reads of the rows that belong to one person: watchlists and notifications.

Must not write, nor know sockets.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from dashboard.models import Notification, Watchlist
from dashboard.people.access import Access
from dashboard.people.selectors import access_of, visible_instruments
from dashboard.wire.personal import NamedList, Notice, Personal, Section
from feeds.models import Instrument

FIRST_NAME: Final = "Watchlist"
"""How the list of a new user is called."""
DEFAULT_WATCHLIST: Final = 20
"""Symbols on the watchlist of a new user: about a screenful."""
NOTICES_SHOWN: Final = 50
PEOPLE_PER_READ: Final = 500
"""SQLite takes 32,766 values in one query; this stays far below."""


def default_instruments(access: Access) -> list[Instrument]:
    """Return the watchlist of a new user: the first instruments by symbol."""
    return list(visible_instruments(access).order_by("symbol")[:DEFAULT_WATCHLIST])


def personal_of(user_ids: Collection[int]) -> dict[int, Personal]:
    """Return the watchlists and notifications of each user, in four queries per 500 users.

    A user who has no watchlist yet gets the default one.
    """
    ids = list(user_ids)
    personal: dict[int, Personal] = {}
    for start in range(0, len(ids), PEOPLE_PER_READ):
        personal |= _personal_of_some(ids[start : start + PEOPLE_PER_READ])
    return personal


def notice_of(row: Notification) -> Notice:
    """Return a notification as its user sees it."""
    return Notice(
        id=row.pk,
        title=row.title,
        body=row.body,
        level=row.level,
        t=int(row.created_at.timestamp() * 1000),
        read=row.read_at is not None,
        symbol=row.symbol,
    )


def _personal_of_some(ids: list[int]) -> dict[int, Personal]:
    watchlists = _watchlists(ids)
    unread = _unread(ids)
    notices = _notices(ids)
    defaults = _default_watchlists([user_id for user_id in ids if user_id not in watchlists])
    return {
        user_id: Personal(
            watchlist=lists[0].symbols,
            unread=unread.get(user_id, 0),
            notices=tuple(notices[user_id]),
            lists=lists,
        )
        for user_id in ids
        for lists in [watchlists.get(user_id) or (NamedList(0, FIRST_NAME, defaults[user_id]),)]
    }


def _default_watchlists(ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    access = access_of(ids)
    # Users share few accesses: one query for each of these, and not for each user.
    symbols = {
        distinct: tuple(instrument.symbol for instrument in default_instruments(distinct))
        for distinct in set(access.values())
    }
    return {user_id: symbols[access[user_id]] for user_id in access}


def _watchlists(ids: Iterable[int]) -> dict[int, tuple[NamedList, ...]]:
    """Return the lists of each user who has one, in order."""
    lines: dict[int, list[tuple[str | None, str | None]]] = defaultdict(list)
    joined = Watchlist.objects.filter(user__in=ids).order_by("rank", "id", "entries__rank")
    named = joined.annotate(symbol=F("entries__instrument__symbol"), title=F("entries__section"))
    rows = {row.pk: row for row in named}
    for row in named:
        lines[row.pk].append((row.symbol, row.title))
    lists: dict[int, tuple[NamedList, ...]] = {}
    for pk, row in rows.items():
        lists[row.user_id] = (*lists.get(row.user_id, ()), _named_list(row, lines[pk]))
    return lists


def _named_list(row: Watchlist, lines: Iterable[tuple[str | None, str | None]]) -> NamedList:
    symbols: list[str] = []
    sections: list[Section] = []
    for symbol, title in lines:
        if symbol is not None:
            symbols.append(symbol)
        elif title:  # a list without lines comes as one that has neither
            sections.append(Section(len(symbols), title))
    return NamedList(
        id=row.pk,
        name=row.name,
        symbols=tuple(symbols),
        sections=tuple(sections),
        share=row.share_key or "",
    )


def shared_list(key: str, user_id: int) -> NamedList | None:
    """Return the list that a link with this key shows to a user, None if no list has it.

    It has no symbol that this user may not see.
    """
    row = Watchlist.objects.filter(share_key=key).first()
    if row is None:
        return None
    seen = visible_instruments(access_of([user_id])[user_id])
    lines = row.entries.filter(Q(instrument__isnull=True) | Q(instrument__in=seen))
    return _named_list(row, lines.values_list("instrument__symbol", "section"))


def _unread(ids: Iterable[int]) -> dict[int, int]:
    counts = (
        Notification.objects.filter(user__in=ids, read_at=None)
        .order_by()
        .values_list("user_id")
        .annotate(count=Count("pk"))
    )
    return dict(counts)


def _notices(ids: Iterable[int]) -> dict[int, list[Notice]]:
    # The newest of each user in one query: a limit would count over all of them.
    place = Window(RowNumber(), partition_by=F("user"), order_by=F("id").desc())
    rows = (
        Notification.objects.filter(user__in=ids)
        .annotate(place=place)
        .filter(place__lte=NOTICES_SHOWN)
        .order_by("-id")
    )
    notices: dict[int, list[Notice]] = defaultdict(list)
    for row in rows:
        notices[row.user_id].append(notice_of(row))
    return notices
