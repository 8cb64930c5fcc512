"""`manage.py runfeed` on a data folder and a Redis, as a process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.places import ROOT
from tests.support.redis_server import RedisServer
from tests.support.stopping import wait_for_end
from tests.support.storage import environment


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
        wait_for_end(self.process, self.log)

    def kill(self) -> None:
        """End it as a crash would (kill -9), frozen or not."""
        self.is_killed = True
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """Return what it wrote to its log."""
        return self._file.read_text()


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
