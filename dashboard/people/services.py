"""Every change of watchlists and notifications; browsers hear of it on commit.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.exceptions import UnknownSymbol, WatchlistFull
from dashboard.models import Notification, Watchlist, WatchlistEntry
from dashboard.people.selectors import (
    access_of,
    default_instruments,
    operators,
    visible_instruments,
)
from feeds.bus import control
from feeds.models import Feed
from feeds.services.audit import record

WATCHLIST_LIMIT: Final = 200
REPEAT_AFTER: Final = timedelta(minutes=5)
"""The same trouble is told again after this."""
ROWS_PER_INSERT: Final = 500
SYMBOL_SHOWN: Final = 12
"""Characters of an unknown symbol that the error repeats."""


def disconnect(user: User, key: str, *, actor: User, reason: str) -> None:
    """End one connection of a user, or all of them if `key` is empty.

    Their pages do not reconnect by themselves.

    Raises:
        ValidationError: the reason is too long.
    """
    target, after = f"user {user.get_username()}", {"connection": key or "all"}
    with transaction.atomic():
        record("disconnect", target, actor=actor, after=after, reason=reason)
        transaction.on_commit(lambda: control.disconnect(user.pk, key))


def watchlist_of(user: User) -> Watchlist:
    """Return the watchlist of a user; the first use makes it with the default symbols."""
    present = Watchlist.objects.filter(user=user).first()
    return _make_watchlist(user) if present is None else present


def add_to_watchlist(user: User, symbol: str) -> None:
    """Put a symbol at the end of the user's watchlist, unless it is there already.

    Raises:
        UnknownSymbol: no instrument that the user may see has that symbol.
        WatchlistFull: the watchlist has 200 symbols.
    """
    with transaction.atomic():
        access = access_of([user.pk])[user.pk]
        instrument = visible_instruments(access).filter(symbol=symbol).first()
        if instrument is None:
            raise UnknownSymbol(f"no instrument is called {symbol[:SYMBOL_SHOWN]!r}")
        watchlist = Watchlist.objects.select_for_update().get(pk=watchlist_of(user).pk)
        if watchlist.entries.filter(instrument=instrument).exists():
            return
        if watchlist.entries.count() >= WATCHLIST_LIMIT:
            raise WatchlistFull(f"a watchlist holds {WATCHLIST_LIMIT} symbols")
        last = watchlist.entries.aggregate(last=Max("rank"))["last"]
        rank = 0 if last is None else last + 1
        WatchlistEntry.objects.create(watchlist=watchlist, instrument=instrument, rank=rank)
        _poke_on_commit([user.pk])


def remove_from_watchlist(user: User, symbol: str) -> None:
    """Take a symbol off the user's watchlist, if it is there."""
    with transaction.atomic():
        entries = watchlist_of(user).entries.filter(instrument__symbol=symbol)
        if entries.delete()[0]:
            _poke_on_commit([user.pk])


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
        Notification.objects.bulk_create(
            (Notification(user_id=pk, title=title, body=body, level=level) for pk in user_ids),
            batch_size=ROWS_PER_INSERT,
        )
        facts = {"title": title, "body": body, "level": level, "people": len(user_ids)}
        record("send", f"notification to {audience}", actor=actor, after=facts)
        _poke_on_commit(user_ids)
    return len(user_ids)


def prune_notifications(before: datetime) -> Iterator[int]:
    """Delete notifications of before a time; yield how many went after each short transaction."""
    while ids := old_notifications(before)[:ROWS_PER_INSERT]:
        with transaction.atomic():
            gone = Notification.objects.filter(pk__in=ids).delete()[0]
            facts = {"notifications": gone, "before": f"{before:%Y-%m-%d %H:%M}"}
            record("prune", "notifications", actor=None, after=facts)
        yield gone


def old_notifications(before: datetime) -> QuerySet[Notification, int]:
    """Return the keys of the notifications of before a time, the oldest first."""
    rows = Notification.objects.filter(created_at__lt=before).order_by("pk")
    return rows.values_list("pk", flat=True)


def notify_operators(*, title: str, body: str) -> int:
    """Tell all operators of trouble; return how many they are, 0 if they were told just before.

    Several processes may see the same trouble. The lock makes the second one wait for the first.

    Raises:
        ValidationError: title or body is invalid.
    """
    with transaction.atomic():
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
            _poke_on_commit([user.pk])
    return count


def _make_watchlist(user: User) -> Watchlist:
    with transaction.atomic():
        watchlist, is_new = Watchlist.objects.get_or_create(user=user)
        if is_new:  # of two first edits at the same time, only one fills the list
            WatchlistEntry.objects.bulk_create(
                WatchlistEntry(watchlist=watchlist, instrument=instrument, rank=rank)
                for rank, instrument in enumerate(
                    default_instruments(access_of([user.pk])[user.pk])
                )
            )
        return watchlist


def _poke_on_commit(user_ids: list[int]) -> None:
    transaction.on_commit(lambda: control.poke_people(user_ids))
