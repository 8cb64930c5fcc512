"""A real server of its own for tests with real sockets, and people who are signed in to it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Served:
    """A running server: where it is, who may enter, and what its process holds."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], ready: dict[str, Any]):
        self.folder = folder
        self.process = process
        self.url: str = ready["url"]
        self.host = self.url.removeprefix("http://").rstrip("/")
        self.port = int(self.host.rpartition(":")[2])
        self.passwords: dict[str, str] = ready["users"]
        self.token = self.manage("token", "viewer")

    @property
    def socket_url(self) -> str:
        """Return the address of the WebSocket, as viewer."""
        return f"ws://viewer:{self.token}@{self.host}/ws/v1/"

    def census(self) -> dict[str, int]:
        """Return what the process holds."""
        with urlopen(f"{self.url}census/", timeout=10) as answer:
            return json.load(answer)

    def manage(self, *arguments: str) -> str:
        """Run a management command on the data of the server."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=os.environ | {"MARKET_DATA_DIR": str(self.folder)},
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.decode().strip()

    def log(self) -> str:
        """Return what the server wrote to its log."""
        return (self.folder / "log").read_text()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server at 200 ticks/s; at the end it must stop cleanly and have no traceback to show."""
    folder = tmp_path_factory.mktemp("served")
    settings = {"MARKET_DATA_DIR": str(folder), "MARKET_PING_S": "1", "PYTHONPATH": _path()}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "tests/census_server.py", "--json", "--port", "0", "--no-browser"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log,
            env=os.environ | settings,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        served = Served(folder, process, json.loads(process.stdout.readline()))
        yield served
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert "Traceback" not in served.log()
    finally:
        process.kill()
        process.wait()


def _path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def eventually():
    import time

    def wait(predicate, timeout: float = 15.0) -> None:
        end = time.monotonic() + timeout
        while not predicate():
            assert time.monotonic() < end, "it never happened"
            time.sleep(0.05)

    return wait
