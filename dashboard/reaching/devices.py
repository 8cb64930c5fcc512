"""The browsers to which a person has notifications pushed, each for as long as its sign-in lasts.

A writer of rows. Must not know requests or connections. A sign-out, another password or the end of
a session ends the pushes of that browser: whoever uses it next may be somebody else.
"""

from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, DestinationKind
from dashboard.people.session_service import living_sessions
from feeds.services.audit import record

DEVICES_PER_USER: Final = 10


def add_device(user: User, *, session_key: str, name: str, facts: dict[str, Any]) -> Destination:
    """Push to a browser from now on; whatever was pushed to it before ends.

    `facts` are `address`, `push_key` and `push_auth` of its subscription.

    Raises:
        DestinationRefused: the person has as many browsers as a person may have.
    """
    row = Destination(
        user=user, kind=DestinationKind.PUSH, name=name[:60], session_key=session_key, **facts
    )
    row.full_clean(validate_constraints=False)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once could pass the limit
        # The subscription is the browser's, whoever was signed in there before.
        _pushes().filter(address=row.address).delete()
        _pushes().filter(user=user).exclude(pk__in=devices_of(user)).delete()
        if devices_of(user).count() >= DEVICES_PER_USER:
            raise DestinationRefused(f"you have {DEVICES_PER_USER} browsers, remove one first")
        row.save()
        record("add push", f"user {user.get_username()}", actor=user, after={"browser": row.name})
    return row


def renew_device(user: User, *, session_key: str, facts: dict[str, Any]) -> None:
    """Push to another address of a browser, whose push service gave it a new subscription.

    Raises:
        DestinationRefused: nothing is pushed to this browser, so there is nothing to renew.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        row = devices_of(user).filter(session_key=session_key).last()
        if row is None:
            raise DestinationRefused("nothing is pushed to this browser")
        for name, value in facts.items():
            setattr(row, name, value)
        row.full_clean(validate_constraints=False)
        _pushes().filter(address=row.address).exclude(pk=row.pk).delete()
        row.save(update_fields=list(facts))
        record("renew push", f"user {user.get_username()}", actor=user, after={"browser": row.name})


def devices_of(user: User) -> QuerySet[Destination]:
    """Return the browsers of a person that are still signed in."""
    return _pushes().filter(user=user, session_key__in=living_sessions(user).values("key"))


def is_signed_in(row: Destination) -> bool:
    """Say whether the sign-in that a browser had still lasts."""
    return living_sessions(row.user).filter(key=row.session_key).exists()


def drop_device(user: User, address: str) -> None:
    """Push no more to the browser of a person that has this subscription."""
    with transaction.atomic():
        _pushes().filter(user=user, address=address).delete()


def drop_devices_of_session(session_key: str) -> None:
    """Push no more to a browser that signs out."""
    with transaction.atomic():
        _pushes().filter(session_key=session_key).delete()


def _pushes() -> QuerySet[Destination]:
    return Destination.objects.filter(kind=DestinationKind.PUSH)
