"""Record a running feed for some seconds."""

import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from feeds.models import Feed, Recording
from feeds.services.feeds import start_recording, stop_recording

LOOK_S: Final = 0.5
PATIENCE_S: Final = 30.0
"""How long the process that runs the feed may take to save the recording."""


class Command(BaseCommand):
    """Record a feed; example: manage.py record demo --seconds 60"""

    help = "Record a feed of the running market for some seconds, and wait for the recording."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the feed and the length."""
        parser.add_argument("feed", help="short name of the feed")
        parser.add_argument(
            "--seconds", type=float, default=60.0, help="length of the recording (60)"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Switch recording on, wait, and switch it off.

        Raises:
            CommandError: there is no such feed, it is recorded already, or nobody recorded it.
        """
        feed = Feed.objects.filter(slug=options["feed"]).first()
        if feed is None:
            raise CommandError(f"there is no feed {options['feed']!r}")
        newest = max(Recording.objects.values_list("pk", flat=True), default=0)
        if not start_recording(feed, actor=None):
            raise CommandError(f"{feed} is recorded already")
        try:
            time.sleep(options["seconds"])
        finally:
            stop_recording(feed, actor=None)
        self.stdout.write(str(self._await(feed, newest).path))

    def _await(self, feed: Feed, newest: int) -> Recording:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            mine = Recording.objects.filter(pk__gt=newest, name__startswith=f"{feed.name} ")
            if (found := mine.order_by("pk").first()) is not None:
                return found
            time.sleep(LOOK_S)
        raise CommandError(f"nobody recorded {feed}: is the market running, did anything happen?")
