"""The project itself: each server with the market in its process, or behind Redis."""

import asyncio
import json
import subprocess
import sys

from dashboard.loadtest.clients import catalogue
from dashboard.loadtest.plan import Plan
from tests.benchmarks.peers.peer import Bench, Running, Start, Work
from tests.benchmarks.peers.processes import first_line, on_cores, running
from tests.benchmarks.readers.wires import ProjectWire
from tests.support.feed_process import running_feed
from tests.support.places import ROOT
from tests.support.redis_server import running_redis
from tests.support.storage import environment
from tests.support.waiting import wait_until

USER = "viewer"
MANY = "100000"
LIMITS = {
    "MARKET_REQUESTS_PER_S": MANY,
    "MARKET_CONNECTIONS_PER_USER": MANY,
    "MARKET_MAX_SUBSCRIBERS": MANY,
}


def in_memory(server: str) -> Start:
    """Return how to start a server that makes its ticks itself."""

    def start(work: Work, bench: Bench) -> Running:
        return _site(server, work, bench, LIMITS)

    return start


def behind_redis(server: str) -> Start:
    """Return how to start a server that reads the ticks of a feed in another process."""

    def start(work: Work, bench: Bench) -> Running:
        redis = bench.stack.enter_context(running_redis(bench.folder))
        limits = LIMITS | {"REDIS_URL": redis.url}
        site = _site(server, work, bench, limits, has_market=False)
        feed = bench.stack.enter_context(running_feed(bench.folder, redis, **LIMITS))
        site.symbols = _symbols(site.port, _token(bench), work.instruments)
        assert redis.process is not None
        site.others = {"redis": redis.process.pid, "feed": feed.process.pid}
        return site

    return start


def _site(
    server: str, work: Work, bench: Bench, settings: dict[str, str], *, has_market: bool = True
) -> Running:
    command = [
        sys.executable, "manage.py", "demo", "--json", "--port=0", "--no-browser",
        f"--server={server}", f"--instruments={work.instruments}",
        f"--rate={work.daily_rate or work.rate}",
    ]  # fmt: skip
    log = bench.folder / "web.log"
    process = bench.stack.enter_context(
        running(command, bench.cores.server, log, environment(bench.folder) | settings)
    )
    port = int(json.loads(first_line(process, log))["url"].rstrip("/").rpartition(":")[2])
    token = _token(bench)
    wire = ProjectWire(user=USER, token=token, pace=work.pace, has_positions=True)
    symbols = _symbols(port, token, work.instruments) if has_market else []
    return Running(port, process.pid, wire, symbols)


def _token(bench: Bench) -> str:
    command = [sys.executable, "manage.py", "token", USER]
    surroundings = environment(bench.folder)
    with on_cores(bench.cores.others):
        done = subprocess.run(
            command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, check=True
        )
    return done.stdout.decode().strip()


def _symbols(port: int, token: str, instruments: int) -> list[str]:
    """Return the symbols of the market once it has begun."""
    plan = Plan(
        url=f"http://127.0.0.1:{port}", user=USER, token=token,
        clients=1, symbols=1, seconds=0, warmup_s=0,
    )  # fmt: skip
    found: list[str] = []

    def is_complete() -> bool:
        found[:] = asyncio.run(catalogue(plan))
        return len(found) == instruments

    wait_until(is_complete)
    return found
