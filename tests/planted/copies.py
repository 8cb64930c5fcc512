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
from typing import Final, Literal, NamedTuple

from tests.planted.concerned import REAL, SCRIPT_TESTS, Stage
from tests.planted.fault import Fault

TEST_LIMIT_S: Final = 60
"""A test that takes longer hangs; without a fault none of the fast tests takes a tenth of that."""
MEMORY_BYTES: Final = 6 << 30
"""A fault in a loop may fill the memory long before a test's time is over."""
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
    """Copy all files of a checkout but the ignored ones, and compile them.

    The compiled files know their sources by a hash: a time would not change with a fault that is
    planted within the second, and the module without the fault would be run.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    subprocess.run([*compiling, "feeds", "dashboard", "tests"], cwd=to, check=True)
    return to


class Tree:
    """A copy of the tree, in which one fault at a time is planted."""

    def __init__(self, folder: Path, *, with_slow: bool, limit_s: float) -> None:
        self._folder = folder
        self._limit_s = limit_s
        self._marks = () if with_slow else ("-m", "not slow")

    def failing(self, workers: int) -> list[str]:
        """Return the fast tests that fail without any fault; the other runs leave them out.

        Folders whose tests are only asked about slow ones do not matter here.
        """
        unused = [f"--ignore={folder}" for folder in REAL if folder != SCRIPT_TESTS]
        arguments = ["-q", "-n", str(workers), "-m", "not slow", *unused, *NEVER_LONGER]
        code, said = self._pytest(arguments, 10 * self._limit_s, compiles=True)
        found = sorted(set(FAILED.findall(said)))
        if code and not found:
            raise RuntimeError(f"the tests do not run without a fault:\n{said[-2000:]}")
        return found

    def tried(self, fault: Fault, stages: Sequence[Stage], left_out: Sequence[str]) -> Outcome:
        """Plant a fault, run the stages until a test notices it, and take the fault out."""
        file = self._folder / fault.path
        source = file.read_text()
        began_s = time.monotonic()
        file.write_text(fault.planted_in(source))
        try:
            verdict, by = self._judged(stages, left_out, _memory_for(fault))
        finally:
            file.write_text(source)
        return Outcome(verdict, by, round(time.monotonic() - began_s, 1))

    def _judged(
        self, stages: Sequence[Stage], left_out: Sequence[str], memory: int
    ) -> tuple[Verdict, str]:
        verdict: Verdict = "no test"
        deselected = [f"--deselect={test}" for test in left_out]
        for stage in stages:
            arguments = ["-x", *QUIET, *self._marks, *NEVER_LONGER, *deselected, *stage]
            code, said = self._pytest(arguments, self._limit_s, memory=memory)
            if code is None:
                return "too long", ""
            if code not in (0, NO_TESTS):
                return "noticed", _noticed_by(said)
            if code == 0:
                verdict = "survived"
        return verdict, ""

    def _pytest(
        self,
        arguments: Sequence[str],
        limit_s: float,
        *,
        memory: int = resource.RLIM_INFINITY,
        compiles: bool = False,
    ) -> tuple[int | None, str]:
        """Return the exit code and what was said; the code is None if it took too long."""
        output = self._folder.with_suffix(".output")
        with output.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=self._folder, stdout=log, stderr=subprocess.STDOUT,
                env=self._environment(compiles), start_new_session=True,
            )  # fmt: skip
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
            code: int | None = None
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(limit_s)
            # A test that was ended with its process leaves its servers behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return code, output.read_text(errors="replace")

    def _environment(self, compiles: bool) -> dict[str, str]:
        ours = {"PYTHONPATH": str(self._folder)}
        if not compiles:
            ours["PYTHONDONTWRITEBYTECODE"] = "1"
        unwanted = ("CI", "DJANGO_SETTINGS_MODULE", "PYTEST", "PYTHONDONTWRITEBYTECODE", "TEST_")
        kept = {key: text for key, text in os.environ.items() if not key.startswith(unwanted)}
        return kept | ours


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
