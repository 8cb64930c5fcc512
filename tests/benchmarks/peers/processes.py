"""Processes of a benchmark: on which core they run, what they cost, and how they end."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection
from typing import Final, NamedTuple

import psutil

from tests.support.places import ROOT
from tests.support.waiting import wait_until

START_S: Final = 60
STOP_S: Final = 10
HOST: Final = "127.0.0.1"


class Cores(NamedTuple):
    """The server has a core of its own; readers, Redis and who publishes share the others."""

    server: set[int]
    others: set[int]


class Usage(NamedTuple):
    """CPU seconds and memory of a process and its children, as the kernel counts them."""

    cpu_s: float
    memory_bytes: int


def cores() -> Cores:
    """Return who runs where; with one core all share it."""
    every = sorted(os.sched_getaffinity(0))
    return Cores({every[0]}, set(every[1:] or every))


def usage_of(number: int) -> Usage:
    """Return what a process and its children have used."""
    cpu_s, memory_bytes = 0.0, 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        for member in (process, *process.children(recursive=True)):
            times = member.cpu_times()
            cpu_s += times.user + times.system
            memory_bytes += member.memory_info().rss
    return Usage(cpu_s, memory_bytes)


@contextmanager
def on_cores(chosen: set[int]) -> Iterator[None]:
    """Let this thread, and what it starts meanwhile, run on some cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    command: Sequence[str], chosen: set[int], log: Path, environment: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of a benchmark on some cores; its first line can be read."""
    with on_cores(chosen), log.open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill one that is too busy to hear."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def first_line(process: subprocess.Popen[bytes], log: Path) -> bytes:
    """Return the line by which a program says that it is ready."""
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise SystemExit(f"{process.args} did not start:\n{log.read_text()}")
    return line


def wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a program that says nothing listens."""
    wait_until(lambda: process.poll() is not None or _listens(port), START_S)
    if process.poll() is not None:
        raise SystemExit(f"{process.args} did not start:\n{log.read_text()}")


def python(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module with this Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def _listens(port: int) -> bool:
    try:
        create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True
