"""How soon a standby takes over after kill -9: uv run python -m tests.benchmarks.standby

From the kill of the feed to the first tick of the new market that a reader gets over WebSocket.
"""

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from websockets.sync.client import ClientConnection, connect

from tests.support.feed_process import running_feed
from tests.support.redis_server import running_redis
from tests.support.served import Served, serve
from tests.support.waiting import wait_until

WAITS = "another feed runs, this one waits"
SUBSCRIBE = {"method": "subscribe", "params": {"channel": "ticker", "symbols": ["*"]}, "id": 1}


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def await_tick(reader: ClientConnection, *, after: str) -> str:
    """Read frames until a market other than `after` has a tick; return its epoch."""
    epoch = after
    while True:
        frame = json.loads(reader.recv(timeout=60))
        epoch = str(frame.get("epoch", epoch))
        if frame.get("channel") == "ticker" and "from" in frame and epoch != after:
            return epoch


def take_over(folder: Path, place: Path, instruments: int) -> tuple[float, float]:
    """Return the seconds until the first tick of the standby, and its CPU time until then."""
    with (
        running_redis(place) as redis,
        serve(folder, "--instruments", str(instruments), REDIS_URL=redis.url) as web,
        running_feed(folder, redis) as feed,
        begun(web),
        running_feed(folder, redis) as standby,
    ):
        wait_until(lambda: WAITS in standby.log(), 120)
        settle(standby.process.pid)
        with connect(web.socket_url, compression=None, max_size=None) as reader:
            reader.send(json.dumps(SUBSCRIBE))
            epoch = await_tick(reader, after="")
            before_s, killed_s = cpu_s(standby.process.pid), time.perf_counter()
            feed.kill()
            await_tick(reader, after=epoch)
            return time.perf_counter() - killed_s, cpu_s(standby.process.pid) - before_s


@contextmanager
def begun(web: Served) -> Iterator[None]:
    """Wait for the market of the first feed: a later feed has to wait for its turn."""
    web.wait_for_board()
    yield


def settle(pid: int) -> None:
    """Wait until a process does hardly anything: the rehearsal is over."""
    process = psutil.Process(pid)
    wait_until(lambda: process.cpu_percent(interval=2.0) < 5, 120)


def main() -> None:
    """Take over some times, and print how long that took."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--instruments", type=int, default=60)
    options = parser.parse_args()
    for _ in range(options.times):
        with TemporaryDirectory() as folder, TemporaryDirectory() as place:
            took_s, took_cpu_s = take_over(Path(folder), Path(place), options.instruments)
        print(f"{took_s:.2f} s, of which {took_cpu_s:.2f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
