"""Stores the days that the realism certificate rests on, and deletes those that are too old.

The only writer of these rows.
"""

from collections.abc import Sequence

from feeds.models import Feed, RealismDay
from feeds.realism.days import pack_day
from feeds.realism.watch import DAYS_KEPT, WatchedDay


def store_realism(days: Sequence[WatchedDay]) -> None:
    """Write days of feeds; the days of a feed that is gone are left out."""
    slugs = {item.feed for item in days}
    ids = dict(Feed.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    RealismDay.objects.bulk_create(
        (
            RealismDay(feed_id=ids[item.feed], day=item.day, content=pack_day(item.state))
            for item in days
            if item.feed in ids
        ),
        update_conflicts=True,
        unique_fields=("feed", "day"),
        update_fields=("content",),
    )
    for feed in ids.values():
        _forget_old(feed)


def _forget_old(feed: int) -> None:
    rows = RealismDay.objects.filter(feed=feed)
    newest = rows.order_by("-day").values_list("day", flat=True)[DAYS_KEPT - 1 : DAYS_KEPT]
    # The slice holds the oldest day to keep, or nothing while there are fewer days.
    for oldest_kept in newest:
        rows.filter(day__lt=oldest_kept).delete()
