"""Superusers, who may do everything: one must always be left to look after the site.

Must not write rows or know pages.
"""

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q

ACTIVE_SUPERUSER: Final = Q(is_superuser=True, is_staff=True, is_active=True)
"""Without `is_staff` the admin is closed."""


def lock_superusers() -> None:
    """Let others who would take away superusers wait for the end of this transaction.

    Otherwise two superusers could take each other's rights away at the same moment.
    """
    # A queryset locks nothing before it is read. All lock in the order of keys, or two who begin
    # at different ends would wait for each other for ever.
    list(User.objects.select_for_update().filter(ACTIVE_SUPERUSER).order_by("pk"))


def are_last_superusers(users: Iterable[User]) -> bool:
    """Say whether nobody could do everything without these accounts."""
    ids = {user.pk for user in users}
    superusers = set(User.objects.filter(ACTIVE_SUPERUSER).values_list("pk", flat=True))
    return bool(superusers & ids) and superusers <= ids
