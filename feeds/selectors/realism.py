"""Reads the stored days of the realism certificate.

Must not write. A day that cannot be read counts as never seen, with a line in the log.
"""

import logging

from feeds.exceptions import InvalidCheckpoint
from feeds.models import Feed, RealismDay
from feeds.plan.plans import FeedKind
from feeds.realism.days import DayState, unpack_day

log = logging.getLogger(__name__)


def realism_days(feed: str) -> dict[int, DayState]:
    """Return the days of a feed by their number (days since 1970 in exchange time)."""
    rows = RealismDay.objects.filter(feed__slug=feed).values_list("day", "content")
    found = {day: _read(feed, day, bytes(content)) for day, content in rows}
    return {day: state for day, state in found.items() if state is not None}


def all_realism_days() -> dict[str, dict[int, DayState]]:
    """Return the days of every feed by slug."""
    return {slug: realism_days(slug) for slug in Feed.objects.values_list("slug", flat=True)}


def makes_its_ticks(feed: str) -> bool:
    """Say whether a feed is simulated: then it has a rate of its own, and tells its hours."""
    return Feed.objects.filter(slug=feed, kind=FeedKind.SIMULATED).exists()


def _read(feed: str, day: int, content: bytes) -> DayState | None:
    try:
        return unpack_day(content)
    except InvalidCheckpoint as error:
        log.warning("realism day is of no use feed=%s day=%d reason=%s", feed, day, error)
        return None
