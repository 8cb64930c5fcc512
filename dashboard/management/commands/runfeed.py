"""The feed in a process of its own, for any number of web processes."""

import asyncio
import signal
import socket
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard import runtime
from dashboard.checks import TAG
from dashboard.servers.serving import HOST, ASGIApplication, listen
from dashboard.servers.uvicorn import STOP_SIGNALS, SideServer


class Command(BaseCommand):
    """Run the feed; example: REDIS_URL=redis://localhost:6379/0 manage.py runfeed"""

    help = (
        "Run the market for the web processes of the same REDIS_URL until Ctrl-C. A second one "
        "waits, and takes over when the first ends."
    )
    requires_system_checks = [TAG]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the address of the metrics."""
        parser.add_argument("--metrics-host", default=HOST)
        parser.add_argument("--metrics-port", type=int, help="where to serve /metrics; 0 is free")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until SIGINT or SIGTERM.

        Raises:
            CommandError: REDIS_URL is not set, or the address of the metrics cannot be used.
        """
        if not runtime.is_shared():
            raise CommandError(
                "runfeed needs REDIS_URL; without it the feed runs inside the web process"
            )
        with self._listener(options["metrics_host"], options["metrics_port"]) as listener:
            self.stdout.write("The feed runs, or waits for another to end. Ctrl-C stops it.")
            self.stdout.flush()
            asyncio.run(_run(listener))

    @contextmanager
    def _listener(self, host: str, port: int | None) -> Iterator[socket.socket | None]:
        if port is None:
            yield None
            return
        try:
            listener = listen(host, port)
        except OSError as error:
            raise CommandError(f"{host}:{port} cannot be used ({error.strerror})") from None
        with listener:
            self.stdout.write(f"Metrics: http://{host}:{listener.getsockname()[1]}/metrics")
            self.stdout.flush()
            yield listener


async def _run(listener: socket.socket | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    feed = runtime.FeedRuntime()
    async with _serving(feed.metrics, listener):
        await feed.run(stop)
    # The feed has ended cleanly: a second signal must not turn that into a failure.
    for number in STOP_SIGNALS:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


@asynccontextmanager
async def _serving(
    application: ASGIApplication, listener: socket.socket | None
) -> AsyncIterator[None]:
    """Serve beside the feed, where an address was given."""
    if listener is None:
        yield
        return
    server = SideServer(application)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.stop()
        await serving
