"""Every change of watchlists and notifications; browsers hear of it on commit.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
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
from feeds.models import Feed, Instrument
from feeds.services.audit import record

WATCHLIST_LIMIT: Final = 200
REPEAT_AFTER: Final = timedelta(minutes=5)
"""The same trouble is told again after this."""
ROWS_PER_INSERT: Final = 500
SYMBOL_SHOWN: Final = 12
"""Characters of an unknown symbol that the error repeats."""
NAMES_SHOWN: Final = 5
"""Unknown symbols that a text names; of the others it gives the number."""


@dataclass(frozen=True)
class Addition:
    """What became of the symbols that somebody wanted to add."""

    added: tuple[str, ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]
    """Those for which the list had no room."""

    def text(self) -> str:
        """Say what was not added and why, "" if everything was."""
        room = f"A watchlist holds {WATCHLIST_LIMIT} symbols: {len(self.left_out)} did not fit."
        parts = [room if self.left_out else "", _unknown_text(self.unknown) if self.unknown else ""]
        rest = " ".join(part[0].upper() + part[1:] for part in parts if part)
        return f"Added {len(self.added)}. {rest}" if rest else ""


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


def add_to_watchlist(user: User, *symbols: str, place: int | None = None) -> Addition:
    """Put symbols into the user's watchlist, in their order, but for those that are there already.

    `place` is how many symbols stand before them, None puts them at the end. Where some can be
    added and others not, the answer says so.

    Raises:
        UnknownSymbol: no instrument that the user may see has any of these symbols.
        WatchlistFull: there are new symbols, and no room for any.
    """
    with transaction.atomic():
        known = _known(user, symbols)
        unknown = tuple(symbol for symbol in dict.fromkeys(symbols) if symbol not in known)
        if not known:
            raise UnknownSymbol(_unknown_text(unknown))
        watchlist = Watchlist.objects.select_for_update().get(pk=watchlist_of(user).pk)
        listed = set(watchlist.entries.values_list("instrument_id", flat=True))
        new = [instrument for instrument in known.values() if instrument.pk not in listed]
        room = max(0, WATCHLIST_LIMIT - len(listed))
        if new and not room:
            raise WatchlistFull(f"a watchlist holds {WATCHLIST_LIMIT} symbols")
        if new:
            _insert(watchlist, new[:room], place)
            _poke_on_commit([user.pk])
        return Addition(_symbols(new[:room]), unknown, _symbols(new[room:]))


def _known(user: User, symbols: Sequence[str]) -> dict[str, Instrument]:
    """Return the instruments that the user may see, in the order of the symbols."""
    seen = visible_instruments(access_of([user.pk])[user.pk])
    found = {instrument.symbol: instrument for instrument in seen.filter(symbol__in=set(symbols))}
    return {symbol: found[symbol] for symbol in dict.fromkeys(symbols) if symbol in found}


def _insert(watchlist: Watchlist, instruments: Sequence[Instrument], place: int | None) -> None:
    ranks = list(watchlist.entries.values_list("rank", flat=True))
    if place is None or place >= len(ranks):
        first = max(ranks, default=-1) + 1
    else:
        first = ranks[place]
        later = watchlist.entries.filter(rank__gte=first)
        later.update(rank=F("rank") + len(instruments))
    WatchlistEntry.objects.bulk_create(
        WatchlistEntry(watchlist=watchlist, instrument=instrument, rank=rank)
        for rank, instrument in enumerate(instruments, first)
    )


def _symbols(instruments: Sequence[Instrument]) -> tuple[str, ...]:
    return tuple(instrument.symbol for instrument in instruments)


def _unknown_text(symbols: Sequence[str]) -> str:
    names = ", ".join(repr(symbol[:SYMBOL_SHOWN]) for symbol in symbols[:NAMES_SHOWN])
    more = len(symbols) - NAMES_SHOWN
    return f"no instrument is called {names}" + (f", and {more} more" if more > 0 else "")


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
