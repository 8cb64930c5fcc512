"""A plugin of pytest that collects once, and then tries each fault in a fork of itself.

A fork costs a third of a second, a new pytest ten times that. It reads requests as lines of JSON:
a fault, and the files of tests that shall notice it. It answers each with a line: the first test
that failed, or null. A test that fails without the fault as well notices nothing.
"""

import json
import os
import resource
import select
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import pytest

from tests.planted.new_code import LoadedFunctions, NotInFunctions

REQUESTS: Final = "PLANTED_REQUESTS"
ANSWERS: Final = "PLANTED_ANSWERS"
"""Name the file descriptors of the two pipes in the environment."""
MEMORY_BYTES: Final = 6 << 30
"""A fault in a loop may fill the memory long before a test's time is over."""
TEST_LIMIT_S: Final = 60
"""A test that takes longer hangs; without a fault none of the fast tests takes a tenth of that."""
BEGINS: Final = b"."
"""What a fork says before each test, so that one that hangs is known."""


class Failures:
    """Which tests have failed."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a test that fails."""
        if report.failed:
            self.tests.append(report.nodeid)


class OnlySession:
    """Stands for a next test that shares nothing but the session with the last one."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session

    def listchain(self) -> list[pytest.Session]:
        """Return what is not torn down."""
        return [self._session]


class Forks:
    """Tries faults, each in a fork."""

    def __init__(self, session: pytest.Session, failures: Failures) -> None:
        self._root = session.config.rootpath
        self._items: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            path = item.path.relative_to(self._root).as_posix()
            self._items.setdefault(path, []).append(item)
        self._failures = failures
        self._functions = LoadedFunctions()
        self._sound: dict[str, bool] = {}

    def answer(self, request: dict[str, Any]) -> str | None:
        """Return the first test that notices a fault, or None."""
        items = [item for file in request["files"] for item in self._items.get(file, ())]
        while True:
            asked = [item for item in items if self._sound.get(item.nodeid, True)]
            failed = self._first_failure(asked, request)
            if failed is None or self._passes_without(failed, items):
                return failed

    def _passes_without(self, test: str, items: Iterable[pytest.Item]) -> bool:
        if test not in self._sound:
            alone = [item for item in items if item.nodeid == test]
            self._sound[test] = self._first_failure(alone, None) is None
        return self._sound[test]

    def _first_failure(
        self, items: Sequence[pytest.Item], fault: dict[str, Any] | None
    ) -> str | None:
        """Run tests in a fork until one fails or takes too long; return its name.

        A fault that cannot be planted is not noticed.
        """
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            self._run(items, fault, writing)
        os.close(writing)
        try:
            return heard_from(reading, [item.nodeid for item in items])
        finally:
            os.close(reading)
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)

    def _run(
        self, items: Sequence[pytest.Item], fault: dict[str, Any] | None, writing: int
    ) -> None:
        """Be the fork: run the tests, say which one fails, and end."""
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            if fault is not None:
                self._plant(fault)
            for item, following in zip(items, [*items[1:], None], strict=True):
                os.write(writing, BEGINS)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failures.tests:
                    os.write(writing, self._failures.tests[0].encode())
                    break
        except NotInFunctions:
            pass
        finally:
            os._exit(0)

    def _plant(self, fault: dict[str, Any]) -> None:
        file = self._root / fault["path"]
        source = file.read_text()
        changed = source[: fault["start"]] + fault["becomes"] + source[fault["end"] :]
        self._functions.change(str(file), source, changed)


def heard_from(reading: int, tests: Sequence[str], *, limit_s: float = TEST_LIMIT_S) -> str | None:
    """Return the test that a fork names before it ends, if any, or the test that does not end."""
    said = b""
    while select.select([reading], [], [], limit_s)[0]:
        piece = os.read(reading, 4096)
        if not piece:
            return said.lstrip(BEGINS).decode() or None
        said += piece
    return tests[said.count(BEGINS) - 1] if said else None


def _prepare_database(session: pytest.Session) -> None:
    """Run a test that uses the database, so that no fork has to make one."""
    for item in session.items:
        if item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ()):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=OnlySession(session))
            return


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Answer requests until there are no more, instead of running the tests."""
    if session.testsfailed:
        raise session.Interrupted("not all tests can be collected")
    failures = Failures()
    session.config.pluginmanager.register(failures)
    _prepare_database(session)
    failures.tests.clear()
    forks = Forks(session, failures)
    requests, answers = (int(os.environ[name]) for name in (REQUESTS, ANSWERS))
    with os.fdopen(requests) as reading, os.fdopen(answers, "w", buffering=1) as writing:
        for line in reading:
            print(json.dumps(forks.answer(json.loads(line))), file=writing)
    return True
