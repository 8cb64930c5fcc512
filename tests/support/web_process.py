"""`manage.py serve` as a deployment runs it, as a process: it makes no rows and runs no migration.

with running_web(tmp_path, "uvicorn", REDIS_URL=redis.url, DATABASE_URL=url) as web:
    web.url, web.log(), web.status("readyz")
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.support.places import ROOT
from tests.support.stopping import wait_for_end
from tests.support.storage import environment
from tests.support.waiting import PATIENCE_S


class WebProcess:
    """A web process; `url` is where it is."""

    def __init__(self, folder: Path, server: str, **settings: str) -> None:
        self._file = folder / f"web-{os.urandom(3).hex()}.log"
        with self._file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", "0", "--server", server],
                cwd=ROOT, env=environment(folder) | settings,
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    def wait_until_it_listens(self) -> None:
        """Read its address."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Ready: "):
                self.url = line.removeprefix("Ready: ").strip()
                return
        raise AssertionError(self.log())

    def status(self, path: str) -> int:
        """Return the status of a page."""
        return self.ask(path)[0]

    def ask(self, path: str) -> tuple[int, str]:
        """Return status and text of a page."""
        try:
            with urlopen(f"{self.url}{path}", timeout=PATIENCE_S) as answer:
                return int(answer.status), answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def log(self) -> str:
        """Return what it wrote to its log."""
        return self._file.read_text()

    def stop(self) -> None:
        """End it as a deployment would; it must end well."""
        self.process.terminate()
        wait_for_end(self.process, self.log)


@contextmanager
def running_web(folder: Path, server: str, **settings: str) -> Iterator[WebProcess]:
    """Run a web process; at the end it must stop with 0 and show no traceback."""
    web = WebProcess(folder, server, **settings)
    try:
        web.wait_until_it_listens()
        yield web
        web.stop()
        assert "Traceback" not in web.log(), web.log()
    finally:
        web.process.kill()
        web.process.wait()
