"""Reads what the rows want of the feeds, for the runner.

Must not write.
"""

from django.db.models import Prefetch
from django.utils import timezone

from feeds.models import Feed, Halt, Intervention
from feeds.models.interventions import LINGER
from feeds.plan.plans import FeedPlan


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


def read_recorded() -> set[str]:
    """Return the keys of the feeds that are to be recorded."""
    return set(Feed.objects.filter(is_recorded=True).values_list("slug", flat=True))
