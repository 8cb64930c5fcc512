"""Reads of users' rows: access, rights, watchlists and notifications.

Must not write, nor know sockets.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from django.contrib.auth.models import Permission, User
from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from dashboard.models import Notification, Watchlist
from dashboard.people.access import NO_RIGHTS, UNLIMITED, Access, Rights
from dashboard.wire.personal import Notice, Personal
from feeds.market.delayed_keys import delayed
from feeds.models import Feed, Instrument
from feeds.models.permissions import OPERATE

DEFAULT_WATCHLIST: Final = 20
"""Symbols on the watchlist of a new user: about a screenful."""
NOTICES_SHOWN: Final = 50
PEOPLE_PER_READ: Final = 500
"""SQLite takes 32,766 values in one query; this stays far below."""

SEE_PEOPLE: Final = ("auth.view_user", "auth.change_user")


def rights_of(user: User) -> Rights:
    """Return what a user may see besides the market; no query unless the user is staff."""
    if not (user.is_active and user.is_staff and any(map(user.has_perm, OPERATE))):
        return NO_RIGHTS
    return Rights(operates=True, sees_people=any(map(user.has_perm, SEE_PEOPLE)))


def operators() -> QuerySet[User]:
    """Return the active users who may read the flight deck."""
    names = [name.partition(".")[2] for name in OPERATE]
    permitted = Permission.objects.filter(content_type__app_label="feeds", codename__in=names)
    may_operate = (
        Q(is_superuser=True)
        | Q(user_permissions__in=permitted)
        | Q(groups__permissions__in=permitted)
    )
    return User.objects.filter(may_operate, is_active=True, is_staff=True).distinct()


def access_of(user_ids: Iterable[int]) -> dict[int, Access]:
    """Return which feeds each user may see; of several entitlements the shortest delay counts.

    One query where no feed is restricted, three otherwise.
    """
    ids = list(user_ids)
    restricted = frozenset(Feed.objects.filter(is_restricted=True).values_list("slug", flat=True))
    if not restricted:
        return dict.fromkeys(ids, UNLIMITED)
    users = User.objects.filter(pk__in=ids)
    unlimited = set(users.filter(is_superuser=True).values_list("pk", flat=True))
    granted = users.filter(groups__entitlements__feed__is_restricted=True).values_list(
        "pk", "groups__entitlements__feed__slug"
    )
    soonest: dict[int, set[str]] = defaultdict(set)
    for user_id, feed, minutes in granted.annotate(
        delay=Min("groups__entitlements__delay_minutes")
    ):
        soonest[user_id].add(delayed(feed, minutes))
    limited = {user_id: Access(restricted, frozenset(soonest[user_id])) for user_id in ids}
    return limited | dict.fromkeys(unlimited, UNLIMITED)


def visible_instruments(access: Access) -> QuerySet[Instrument]:
    """Return the instruments of all feeds that an access sees, with a delay or not."""
    hidden = {feed for feed in access.restricted if not access.knows(feed)}
    return Instrument.objects.exclude(feed__slug__in=hidden)


def default_instruments(access: Access) -> list[Instrument]:
    """Return the watchlist of a new user: the first instruments by symbol."""
    return list(visible_instruments(access).order_by("symbol")[:DEFAULT_WATCHLIST])


def personal_of(user_ids: Collection[int]) -> dict[int, Personal]:
    """Return the watchlist and notifications of each user, in four queries per 500 users.

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
    )


def _personal_of_some(ids: list[int]) -> dict[int, Personal]:
    watchlists = _watchlists(ids)
    unread = _unread(ids)
    notices = _notices(ids)
    defaults = _default_watchlists([user_id for user_id in ids if user_id not in watchlists])
    return {
        user_id: Personal(
            watchlist=watchlists[user_id] if user_id in watchlists else defaults[user_id],
            unread=unread.get(user_id, 0),
            notices=tuple(notices[user_id]),
        )
        for user_id in ids
    }


def _default_watchlists(ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    access = access_of(ids)
    # Users share few accesses: one query for each of these, and not for each user.
    symbols = {
        distinct: tuple(instrument.symbol for instrument in default_instruments(distinct))
        for distinct in set(access.values())
    }
    return {user_id: symbols[access[user_id]] for user_id in access}


def _watchlists(ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the ordered symbols of each user with a watchlist; () for an empty list."""
    entries = (
        Watchlist.objects.filter(user__in=ids)
        .order_by("entries__rank", "entries__id")
        .values_list("user_id", "entries__instrument__symbol")
    )
    symbols: dict[int, list[str]] = defaultdict(list)
    for user_id, symbol in entries:
        symbols[user_id] += [] if symbol is None else [symbol]
    return {user_id: tuple(found) for user_id, found in symbols.items()}


def _unread(ids: Iterable[int]) -> dict[int, int]:
    counts = (
        Notification.objects.filter(user__in=ids, read_at=None)
        .order_by()
        .values_list("user_id")
        .annotate(count=Count("pk"))
    )
    return dict(counts)


def _notices(ids: Iterable[int]) -> dict[int, list[Notice]]:
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
