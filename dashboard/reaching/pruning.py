"""Deletes from the log what was sent, or given up, long ago.

A writer of rows. What still waits stays.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from dashboard.models import Dispatch

ROWS_PER_DELETE: Final = 500


def old_dispatches(before: datetime) -> QuerySet[Dispatch, int]:
    """Return the keys of the dispatches that ended before a time, the oldest first."""
    rows = Dispatch.objects.filter(ended_at__lt=before).order_by("ended_at")
    return rows.values_list("pk", flat=True)


def prune_dispatches(before: datetime) -> Iterator[int]:
    """Delete dispatches that ended before a time; yield how many went after each transaction."""
    while ids := list(old_dispatches(before)[:ROWS_PER_DELETE]):
        with transaction.atomic():
            Dispatch.objects.filter(pk__in=ids).delete()
        yield len(ids)
