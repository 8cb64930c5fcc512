"""The pytest of a copy of the tree that tries faults in forks of itself (`forked_tests.py`)."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tests.planted.fault import Fault
from tests.planted.forked_tests import ANSWERS, REQUESTS

PLUGIN: Final = "tests.planted.forked_tests"
FOLDERS: Final = ("tests/feeds", "tests/dashboard")
"""Whose fast tests are collected: they are about functions, and need no server."""


class ForkingTests:
    """Collects the fast tests of a folder once; then faults are noticed much sooner."""

    def __init__(
        self, folder: Path, options: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._output = folder.with_suffix(".forks")
        for_requests, self._requests = os.pipe()
        self._answers, for_answers = os.pipe()
        pipes = {REQUESTS: str(for_requests), ANSWERS: str(for_answers)}
        folders = [name for name in FOLDERS if (folder / name).is_dir()]
        with self._output.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-p", PLUGIN, *options, *folders],
                cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env={**environment, **pipes}, pass_fds=(for_requests, for_answers),
            )  # fmt: skip
        os.close(for_requests)
        os.close(for_answers)
        self._asking = os.fdopen(self._requests, "w", buffering=1)
        self._hearing = os.fdopen(self._answers)

    def notice(self, fault: Fault, files: Sequence[str]) -> str | None:
        """Return the first test in these files that notices a fault; None if none does.

        A fault outside of functions cannot be tried like this, and is not noticed.

        Raises:
            RuntimeError: the tests cannot be collected, or have been ended.
        """
        try:
            print(json.dumps({**fault._asdict(), "files": files}), file=self._asking)
            line = self._hearing.readline()
        except OSError:
            line = ""
        if not line:
            raise RuntimeError(f"the forking tests ended: {self._output.read_text()[-2000:]}")
        test: str | None = json.loads(line)
        return test

    def end(self) -> None:
        """End the tests and their forks; it is no error if they have ended."""
        with suppress(psutil.NoSuchProcess):
            tests = psutil.Process(self._process.pid)
            tests.suspend()  # or another fork could begin
            # A fork has a session of its own, and nobody else would end one that hangs.
            for process in [tests, *tests.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait()
        for pipe in (self._asking, self._hearing):
            with suppress(OSError):  # a request that nobody reads any more
                pipe.close()
