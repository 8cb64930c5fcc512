"""Deletion of accounts with all that belongs to them.

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
from dashboard.people.superusers import ACTIVE_SUPERUSER, are_last_superusers
from feeds.services.audit import record

SESSIONS_PER_READ: Final = 1000
OWNER_KEYS: Final = (SESSION_KEY, "account_authentication_methods_user")
"""Where a session names its account: after the sign-in, and (by allauth) in the middle of it."""


def delete_account(user: User, *, actor: User | None) -> None:
    """Delete one account, as `delete_accounts` does."""
    delete_accounts([user], actor=actor)


def delete_accounts(users: Iterable[User], *, actor: User | None) -> None:
    """Delete accounts, their rows and sessions; their connections end within a second.

    Either all are deleted or none. The audit keeps the name of an account where it acted, and where
    somebody acted on it.

    Raises:
        LastSuperuser: no other active account may do everything.
    """
    ids = {user.pk for user in users}
    keys = _session_keys_of(ids)  # before the transaction: there may be many sessions to read
    with transaction.atomic():
        # Two superusers who delete themselves at once wait for each other here.
        locked = User.objects.select_for_update().filter(Q(pk__in=ids) | ACTIVE_SUPERUSER)
        found = [user for user in locked.order_by("pk") if user.pk in ids]
        if are_last_superusers(found):
            raise LastSuperuser("no other active account is a superuser")
        for user in found:
            record("delete account", f"user {user.get_username()}", actor=actor)
        Session.objects.filter(session_key__in=keys).delete()
        User.objects.filter(pk__in=ids).delete()


def _session_keys_of(user_ids: Iterable[int]) -> list[str]:
    """Return the sessions of accounts, also those that have no `BrowserSession` yet."""
    owners = {str(user_id) for user_id in user_ids}
    rows = Session.objects.iterator(chunk_size=SESSIONS_PER_READ)
    return [row.session_key for row in rows if owners & _owners_of(row)]


def _owners_of(row: Session) -> set[str]:
    data = row.get_decoded()
    return {str(data[key]) for key in OWNER_KEYS if key in data}
