"""A running server as the tests see it: where it is, who may enter, what its process holds."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import urlopen

from tests.support import storage
from tests.support.feed_process import running_feed
from tests.support.places import ROOT
from tests.support.redis_server import running_redis
from tests.support.stopping import wait_for_end
from tests.support.storage import environment
from tests.support.waiting import PATIENCE_S, wait_until

SERVER = "tests/support/census_server.py"


class Served:
    """A running server: where it is, who may enter, and what its process holds."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        log: Path,
        process: subprocess.Popen[bytes],
        ready: dict[str, Any],
    ):
        self.folder = folder
        self.environment = environment
        self._log = log
        self.process = process
        self.url: str = ready["url"]
        self.host = self.url.removeprefix("http://").rstrip("/")
        self.port = int(self.host.rpartition(":")[2])
        self.passwords: dict[str, str] = ready["users"]
        self.token: str = ready["token"]
        self.has_ended = False

    @property
    def socket_url(self) -> str:
        """Return the address of the WebSocket, as viewer."""
        return f"ws://viewer:{self.token}@{self.host}/ws/v1/"

    def stop(self) -> None:
        """End it as a deployment would; it must end well."""
        self.has_ended = True
        self.process.terminate()
        wait_for_end(self.process, self.log)

    def kill(self) -> None:
        """End it as a crash would (kill -9)."""
        self.has_ended = True
        self.process.kill()
        self.process.wait()

    def census(self) -> dict[str, int]:
        """Return what the process holds, once cyclic garbage is collected."""
        return self._ask("census/")

    def holdings(self) -> dict[str, int]:
        """Return what the process holds, and leave its garbage alone."""
        return self._ask("holdings/")

    def manage(self, *arguments: str) -> str:
        """Run a management command with the settings of the server."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.decode().strip()

    def run(self, script: str) -> None:
        """Run a script with the settings of the server, as another process on its rows."""
        command = [sys.executable, "-c", script]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, timeout=120)

    def board(self) -> dict[str, Any]:
        """Return the engine's board and its position, and the same in display."""
        return self._ask("board/")

    def statements(self) -> dict[str, int]:
        """Return how often each statement went to the database since the last look."""
        return self._ask("queries/")

    def wait_for_events(self, count: int) -> None:
        """Wait until the market has made so many events more."""
        end = self._sequence() + count
        wait_until(lambda: self._sequence() >= end, 60)

    def _sequence(self) -> int:
        return int(self.board()["position"].partition(":")[2])

    def wait_for_board(self) -> None:
        """Wait until there is something to read."""
        self._ask("begun/")

    def end_sockets(self) -> None:
        """End every WebSocket with 1000."""
        self._ask("end/")

    def age_sockets(self) -> None:
        """Make every WebSocket decades old, for a server that looks at that."""
        self._ask("age/")

    def look_at_loop(self) -> dict[str, Any]:
        """Return what held the loop up since the last look; the first look begins the watch."""
        return self._ask("loop/")

    def hold_loop_up(self) -> None:
        """Do what must not be done in a loop."""
        self._ask("hold-up/")

    def limit_storage(self, how: str) -> None:
        """Make the SQLite database full, read-only or writable again."""
        self._ask(f"{how}/")

    def log(self) -> str:
        """Return what the server wrote to its log."""
        return self._log.read_text()

    def _ask(self, path: str) -> Any:
        with urlopen(f"{self.url}{path}", timeout=PATIENCE_S) as answer:
            return json.load(answer)


@contextmanager
def serve(folder: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """Run a server of its own; at the end it must stop cleanly and show no traceback.

    One that the test has ended needs only to show none.
    In a run on PostgreSQL and Redis, a test that names neither gets a Redis and a feed as well.
    """
    if not storage.IS_SHARED or settings.keys() & {"REDIS_URL", "DATABASE_URL"}:
        with _serving(folder, *arguments, **settings) as served:
            if "REDIS_URL" not in settings:  # the board comes from the feed's process
                served.wait_for_board()
            yield served
        return
    storage.make_tables(folder)
    with TemporaryDirectory() as place, running_redis(Path(place)) as redis:
        settings |= {"REDIS_URL": redis.url}
        with (  # the feed finds its rows when the site has made them; both start at once
            running_feed(folder, redis, **settings),
            _serving(folder, *arguments, **settings) as served,
        ):
            served.wait_for_board()
            yield served


@contextmanager
def _serving(folder: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    command = [
        sys.executable,
        "tests/support/census_server.py",
        "--json",
        "--port",
        "0",
        "--no-browser",
    ]
    file = folder / f"log-{os.urandom(3).hex()}"
    surroundings = environment(folder) | settings
    with file.open("wb") as log:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=surroundings,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the server did not start:\n{file.read_text()}"
        served = Served(folder, surroundings, file, process, json.loads(line))
        yield served
        if not served.has_ended:
            served.stop()
        assert not has_failed(served.log())
    finally:
        process.kill()
        process.wait()


CHAINED: Final = (
    "\nThe above exception was the direct cause of the following exception:",
    "\nDuring handling of the above exception, another exception occurred:",
)
"""What Python writes between the tracebacks of errors of which one led to the next."""


def has_failed(log: str) -> bool:
    """Say whether a log tells of an error; Django writes a refusal (403) as one, too.

    An error that led to another one has a traceback of its own.
    """
    errors = log.count("Traceback") - sum(map(log.count, CHAINED))
    return errors > log.count("\ndjango.core.exceptions.PermissionDenied")


OPERATE = """
import django
django.setup()
from feeds.services import feeds as services
from feeds.models import Feed
services.{service}(Feed.objects.get(), actor=None)
"""


def operate_feed(web: Served, service: str) -> None:
    """Start or pause the feed by the rows alone, as an admin in another process does."""
    web.run(OPERATE.format(service=service))
