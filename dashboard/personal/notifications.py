"""Every change of notifications; the browsers of those concerned hear of it on commit.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.models import Notification
from dashboard.people.selectors import operators
from dashboard.personal.poke import poke_on_commit
from dashboard.reaching.queueing import queue_dispatches
from feeds.models import Feed
from feeds.services.audit import record

REPEAT_AFTER: Final = timedelta(minutes=5)
"""The same trouble is sent again after this time."""
ROWS_PER_INSERT: Final = 500


def send_notification(
    *,
    title: str,
    body: str,
    level: str,
    actor: User | None,
    recipients: QuerySet[User],
    audience: str = "people",
) -> int:
    """Send a notification to the active users among the recipients; return how many they are.

    `audience` names them in the audit entry: "everyone", "group traders", "user eve".

    Raises:
        ValidationError: title, body or level is invalid.
    """
    Notification(title=title, body=body, level=level).full_clean(exclude=["user"])
    with transaction.atomic():
        user_ids = list(
            recipients.filter(is_active=True).order_by("pk").distinct().values_list("pk", flat=True)
        )
        made = Notification.objects.bulk_create(
            (Notification(user_id=pk, title=title, body=body, level=level) for pk in user_ids),
            batch_size=ROWS_PER_INSERT,
        )
        queue_dispatches(made)
        facts = {"title": title, "body": body, "level": level, "people": len(user_ids)}
        record("send", f"notification to {audience}", actor=actor, after=facts)
        poke_on_commit(user_ids)
    return len(user_ids)


def prune_notifications(before: datetime) -> Iterator[int]:
    """Delete notifications from before a time; yield how many went after each short transaction."""
    while ids := old_notifications(before)[:ROWS_PER_INSERT]:
        with transaction.atomic():
            counts = Notification.objects.filter(pk__in=ids).delete()[1]
            gone = counts.get(Notification._meta.label, 0)  # their dispatches go with them
            facts = {"notifications": gone, "before": f"{before:%Y-%m-%d %H:%M}"}
            record("prune", "notifications", actor=None, after=facts)
        yield gone


def old_notifications(before: datetime) -> QuerySet[Notification, int]:
    """Return the keys of the notifications from before a time, the oldest first."""
    rows = Notification.objects.filter(created_at__lt=before).order_by("pk")
    return rows.values_list("pk", flat=True)


def notify_operators(*, title: str, body: str) -> int:
    """Tell all operators of trouble; return how many they are, 0 if they got the same one just
    before.

    Several processes may see the same trouble. The lock makes the second one wait for the first.

    Raises:
        ValidationError: title or body is invalid.
    """
    with transaction.atomic():
        # Any one row will do: the lock only puts the processes in order.
        Feed.objects.select_for_update().order_by("pk").first()
        recent = timezone.now() - REPEAT_AFTER
        if Notification.objects.filter(title=title, created_at__gte=recent).exists():
            return 0
        return send_notification(
            title=title,
            body=body,
            level=Notification.Level.CRITICAL,
            actor=None,
            recipients=operators(),
            audience="operators",
        )


def mark_notifications_read(user: User, ids: list[int] | None) -> int:
    """Mark these notifications as read (None is all); return how many were unread."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    with transaction.atomic():
        count = unread.update(read_at=Now())
        if count:
            poke_on_commit([user.pk])
    return count
