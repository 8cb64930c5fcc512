"""A run of tests that is killed leaves no process behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.leftovers import MARK, is_alive
from tests.support.places import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

TEST = """
import os, signal, subprocess, sys
from pathlib import Path

WAIT = "import signal; {stop}; print('ready', flush=True); signal.pause()"

def test_that_waits(tmp_path):
    numbers = [os.getpid()]
    for stop in ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "pass"):
        command = [sys.executable, "-c", WAIT.format(stop=stop)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        assert child.stdout.readline() == b"ready\\n"
        numbers.append(child.pid)
    unfinished = Path(__file__).with_name("unfinished")
    unfinished.write_text(" ".join(map(str, numbers)))
    unfinished.rename(unfinished.with_name("numbers"))
    signal.pause()
"""


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGKILL, 0)]
)
def test_a_run_that_is_killed_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals, workers: int
) -> None:
    (tmp_path / "test_waits.py").write_text(TEST)
    flags = ["-q", "-n", str(workers), "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *flags, "-c", "pyproject.toml", "-p", "tests.conftest",
         str(tmp_path)],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    numbers = tmp_path / "numbers"
    wait_until(lambda: numbers.exists() or run.poll() is not None)
    processes = [psutil.Process(int(pid)) for pid in numbers.read_text().split()]
    run.send_signal(number)
    run.wait()
    wait_until(lambda: not any(map(is_alive, processes)))
