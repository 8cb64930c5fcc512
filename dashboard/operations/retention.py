"""Deletes rows that are too old; KINDS has their names.

Must not know what these rows hold. It deletes in short transactions with a pause after each, so
nobody waits long for a lock. It runs in the process of the feed, because there is only one.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asgiref.sync import sync_to_async
from django import db
from django.utils import timezone

from dashboard.alerts.pruning import expired_alerts, old_firings, prune_alerts, prune_firings
from dashboard.people.cache_service import ended_entries, prune_cache
from dashboard.people.session_service import ended_sessions, prune_sessions
from dashboard.personal.notifications import old_notifications, prune_notifications
from dashboard.reaching.pruning import old_dispatches, prune_dispatches
from feeds.database import with_connection
from feeds.services.audit import old_audit, prune_audit
from feeds.services.bars import count_old_bars, prune_bars

EVERY_S: Final = 600.0
KINDS: Final = (
    *("bars", "dispatches", "notifications", "firings", "expired alerts"),
    *("audit entries", "sessions", "cache entries"),
)
PAUSE_S: Final = 0.02
"""Others write meanwhile: SQLite gives its lock to the process that asks at the right moment."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retention:
    """How many days each kind of row is kept; bars of minutes by days of the exchange."""

    bars_days: int
    notifications_days: int
    dispatches_days: int
    alerts_days: int
    audit_days: int

    def count_old(self) -> dict[str, int]:
        """Return how many rows of each kind are too old."""
        return {
            "bars": count_old_bars(self.bars_days),
            "dispatches": old_dispatches(_midnight(self.dispatches_days)).count(),
            "notifications": old_notifications(_midnight(self.notifications_days)).count(),
            "firings": old_firings(_midnight(self.alerts_days)).count(),
            "expired alerts": expired_alerts(_midnight(self.alerts_days)).count(),
            "audit entries": old_audit(_midnight(self.audit_days)).count(),
            "sessions": ended_sessions().count(),
            "cache entries": ended_entries().count(),
        }

    def batches(self) -> Iterator[tuple[str, int]]:
        """Delete what is too old; yield a kind and how many went, after each transaction."""
        kinds = {
            "bars": prune_bars(self.bars_days),
            "dispatches": prune_dispatches(_midnight(self.dispatches_days)),
            "notifications": prune_notifications(_midnight(self.notifications_days)),
            "firings": prune_firings(_midnight(self.alerts_days)),
            "expired alerts": prune_alerts(_midnight(self.alerts_days)),
            "audit entries": prune_audit(_midnight(self.audit_days)),
            "sessions": prune_sessions(),
            "cache entries": prune_cache(),
        }
        for kind, batches in kinds.items():
            for gone in batches:
                yield kind, gone

    def prune(self, pause: Callable[[float], None] = time.sleep) -> dict[str, int]:
        """Delete what is too old, with pauses; return how many rows of each kind went."""
        total: Counter[str] = Counter()
        for kind, gone in self.batches():
            total[kind] += gone
            pause(PAUSE_S)
        return {kind: total[kind] for kind in KINDS}


async def prune_for_ever(retention: Retention) -> None:
    """Delete what is too old every ten minutes until cancelled."""
    while True:
        try:
            await _prune(retention)
        except db.Error as error:  # the next time may succeed
            log.error("old rows stay error=%s", error)
        await asyncio.sleep(EVERY_S)


async def _prune(retention: Retention) -> None:
    """Delete batch by batch: between two, others use the thread of the database."""
    batches, total = retention.batches(), 0
    step = sync_to_async(with_connection(lambda: next(batches, None)))
    while (batch := await step()) is not None:
        total += batch[1]
        await asyncio.sleep(PAUSE_S)
    if total:
        log.info("old rows deleted rows=%d", total)


def _midnight(days: int) -> datetime:
    """Return the beginning (UTC) of the day so many days ago: rows of a day go together."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)
