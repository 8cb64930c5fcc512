"""The feed in a process of its own, for any number of web processes."""

import asyncio
import signal
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from dashboard import runtime

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    """Run the feed; example: REDIS_URL=redis://localhost:6379/0 manage.py runfeed"""

    help = (
        "Run the market for the web processes of the same REDIS_URL until Ctrl-C. A second one "
        "waits, and takes over when the first ends."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until SIGINT or SIGTERM.

        Raises:
            CommandError: REDIS_URL is not set.
        """
        if not runtime.is_shared():
            raise CommandError(
                "runfeed needs REDIS_URL; without it the feed runs inside the web process"
            )
        asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    await runtime.FeedRuntime().run(stop)
    # The feed has ended cleanly: a second signal must not turn that into a failure.
    for number in STOP_SIGNALS:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
