"""Rights to restricted feeds, given in one line."""

from django.contrib.auth.models import Group, User

from feeds.models import Entitlement, Feed


def entitle(user: User, minutes: int, *, feed: str = "demo") -> None:
    """Let a user see a restricted feed, so many minutes late (0 is at once)."""
    group = Group.objects.create(name=f"{user} sees {feed}")
    group.user_set.add(user)
    row = Feed.objects.get(slug=feed)
    Entitlement.objects.create(feed=row, group=group, delay_minutes=minutes)
