"""Deletes old firings and alerts that expired long ago.

Must not know who judges. An alert that is active, paused, triggered or stopped stays: its owner may
start it again. The judge reads neither firings nor expired alerts, so it misses nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from dashboard.models import Alert, AlertFiring
from feeds.services.audit import record

ROWS_PER_DELETE: Final = 500


def old_firings(before: datetime) -> QuerySet[AlertFiring, int]:
    """Return the keys of the firings from before a time, the oldest first."""
    rows = AlertFiring.objects.filter(fired_at__lt=before).order_by("pk")
    return rows.values_list("pk", flat=True)


def expired_alerts(before: datetime) -> QuerySet[Alert, int]:
    """Return the keys of the alerts that expired before a time, the oldest first."""
    rows = Alert.objects.filter(state=Alert.State.EXPIRED, expires_at__lt=before).order_by("pk")
    return rows.values_list("pk", flat=True)


def prune_firings(before: datetime) -> Iterator[int]:
    """Delete firings from before a time; yield how many went after each short transaction."""
    return _prune("firings", AlertFiring.objects.all(), old_firings(before), before)


def prune_alerts(before: datetime) -> Iterator[int]:
    """Delete alerts that expired before a time; yield how many after each short transaction.

    Their firings go with them. They are older still, so `prune_firings` has deleted most of them.
    """
    return _prune("alerts", Alert.objects.all(), expired_alerts(before), before)


def _prune(
    kind: str, rows: QuerySet[Any], keys: QuerySet[Any, int], before: datetime
) -> Iterator[int]:
    while ids := list(keys[:ROWS_PER_DELETE]):
        with transaction.atomic():
            rows.filter(pk__in=ids).delete()
            facts = {kind: len(ids), "before": f"{before:%Y-%m-%d %H:%M}"}
            record("prune", kind, actor=None, after=facts)
        yield len(ids)
