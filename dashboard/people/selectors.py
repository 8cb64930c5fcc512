"""Reads of users' rows: access and rights.

Must not write, nor know sockets.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import Permission, User
from django.db.models import Min, Q, QuerySet

from dashboard.people.access import NO_RIGHTS, UNLIMITED, Access, Rights
from feeds.market.delayed_keys import delayed
from feeds.models import Feed, Instrument
from feeds.models.permissions import OPERATE

SEE_PEOPLE: Final = ("auth.view_user", "auth.change_user")


def rights_of(user: User) -> Rights:
    """Return what a user may see besides the market; no query unless the user is staff."""
    if not (user.is_active and user.is_staff):
        return NO_RIGHTS
    if not any(map(user.has_perm, OPERATE)):
        return Rights(is_staff=True)
    sees_people = any(map(user.has_perm, SEE_PEOPLE))
    return Rights(operates=True, sees_people=sees_people, is_staff=True)


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
