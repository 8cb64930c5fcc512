"""Deletion of an account with all that belongs to it.

Must not know requests or sockets; the sweep of the hub ends the connections of an account that is
gone.
"""

from collections.abc import Iterable
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from dashboard.exceptions import LastSuperuser
from feeds.services.audit import record

SESSIONS_PER_READ: Final = 1000
OWNER_KEYS: Final = (SESSION_KEY, "account_authentication_methods_user")
"""Where a session names its account: signed in, and (by allauth) on the way there."""


def delete_account(user: User, *, actor: User | None) -> None:
    """Delete an account, with its rows and sessions; its connections end within a second.

    The audit keeps the name of the account where it acted or was acted upon.

    Raises:
        LastSuperuser: no other active account may do everything.
    """
    keys = _session_keys_of(user)  # before the transaction: there may be many sessions to read
    with transaction.atomic():
        # The lock makes two last superusers wait for each other, and so does whoever adds rows.
        locked = User.objects.select_for_update().filter(Q(pk=user.pk) | _superusers())
        if user.pk not in list(locked.order_by("pk").values_list("pk", flat=True)):
            return
        if are_last_superusers([user]):
            raise LastSuperuser("no other active account is a superuser")
        record("delete account", f"user {user.get_username()}", actor=actor)
        Session.objects.filter(session_key__in=keys).delete()
        user.delete()


def are_last_superusers(users: Iterable[User]) -> bool:
    """Say whether without these accounts nobody could do everything."""
    ids = {user.pk for user in users}
    superusers = set(User.objects.filter(_superusers()).values_list("pk", flat=True))
    return bool(superusers & ids) and superusers <= ids


def _superusers() -> Q:
    return Q(is_superuser=True, is_active=True)


def _session_keys_of(user: User) -> list[str]:
    """Return the sessions of an account, also those of which no page has noted the browser."""
    owner = str(user.pk)
    rows = Session.objects.iterator(chunk_size=SESSIONS_PER_READ)
    return [row.session_key for row in rows if owner in _owners_of(row)]


def _owners_of(row: Session) -> set[str]:
    said = row.get_decoded()
    return {str(said[key]) for key in OWNER_KEYS if key in said}
