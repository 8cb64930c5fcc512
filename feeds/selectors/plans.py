"""Reads what the rows want of the feeds, for the runner.

Must not write.
"""

from typing import Final

from django.db.models import Max, Prefetch
from django.utils import timezone

from feeds.clock import Clock
from feeds.models import AuditEntry, Feed, Halt, Intervention
from feeds.models.interventions import LINGER
from feeds.plan.plans import FeedPlan

FULL_LOOK_S: Final = 60.0
"""The rows are read this often in any case: somebody may have changed them without a service."""


class PlanReader:
    """Reads the plans when rows may have changed, and otherwise returns the last ones.

    Every change by a service has an audit entry, so the newest entry tells whether there was any.
    With 500 instruments one small query takes the place of five that cost a hundred times as much.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._plans: list[FeedPlan] = []
        self._pokes = 0
        self._seen: tuple[int, int] | None = None
        self._read_s = 0.0

    def poke(self) -> None:
        """Read the rows at the next call, even if the newest audit entry is one that is known.

        Of two transactions the one with the later entry may be committed first.
        """
        self._pokes += 1

    def read(self) -> list[FeedPlan]:
        """Return every feed as it should be.

        Raises:
            FeedError: a row holds what no feed can run.
        """
        # Both are noted before the rows are read: what changes meanwhile is found the next time.
        now_s, seen = self._clock.monotonic(), (self._pokes, _newest_change())
        if seen != self._seen or now_s - self._read_s >= FULL_LOOK_S:
            self._plans = read_plans()
            self._seen, self._read_s = seen, now_s
        return self._plans


def read_plans() -> list[FeedPlan]:
    """Return every feed as it should be, with instruments, halts and interventions: five queries.

    Raises:
        FeedError: a row holds what no feed can run.
    """
    coming = Intervention.objects.filter(cancelled_at=None, ends_at__gt=timezone.now() - LINGER)
    open_halts = Prefetch("instruments__halts", queryset=Halt.objects.filter(ended_at=None))
    feeds = Feed.objects.select_related("recording").prefetch_related(
        "instruments", open_halts, "entitlements", Prefetch("interventions", queryset=coming)
    )
    return [feed.plan() for feed in feeds]


def _newest_change() -> int:
    return AuditEntry.objects.aggregate(newest=Max("id"))["newest"] or 0


def read_recorded() -> set[str]:
    """Return the keys of the feeds that are to be recorded."""
    return set(Feed.objects.filter(is_recorded=True).values_list("slug", flat=True))
