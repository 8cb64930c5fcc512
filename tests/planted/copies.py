"""Run tests on copies of the tree, so that no fault ever stands in the checkout."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final, Literal, NamedTuple, TextIO

from tests.planted.concerned import Stage
from tests.planted.fault import Fault
from tests.planted.forked_tests import MEMORY_BYTES, TEST_LIMIT_S
from tests.planted.forks import ForkingTests

NO_TESTS: Final = 5
"""The exit code of pytest when it found no test to run."""
FAILED: Final = re.compile(
    r"^(tests/\S+?\.py.*?) failed \((?:setup|call|teardown)\)$", re.MULTILINE
)
"""How tests/conftest.py names a test that fails."""
QUIET: Final = (
    "-q", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--hypothesis-profile=busy",
)  # fmt: skip
NEVER_LONGER: Final = (
    *("-o", f"faulthandler_timeout={TEST_LIMIT_S}", "-o", "faulthandler_exit_on_timeout=true"),
)

Verdict = Literal["noticed", "survived", "no test", "too long"]


class Outcome(NamedTuple):
    """What became of a fault, which test noticed it, and how long that took."""

    verdict: Verdict
    by: str
    took_s: float


def copied(root: Path, to: Path) -> Path:
    """Copy all files of a checkout but the ignored ones, and compile them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)
    compile_by_hash(to)
    return to


def compile_by_hash(folder: Path) -> None:
    """Compile the modules of a copy to files that know their sources by a hash.

    A time would not change with a fault that is planted within the second, and the module without
    the fault would be run.
    """
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    subprocess.run([*compiling, "."], cwd=folder, check=True)


class Tree:
    """A copy of the tree, in which one fault at a time is planted.

    With forks, the fast tests are first tried on functions in memory: that takes a tenth of the
    time, and most faults are noticed there. Whatever is not is planted in the file.
    """

    def __init__(self, folder: Path, *, limit_s: float, with_forks: bool = False) -> None:
        self._folder = folder
        self._limit_s = limit_s
        self._with_forks = with_forks
        self._sound: set[str] = set()
        self.left_out: set[str] = set()
        self._running: subprocess.Popen[bytes] | None = None
        self._has_ended = False
        self._beginning = Lock()
        self._forks: ForkingTests | None = None

    def tried(self, fault: Fault, stages: Sequence[Stage]) -> Outcome:
        """Plant a fault, run the stages until a test notices it, and take the fault out.

        A test that fails without the fault as well notices nothing: it is left out from then on.

        Raises:
            RuntimeError: the tests cannot be collected, or `end` was called by another thread.
        """
        began_s = time.monotonic()
        verdict: Verdict = "noticed"
        by = self._noticed_in_a_fork(fault, stages)
        if by is None:
            verdict, by = self._judged(fault, stages)
            while verdict == "noticed" and self._fails_anyway(by):
                verdict, by = self._judged(fault, stages)
        return Outcome(verdict, by, round(time.monotonic() - began_s, 1))

    def end(self) -> None:
        """End the tests that run now, with all that they started, and begin no others."""
        with self._beginning:
            self._has_ended = True
            if self._forks is not None:
                self._forks.end()
            self._end_run()

    def _noticed_in_a_fork(self, fault: Fault, stages: Sequence[Stage]) -> str | None:
        if not self._with_forks or not fault.path.endswith(".py"):
            return None
        with self._beginning:
            self._refuse_after_the_end()
            if self._forks is None:
                options = [*QUIET, "-m", "not slow"]
                self._forks = ForkingTests(self._folder, options, self._environment())
        files = [name for stage in stages if "-m" not in stage for name in stage]
        return self._forks.notice(fault, files)

    def _end_run(self) -> None:
        if (running := self._running) is not None:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)

    def _judged(self, fault: Fault, stages: Sequence[Stage]) -> tuple[Verdict, str]:
        file = self._folder / fault.path
        source = file.read_text()
        file.write_text(fault.planted_in(source))
        try:
            return self._run(stages, _memory_for(fault))
        finally:
            file.write_text(source)

    def _run(self, stages: Sequence[Stage], memory: int) -> tuple[Verdict, str]:
        verdict: Verdict = "no test"
        for stage in stages:
            deselected = [f"--deselect={test}" for test in self.left_out]
            code, said = self._pytest(["-m", "not slow", *deselected, *stage], memory)
            if code is None:
                return "too long", ""
            if code not in (0, NO_TESTS):
                return "noticed", _noticed_by(said)
            if code == 0:
                verdict = "survived"
        return verdict, ""

    def _fails_anyway(self, test: str) -> bool:
        if test in self._sound or not test.startswith("tests/"):
            return False
        code, _ = self._pytest([test], resource.RLIM_INFINITY)
        (self._sound if code == 0 else self.left_out).add(test)
        return code != 0

    def _pytest(self, arguments: Sequence[str], memory: int) -> tuple[int | None, str]:
        """Return the exit code and what was said; the code is None if it took too long."""
        output = self._folder.with_suffix(".output")
        with output.open("w") as log:
            process = self._begin(arguments, log)
            code: int | None = None
            try:
                resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
                code = process.wait(self._limit_s)
            except subprocess.TimeoutExpired:
                pass
            finally:
                # A test that was ended with its process leaves its servers behind.
                self._end_run()
                process.wait()
                self._running = None
        self._refuse_after_the_end()
        return code, output.read_text(errors="replace")

    def _begin(self, arguments: Sequence[str], log: TextIO) -> subprocess.Popen[bytes]:
        with self._beginning:
            self._refuse_after_the_end()
            self._running = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-x", *QUIET, *NEVER_LONGER, *arguments],
                cwd=self._folder, stdout=log, stderr=subprocess.STDOUT,
                env=self._environment(), start_new_session=True,
            )  # fmt: skip
            return self._running

    def _refuse_after_the_end(self) -> None:
        if self._has_ended:
            raise RuntimeError("the tests were ended")

    def _environment(self) -> dict[str, str]:
        unwanted = ("CI", "DJANGO_SETTINGS_MODULE", "PYTEST", "PYTHONDONTWRITEBYTECODE", "TEST_")
        kept = {key: text for key, text in os.environ.items() if not key.startswith(unwanted)}
        return kept | {"PYTHONPATH": str(self._folder)}


def _memory_for(fault: Fault) -> int:
    """Return how many bytes a run may reserve; a browser reserves any number, and has a limit."""
    return resource.RLIM_INFINITY if fault.path.endswith(".js") else MEMORY_BYTES


def _noticed_by(said: str) -> str:
    """Return the first test that failed, or what else was wrong: an import, a test that hangs."""
    if found := FAILED.search(said):
        return found[1]
    if "Timeout (" in said:
        return f"a test took longer than {TEST_LIMIT_S} s"
    return next((line for line in said.splitlines() if line.startswith("E ")), "no test began")
