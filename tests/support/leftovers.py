"""Ends what a run of tests started, once the run itself is gone.

A run that is killed stops none of its servers. So a process outside the run waits for its end; then
it ends all processes with the run's mark among their environment variables. Children inherit it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from uuid import uuid4

import psutil

MARK: Final = "TEST_RUN_MARK"
STOP_S: Final = 5.0
"""How long a process may take to end by itself; servers say goodbye to their readers."""
_WATCHERS: Final[list[subprocess.Popen[bytes]]] = []
"""Kept for their pipes, which only the end of this process shall close."""


def watch_over_this_run() -> None:
    """Start the process that waits for the end of this one.

    Workers, and runs that a test starts, have the mark of the whole run already.
    """
    if MARK in os.environ:
        return
    command = [sys.executable, __file__, mark := uuid4().hex]
    # In a session of its own: Ctrl-C and the end of the terminal do not reach it.
    watcher = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _WATCHERS.append(watcher)
    os.environ[MARK] = mark


def end_marked(mark: str) -> None:
    """End all processes that have a mark, at first so that they can stop what they do."""
    found = list(_marked(mark))
    for process in found:
        _send(process, signal.SIGTERM)
    psutil.wait_procs(found, timeout=STOP_S)
    for process in _marked(mark):
        _send(process, signal.SIGKILL)


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process still runs; a zombie only waits to be counted."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it has ended meanwhile, or is somebody else's
            if process.environ().get(MARK) == mark:
                yield process


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)


if __name__ == "__main__":
    sys.stdin.buffer.read()  # nothing is ever written: it ends with the run
    end_marked(sys.argv[1])
