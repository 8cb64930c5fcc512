"""Measure a server from outside: a temporary server of its own, or the server at an address."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import psutil
from django.core.management.base import BaseCommand, CommandError

from dashboard.loadtest.plan import Plan, Report
from dashboard.loadtest.run import run
from dashboard.servers.serving import SERVERS
from dashboard.wire import registry
from feeds.management.ranges import refuse_out_of_range
from feeds.plan import plans

MOST: Final = 100_000
RANGES: Final = {
    "clients": (1, MOST),
    "symbols": (1, 2_000),
    "seconds": (0.1, 3_600),
    "warmup": (0, 600),
    "interval": (0.05, 600),
    "max_rate": (registry.MIN_RATE, registry.MAX_RATE),
    "instruments": (1, 5_000),
    "rate": (0.1, plans.MAX_RATE),
}
NAMES: Final = {"ws": registry.Transport.WEBSOCKET} | {
    kind.value: kind for kind in registry.Transport
}


class Command(BaseCommand):
    """Run a load test; example: manage.py loadtest --clients 300 --symbols 20 --json"""

    help = "Open many readers, measure the age of the data they get, and report what it cost."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the load, its length and the server."""
        parser.add_argument("--transport", choices=NAMES, default="ws")
        parser.add_argument("--clients", type=int, default=300)
        parser.add_argument("--symbols", type=int, default=20, help="of each client")
        parser.add_argument("--seconds", type=float, default=20)
        parser.add_argument("--warmup", type=float, default=3, metavar="SECONDS")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between polls")
        parser.add_argument("--max-rate", type=float, default=10.0, help="frames/s of a stream")
        parser.add_argument(
            "--server", choices=SERVERS, default=SERVERS[0], help="to start, without --url"
        )
        parser.add_argument("--instruments", type=int, default=500, help="of the started server")
        parser.add_argument(
            "--rate", type=float, default=2000, help="ticks/s of the started server"
        )
        parser.add_argument("--url", help="measure this server, signed in as --user with --token")
        parser.add_argument("--user", default="viewer")
        parser.add_argument("--token", help="from manage.py token USER")
        parser.add_argument(
            "--pid", type=int, help="process of the server at --url, if it runs on this machine"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Measure and print the report.

        Raises:
            CommandError: an option is out of range, or the server cannot be reached.
        """
        refuse_out_of_range(options, RANGES)
        with _server(options) as (url, token, pid):
            plan = Plan(
                url=url,
                user=options["user"],
                token=token,
                transport=NAMES[options["transport"]],
                clients=options["clients"],
                symbols=options["symbols"],
                seconds=options["seconds"],
                warmup_s=options["warmup"],
                interval_s=options["interval"],
                max_rate=options["max_rate"],
                server_pid=pid,
            )
            try:
                report = asyncio.run(run(plan))
            except* (OSError, ValueError, asyncio.IncompleteReadError) as errors:
                raise CommandError(f"{url} cannot be measured: {_first(errors)}") from None
        self._print(report, as_json=options["json"])

    def _print(self, report: Report, *, as_json: bool) -> None:
        figures = msgspec.to_builtins(report)
        if as_json:
            self.stdout.write(json.dumps(figures))
            return
        for name, value in figures.items():
            self.stdout.write(f"{name:>18}  {value}")


@contextmanager
def _server(options: dict[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """Yield address, token and process of the given server, or of one started for this run."""
    if options["url"]:
        if not options["token"]:
            raise CommandError("--url needs --token; make one with manage.py token USER")
        if options["pid"] is not None and not psutil.pid_exists(options["pid"]):
            raise CommandError(f"there is no process {options['pid']}")
        yield options["url"], options["token"], options["pid"]
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        flags = [f"--{name}={options[name]}" for name in ("instruments", "rate", "server")]
        process = _manage(folder, "demo", "--json", "--port", "0", "--no-browser", *flags)
        _separate_cores(process.pid)
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise CommandError("the server did not start")
            yield json.loads(line)["url"], _token(folder, options["user"]), process.pid
        finally:
            process.terminate()
            process.wait(timeout=10)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error; all readers have the same."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _separate_cores(server_pid: int) -> None:
    """Give the server a core of its own and the readers the others, so they do not compete."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(server_pid, cores[:1])
        os.sched_setaffinity(0, cores[1:])


def _token(folder: str, user: str) -> str:
    out, _ = _manage(folder, "token", user).communicate(timeout=60)
    return out.decode().strip()


def _manage(folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a management command on its own data."""
    return subprocess.Popen(  # noqa: S603 our own command line
        [sys.executable, sys.argv[0], *arguments],
        env=os.environ
        | {
            "MARKET_DATA_DIR": folder,
            "MARKET_REQUESTS_PER_S": str(MOST),
            "MARKET_CONNECTIONS_PER_USER": str(MOST),
        },
        stdout=subprocess.PIPE,
    )
