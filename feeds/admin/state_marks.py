"""How the admin's lists show a feed: its name and its state, with a mark whose shape says it too.

Must not read rows: lists select the feeds they show.
"""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from feeds.models import Feed


def state_mark(feed: Feed) -> SafeString:
    """Return the state of a feed; a page with a script keeps it true."""
    return format_html(
        '<span class="state" data-is="{}" data-feed="{}" data-live="state">{}</span>',
        feed.state,
        feed.slug,
        feed.get_state_display(),
    )


def named_state(feed: Feed) -> SafeString:
    """Return the name of a feed with its state."""
    return format_html("{} {}", feed.name, state_mark(feed))


def live_figure(feed: Feed, figure: str) -> SafeString:
    """Return the place of a figure, "rate" or "age", which the list's script fills."""
    return format_html(
        '<span class="live-figure" data-feed="{}" data-live="{}">\u2013</span>', feed.slug, figure
    )
