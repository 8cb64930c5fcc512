"""How soon a web process is ready: uv run python -m tests.benchmarks.start

From the start of `manage.py serve` until /readyz answers 200, behind Redis and PostgreSQL with a
feed that runs. The wall time holds what else the machine does; the CPU time hardly does.
"""

import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from tests.support.feed_process import running_feed
from tests.support.postgres_server import running_postgres
from tests.support.redis_server import running_redis
from tests.support.served import serve
from tests.support.waiting import wait_until
from tests.support.web_process import running_web

SERVERS = ("daphne", "uvicorn")


def start(folder: Path, server: str, settings: dict[str, str]) -> tuple[float, float]:
    """Return the seconds until a web process is ready, and its CPU time until then."""
    begun_s = time.perf_counter()
    with running_web(folder, server, **settings) as web:
        wait_until(lambda: web.status("readyz") == 200)
        took_s = time.perf_counter() - begun_s
        spent = psutil.Process(web.process.pid).cpu_times()
        return took_s, spent.user + spent.system


def main() -> None:
    """Start web processes of both servers in turn, and print how long that took."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--instruments", type=int, default=500)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder, place = (Path(stack.enter_context(TemporaryDirectory())) for _ in range(2))
        redis = stack.enter_context(running_redis(place))
        url = stack.enter_context(running_postgres()).create("market")
        settings = {"REDIS_URL": redis.url, "DATABASE_URL": url}
        rows = ("--instruments", str(options.instruments))
        with serve(folder, *rows, **settings):  # makes the rows
            pass
        stack.enter_context(running_feed(folder, redis, **settings))
        wait_until(lambda: redis.client().exists("market:board"))
        for server in SERVERS:
            found = [start(folder, server, settings) for _ in range(options.times)]
            wall_s, cpu_s = (median(figures) for figures in zip(*found, strict=True))
            longest_s = max(took_s for took_s, _ in found)
            print(
                f"{server}: ready after {wall_s:.2f} s (longest of {options.times}:"
                f" {longest_s:.2f} s), of which {cpu_s:.2f} s of CPU",
                flush=True,
            )


if __name__ == "__main__":
    main()
