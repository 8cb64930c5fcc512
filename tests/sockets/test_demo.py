"""The demo: it prints a line when it is ready, ends cleanly, and says what is wrong in one line."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from tests.support.places import ROOT
from tests.support.served import environment
from tests.support.stopping import STOP_S
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start management commands on a data folder of their own; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=environment(tmp_path), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> dict:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def end(process: subprocess.Popen[str], by: int) -> tuple[int, str, str]:
    process.send_signal(by)
    out, err = process.communicate(timeout=STOP_S)
    return process.returncode, out, err


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_ends_cleanly(start: Start, by: int) -> None:
    process = start("demo", "--json", "--port", "0", "--no-browser")
    url = ready(process)["url"]
    with urlopen(url, timeout=PATIENCE_S) as page:
        assert "Sign in" in page.read().decode()
    children = psutil.Process(process.pid).children(recursive=True)
    code, out, err = end(process, by)
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    assert not [child for child in children if child.is_running()]


def test_it_says_ready_once_and_how_to_sign_in(start: Start) -> None:
    process = start("demo", "--port", "0", "--no-browser")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    assert [line.split()[0] for line in lines] == ["Sign", "Sign", "The", "Ready:"]
    assert end(process, signal.SIGINT)[:2] == (0, "")


def test_the_next_run_keeps_data_and_passwords(start: Start) -> None:
    first = start("demo", "--json", "--port", "0", "--no-browser", "--instruments", "70")
    users = ready(first)["users"]
    end(first, signal.SIGINT)
    second = start("demo", "--json", "--port", "0", "--no-browser")
    assert ready(second)["users"] == users
    end(second, signal.SIGINT)
    count = "from feeds.models import Instrument; print(Instrument.objects.count())"
    assert start("shell", "-v", "0", "-c", count).communicate(timeout=60)[0].strip() == "70"


@pytest.mark.embedded("the database of a given folder is a file in it")
def test_data_goes_to_the_given_folder(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "another place"
    process = start("demo", "--json", "--port", "0", "--no-browser", "--data", str(folder))
    ready(process)
    end(process, signal.SIGINT)
    assert (folder / "market.sqlite3").exists()
    assert not (tmp_path / "market.sqlite3").exists()
    assert (folder / "accounts.json").stat().st_mode & 0o077 == 0


def test_a_busy_port_is_one_clear_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start("demo", "--port", port, "--no-browser")
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.count("\n") == 1
    assert port in err
    assert "--port" in err


@pytest.mark.parametrize(
    "flags",
    [("--port", "70000"), ("--port", "-1"), ("--rate", "0"), ("--rate", "nan"),
     ("--instruments", "0"), ("--instruments", "-5")],
)  # fmt: skip
def test_a_wrong_option_is_one_clear_line(start: Start, flags: tuple[str, str]) -> None:
    process = start(
        "demo", "--no-browser", *(("--port", "0") if flags[0] != "--port" else ()), *flags
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.count("\n") == 1, err
    assert flags[1] in err


def test_runserver_serves_and_ends_cleanly(start: Start, eventually: Callable[..., None]) -> None:
    start("migrate", "-v", "0").communicate(timeout=60)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start("runserver", "--noreload", f"127.0.0.1:{port}")

    def serves() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                return "Sign in" in page.read().decode()
        except URLError:
            return False

    eventually(serves)
    code, _, err = end(process, signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err


def test_a_token_needs_an_account(start: Start) -> None:
    start("migrate", "-v", "0").communicate(timeout=60)
    process = start("token", "nobody")
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "CommandError: there is no active account 'nobody'\n")
