"""Writes the dispatches of notifications, in the transaction that makes the notifications.

A writer of rows. Must not know who sends. A destination that is not active gets none.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from django.db.models import Count, F, Q

from dashboard.models import (
    Destination,
    DestinationKind,
    DestinationState,
    Dispatch,
    DispatchState,
    Notification,
)
from dashboard.reaching.own_mail import can_mail

MOST_WAITING: Final = 500
"""Dispatches of one destination that may wait. More are counted as missed and not sent: somebody
whose receiver was away for hours does not want thousands of them."""
PEOPLE_PER_READ: Final = 500


def queue_dispatches(notifications: Sequence[Notification]) -> None:
    """Send new notifications to the active destinations of their people."""
    for start in range(0, len(notifications), PEOPLE_PER_READ):
        _queue(notifications[start : start + PEOPLE_PER_READ])


def _queue(notifications: Sequence[Notification]) -> None:
    of_user: dict[int, list[Notification]] = defaultdict(list)
    for row in notifications:
        of_user[row.user_id].append(row)
    rows: list[Dispatch] = []
    for destination, waiting in _active_of(of_user.keys()):
        news = [row for row in of_user[destination.user_id] if _is_wanted(destination, row)]
        room = max(0, MOST_WAITING - waiting)
        rows += [Dispatch(destination=destination, notification=row) for row in news[:room]]
        if len(news) > room:
            _count_missed(destination, len(news) - room)
    if rows:
        Dispatch.objects.bulk_create(rows)


def _is_wanted(destination: Destination, row: Notification) -> bool:
    return not destination.only_warnings or row.level != Notification.Level.INFO


def _active_of(user_ids: Collection[int]) -> list[tuple[Destination, int]]:
    """Return the active destinations of people, and how many dispatches wait for each."""
    waits = Q(dispatches__state=DispatchState.WAITING)
    active = Destination.objects.filter(user_id__in=user_ids, state=DestinationState.ACTIVE)
    if not can_mail():
        active = active.exclude(kind=DestinationKind.EMAIL)
    counted = active.annotate(waiting=Count("dispatches", filter=waits))
    return [(row, row.waiting) for row in counted]


def _count_missed(destination: Destination, count: int) -> None:
    Destination.objects.filter(pk=destination.pk).update(missed=F("missed") + count)
