"""Server memory per open socket: what one more reader costs.

    uv run python -m tests.benchmarks.memory --clients 5000

The tape is short and the market quiet, so that what grows is the sockets. The memory is what the
kernel counts for the server's process (RSS), before the first socket and with all of them open.
"""

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from dashboard.loadtest import run as loadtest
from dashboard.loadtest.plan import Plan, Report
from dashboard.wire.registry import Transport
from tests.support.served import serve

SERVERS: Final = ("uvicorn", "daphne")
TAPE_EVENTS: Final = 2_000


def measure(server: str, clients: int, symbols: int) -> Report:
    """Open sockets on a server; return what the load test found."""
    limits = {
        "MARKET_TAPE_EVENTS": str(TAPE_EVENTS),
        "MARKET_MAX_SUBSCRIBERS": str(clients),
        "MARKET_CONNECTIONS_PER_USER": str(clients),
    }
    with TemporaryDirectory() as folder, serve(Path(folder), "--server", server, **limits) as site:
        site.wait_for_events(TAPE_EVENTS)  # then the tape has all the memory it will have
        plan = Plan(
            url=site.url,
            user="viewer",
            token=site.token,
            transport=Transport.WEBSOCKET,
            clients=clients,
            symbols=symbols,
            seconds=3,
            warmup_s=3,
            interval_s=1,
            server_pid=site.process.pid,
        )
        return asyncio.run(loadtest.run(plan))


def main() -> None:
    """Print a line for each server."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--symbols", type=int, default=20, help="of each client")
    options = parser.parse_args()
    for server in SERVERS:
        report = measure(server, options.clients, options.symbols)
        kilobytes = (report.server_bytes_per_client or 0) / 1000
        print(f"{server}: {kilobytes:.1f} KB per socket, {report.gaps} gaps", flush=True)


if __name__ == "__main__":
    main()
