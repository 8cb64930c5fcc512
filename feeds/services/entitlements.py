"""Every change of entitlements: row and audit entry together, the engine poked.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from feeds.models import Entitlement
from feeds.services.audit import facts_of, target_of
from feeds.services.changes import record_market, save

ENTITLEMENT_FACTS: Final = ("feed", "group", "delay_minutes")


def save_entitlement(entitlement: Entitlement, *, actor: User | None) -> bool:
    """Let a group see a feed, or change how late; return whether that changed anything.

    Raises:
        ValidationError: a field is invalid.
    """
    return save(entitlement, ENTITLEMENT_FACTS, actor=actor)


def delete_entitlement(entitlement: Entitlement, *, actor: User | None) -> None:
    """Take the access to a feed from a group; its members lose the feed at once."""
    with transaction.atomic():
        before = facts_of(entitlement, ENTITLEMENT_FACTS)
        record_market("delete", target_of(entitlement), before=before, actor=actor)
        entitlement.delete()
