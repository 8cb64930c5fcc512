"""Values that all processes share for a while: counts of failures, locks, codes that were used.

The only writer of these rows. Must not know what a value means. While the database cannot be used
every function raises: an empty answer would say that nobody failed yet.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.models import CacheEntry

KEPT_AFTER_END: Final = timedelta(hours=1)
"""An ended entry is kept so long: a machine whose clock is slow may still need it."""
ENTRIES_PER_DELETE: Final = 500


def add_value(key: str, value: Any, *, now: datetime, ends_at: datetime) -> bool:
    """Store a value unless the key has one; of several processes that try at once one succeeds."""
    digest = _digest(key)
    with transaction.atomic():
        # The row is made as one that has ended, and the update says who got it. Others who make
        # the same row wait for the end of this transaction.
        ended = CacheEntry(digest=digest, ends_at=now)
        CacheEntry.objects.bulk_create([ended], ignore_conflicts=True)
        free = CacheEntry.objects.filter(digest=digest, ends_at__lte=now)
        return bool(free.update(value=value, ends_at=ends_at))


def set_value(key: str, value: Any, *, ends_at: datetime) -> None:
    """Store a value, whether or not the key has one."""
    entry = CacheEntry(digest=_digest(key), value=value, ends_at=ends_at)
    CacheEntry.objects.bulk_create(
        [entry],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["value", "ends_at"],
    )


def values_of(key: str, *, now: datetime) -> list[Any]:
    """Return the value of a key in a list, which is empty if there is none or it has ended."""
    living = CacheEntry.objects.filter(digest=_digest(key), ends_at__gt=now)
    return list(living.values_list("value", flat=True))


def delete_value(key: str) -> bool:
    """Delete the value of a key; say whether there was a row."""
    return bool(CacheEntry.objects.filter(digest=_digest(key)).delete()[0])


def delete_values() -> None:
    """Delete everything, as the tests do."""
    CacheEntry.objects.all().delete()


def prune_cache() -> Iterator[int]:
    """Delete entries that have ended; yield how many went after each short transaction."""
    while digests := list(ended_entries().values_list("digest", flat=True)[:ENTRIES_PER_DELETE]):
        # Asked again: an entry may have got a new value meanwhile.
        yield ended_entries().filter(digest__in=digests).delete()[0]


def ended_entries() -> QuerySet[CacheEntry]:
    """Return the entries that no process needs any more."""
    return CacheEntry.objects.filter(ends_at__lte=timezone.now() - KEPT_AFTER_END)


def _digest(key: str) -> str:
    """Return what a row keeps of a key: keys hold addresses and codes, which nobody should read."""
    return sha256(key.encode()).hexdigest()
