"""Claims dispatches that are due, and writes what became of them.

A writer of rows. Must not know connections. Several processes may claim: rows decide who sends. A
claim ends after LEASE, so what a process had in hand when it died is sent by another one.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from dashboard.models import (
    Destination,
    DestinationKind,
    DestinationState,
    Dispatch,
    DispatchState,
    Notification,
)
from dashboard.people.selectors import access_of, visible_instruments
from dashboard.reaching.destinations import give_up_waiting
from dashboard.reaching.devices import is_signed_in
from dashboard.reaching.messages import (
    mail_id,
    mail_subject,
    mail_text,
    message_id,
    push_body,
    webhook_body,
)
from dashboard.reaching.own_mail import why_no_mail
from dashboard.reaching.queueing import queue_dispatches
from dashboard.reaching.retries import wait_s
from feeds.bus import control

LEASE: Final = timedelta(seconds=60)
"""Longer than any attempt takes."""
PACE: Final = timedelta(seconds=1)
"""A destination gets no more than one message in this time."""
MAIL_PACE: Final = timedelta(seconds=10)
"""The same for e-mail, of which a person has one destination."""
PAUSED_AFTER: Final = timedelta(hours=24)
"""A destination at which nothing arrived for this long gets nothing more."""
GONE: Final[dict[DestinationKind, set[int]]] = {
    DestinationKind.WEBHOOK: {410},
    DestinationKind.PUSH: {404, 410},
    DestinationKind.EMAIL: set(),
}
"""The receiver wants nothing more (RFC 9110, 15.5.11; RFC 8030, 7.3)."""
GOOD: Final = range(200, 300)


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A dispatch in the hands of this process: what is sent where, and signed with which secrets.

    `attempt` says which claim of the dispatch this is. An e-mail has a `subject`, and `page` is
    where it is turned off.
    """

    dispatch_id: int
    destination_id: int
    user_id: int
    attempt: int
    kind: str
    address: str
    keys: tuple[str, ...] = ()
    push_key: str = ""
    push_auth: str = ""
    level: str = ""
    message_id: str
    subject: str = ""
    page: str = ""
    body: bytes


class SendOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt: the status of an answer, or why there was none."""

    status: int | None = None
    error: str = ""
    asked_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Say whether the receiver took the message."""
        return self.status in GOOD


def claim_parcels(
    *, origin: str, limit: int, busy: Collection[int] = (), full: Collection[int] = ()
) -> list[Parcel]:
    """Claim at most one due dispatch for each person, the oldest first.

    Left out are the destinations in `busy`, and all that belongs to the people in `full`.
    """
    due = _due(timezone.now()).exclude(destination__in=busy).exclude(destination__user_id__in=full)
    firsts = due.order_by().values("destination__user_id").annotate(first=Min("pk"))
    found = list(firsts.order_by("first").values_list("first", flat=True)[:limit])
    parcels = (_claim(pk, origin) for pk in found)
    return [parcel for parcel in parcels if parcel is not None]


def _due(now: datetime) -> QuerySet[Dispatch]:
    # A test may go to a destination that is paused: it shows whether that is mended.
    wanted = Q(destination__state=DestinationState.ACTIVE) | Q(notification=None)
    return Dispatch.objects.filter(
        wanted, state=DispatchState.WAITING, next_at__lte=now, destination__next_at__lte=now
    )


@transaction.atomic
def _claim(pk: int, origin: str) -> Parcel | None:
    now = timezone.now()
    rows = _due(now).select_related("destination__user", "notification")
    row = rows.filter(pk=pk).first()
    if row is None or not _take(row, now):
        return None
    place = row.destination
    if place.kind == DestinationKind.PUSH and not is_signed_in(place):
        place.delete()  # with all that was on its way there
        return None
    if reason := _why_withheld(row):
        state = DispatchState.WITHHELD
        Dispatch.objects.filter(pk=pk).update(state=state, error=reason, ended_at=now)
        return None
    return _parcel_of(row, origin, now)


def _take(row: Dispatch, now: datetime) -> bool:
    """Say whether this process gets the dispatch: only if no other one took it meanwhile."""
    place, own = row.destination, Dispatch.objects.filter(pk=row.pk, attempts=row.attempts)
    free = Destination.objects.filter(pk=place.pk, next_at=place.next_at)
    pace = MAIL_PACE if place.kind == DestinationKind.EMAIL else PACE
    if not free.update(next_at=now + pace):
        return False
    row.attempts += 1
    return bool(own.update(next_at=now + LEASE, attempts=row.attempts))


def _why_withheld(row: Dispatch) -> str:
    """Return why a person may not get this, or ""."""
    user, notification = row.destination.user, row.notification
    if not user.is_active:
        return "The account is not active."
    if row.destination.kind == DestinationKind.EMAIL and (reason := why_no_mail(user)):
        return reason
    if notification is None or not notification.symbol:
        return ""
    seen = visible_instruments(access_of([user.pk])[user.pk])
    if seen.filter(symbol=notification.symbol).exists():
        return ""
    return f"You may no longer see {notification.symbol}."


def _parcel_of(row: Dispatch, origin: str, now: datetime) -> Parcel:
    place, is_push = row.destination, row.destination.kind == DestinationKind.PUSH
    if place.kind == DestinationKind.EMAIL:
        return _mail_parcel_of(row, origin)
    keys = [place.secret]
    if place.former_until is not None and place.former_until > now:
        keys.append(place.former_secret)
    return Parcel(
        dispatch_id=row.pk,
        destination_id=place.pk,
        user_id=place.user_id,
        attempt=row.attempts,
        kind=place.kind,
        address=place.address,
        keys=tuple(keys),
        push_key=place.push_key,
        push_auth=place.push_auth,
        level="" if row.notification is None else row.notification.level,
        message_id=message_id(row),
        body=push_body(row) if is_push else webhook_body(row, origin),
    )


def _mail_parcel_of(row: Dispatch, origin: str) -> Parcel:
    place = row.destination
    return Parcel(
        dispatch_id=row.pk,
        destination_id=place.pk,
        user_id=place.user_id,
        attempt=row.attempts,
        kind=place.kind,
        address=place.user.email,
        message_id=mail_id(row, origin),
        subject=mail_subject(row),
        page=origin + reverse("notifications"),
        body=mail_text(row, origin).encode(),
    )


@transaction.atomic
def note_outcome(parcel: Parcel, outcome: SendOutcome, *, chance: float) -> None:
    """Write what became of an attempt; nothing if the claim has ended and another one followed."""
    row = (
        Dispatch.objects.select_related("destination__user")
        .filter(pk=parcel.dispatch_id, attempts=parcel.attempt, state=DispatchState.WAITING)
        .first()
    )
    if row is None:
        return
    row.status, row.error = outcome.status, outcome.error
    if outcome.is_good:
        row.state, row.ended_at = DispatchState.DELIVERED, timezone.now()
        Destination.objects.filter(pk=row.destination_id).update(failing_since=None)
    else:
        _plan_next(row, outcome, chance)
    row.save(update_fields=["state", "next_at", "status", "error", "ended_at"])
    if not outcome.is_good:
        _note_failure(row.destination, outcome)


def _plan_next(row: Dispatch, outcome: SendOutcome, chance: float) -> None:
    now, is_test = timezone.now(), row.notification_id is None
    wait = wait_s(row.attempts, asked_s=outcome.asked_s, chance=chance)
    if wait is None or is_test:
        row.state, row.ended_at = DispatchState.GIVEN_UP, now
    else:
        row.next_at = now + timedelta(seconds=wait)


def _note_failure(place: Destination, outcome: SendOutcome) -> None:
    now = timezone.now()
    since = place.failing_since or now
    Destination.objects.filter(pk=place.pk).update(failing_since=since)
    is_over = outcome.status in GONE[DestinationKind(place.kind)] or now - since >= PAUSED_AFTER
    if is_over and place.state == DestinationState.ACTIVE:
        _end(place, outcome)


def _end(place: Destination, outcome: SendOutcome) -> None:
    """Send nothing more to a destination that fails, and tell the owner of a webhook or e-mail.

    A browser that takes no more pushes has forgotten them: its page offers to begin anew.
    """
    if place.kind == DestinationKind.PUSH:
        place.delete()
        return
    Destination.objects.filter(pk=place.pk).update(state=DestinationState.FAILED)
    give_up_waiting(place, f"{_named(place)} was paused, as it failed for long.")
    why = (
        "Its receiver wants nothing more (410)."
        if outcome.status in GONE[DestinationKind(place.kind)]
        else f"Nothing arrived there for a day. The last time: {outcome.error}"
    )
    notice = Notification.objects.create(
        user_id=place.user_id,
        title=f"{_named(place, place.name)} is paused",
        body=f"{why} {_cure_of(place)}",
        level=Notification.Level.WARNING,
    )
    queue_dispatches([notice])
    user_id = place.user_id
    transaction.on_commit(lambda: control.poke_people([user_id]))


def _named(place: Destination, name: str = "") -> str:
    if place.kind == DestinationKind.EMAIL:
        return "E-mail of your notifications"
    return f"The webhook “{name}”" if name else "The webhook"


def _cure_of(place: Destination) -> str:
    if place.kind == DestinationKind.EMAIL:
        return "Ask an admin about your address, send a test and turn it on again."
    return "Mend it, send a test and resume it."
