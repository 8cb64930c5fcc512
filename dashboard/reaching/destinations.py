"""What people change of their own destinations: made, tested, paused, resumed, removed.

A writer of rows. Must not know requests or connections. Each change of where somebody's
notifications go has its audit entry: it could be somebody else's doing.
"""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, DestinationKind, DestinationState, Dispatch, DispatchState
from dashboard.reaching.signing import make_webhook_secret
from feeds.bus import control
from feeds.services.audit import record

WEBHOOKS_PER_USER: Final = 5
TESTS_PER_MINUTE: Final = 5
"""Tests of one person, to all destinations together."""
FORMER_SECRET_KEPT: Final = timedelta(hours=24)
"""Time that a receiver has to take a new secret."""


def add_webhook(user: User, *, name: str, address: str) -> Destination:
    """Make a webhook; its secret is to be shown once.

    Raises:
        DestinationRefused: the person has as many as a person may have.
    """
    row = Destination(
        user=user,
        kind=DestinationKind.WEBHOOK,
        name=name,
        address=address,
        secret=make_webhook_secret(),
    )
    row.full_clean()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once could pass the limit
        if Destination.objects.filter(user=user, kind=row.kind).count() >= WEBHOOKS_PER_USER:
            raise DestinationRefused(f"you have {WEBHOOKS_PER_USER} webhooks, remove one first")
        row.save()
        _record("add", row)
    return row


def renew_secret(row: Destination) -> str:
    """Give a webhook a new secret and return it; for a day the former one signs as well."""
    with transaction.atomic():
        row.former_secret, row.former_until = row.secret, timezone.now() + FORMER_SECRET_KEPT
        row.secret = make_webhook_secret()
        row.save(update_fields=["secret", "former_secret", "former_until"])
        _record("renew the secret of", row)
    return row.secret


def send_test(row: Destination) -> None:
    """Send a test, also to a destination that is paused; it is tried once.

    Raises:
        DestinationRefused: the person sent many tests just before.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=row.user_id)
        recent = Dispatch.objects.filter(
            destination__user_id=row.user_id,
            notification=None,
            created_at__gt=timezone.now() - timedelta(minutes=1),
        )
        if recent.count() >= TESTS_PER_MINUTE:
            raise DestinationRefused(f"you sent {TESTS_PER_MINUTE} tests within a minute, wait")
        Dispatch.objects.create(destination=row)
        transaction.on_commit(lambda: control.poke_people([row.user_id]))


def pause_destination(row: Destination) -> None:
    """Send nothing there until it is resumed; what waits is given up."""
    with transaction.atomic():
        row.state = DestinationState.PAUSED
        row.save(update_fields=["state"])
        what = "E-mail" if row.kind == DestinationKind.EMAIL else "The webhook"
        give_up_waiting(row, f"{what} was paused.")
        _record("pause", row)


def resume_destination(row: Destination) -> None:
    """Send what comes from now on."""
    with transaction.atomic():
        row.state, row.failing_since, row.missed = DestinationState.ACTIVE, None, 0
        row.save(update_fields=["state", "failing_since", "missed"])
        _record("resume", row)


def remove_destination(row: Destination) -> None:
    """Forget a destination with the log of what was sent there."""
    with transaction.atomic():
        _record("remove", row)
        row.delete()


def give_up_waiting(row: Destination, reason: str) -> None:
    """End all that waits for a destination."""
    waiting = Dispatch.objects.filter(destination=row, state=DispatchState.WAITING)
    waiting.update(state=DispatchState.GIVEN_UP, error=reason, ended_at=timezone.now())


def _record(action: str, row: Destination) -> None:
    # The host alone: the rest of an address is often a password.
    facts = {"host": urlsplit(row.address).hostname or ""}
    target = f"user {row.user.get_username()}"
    record(f"{action} {row.kind}", target, actor=row.user, after=facts)
