"""What all tests share: options, order, honesty about skips, waiting, and a real server."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import pytest

from dashboard.process.garbage import collect_seldom, exempt_what_is_loaded
from tests.support import storage
from tests.support.bytecode import keep_bytecode
from tests.support.examples import FAST, load_profile
from tests.support.leftovers import watch_over_this_run
from tests.support.postgres_server import PostgresServer, running_postgres
from tests.support.redis_server import RedisServer, running_redis
from tests.support.scheduling import RoomScheduling
from tests.support.served import Served, serve
from tests.support.waiting import wait_until

collect_seldom()  # a sixth of the fast tier was collections that found nothing

POLL_S = 0.05
BROWSER_FOLDERS = ("/e2e/", "/js/")
SOCKETS = "/sockets/"

pytest_plugins = ["tests.support.browser", "tests.support.long_runs"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options that renew kept files after an intended change."""
    parser.addoption("--update-golden", action="store_true", help="write the golden frames anew")
    parser.addoption(
        "--update-screenshot", action="store_true", help="write README's pictures anew"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright leaves a loop running, where the ORM refuses to work.

    In the fast tier the tests of sockets come just before, as they share the site.
    On PostgreSQL and Redis, leave out what is about SQLite or the bus in memory.
    """
    is_fast = config.getoption("markexpr") == FAST
    items.sort(key=lambda item: _place(item.path.as_posix(), is_fast=is_fast))
    if storage.IS_SHARED:
        embedded = [item for item in items if item.get_closest_marker("embedded")]
        config.hook.pytest_deselected(items=embedded)
        items[:] = [item for item in items if not item.get_closest_marker("embedded")]


def _place(path: str, *, is_fast: bool) -> int:
    if any(name in path for name in BROWSER_FOLDERS):
        return 2
    return 1 if is_fast and SOCKETS in path else 0


def pytest_collection_finish() -> None:
    """Leave out of collections what stays to the end: modules, tests and their parameters."""
    exempt_what_is_loaded()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a test that is left out of a run and does not say why."""
    for marker in item.iter_markers("embedded"):
        if len(marker.args) != 1 or not marker.args[0]:
            raise pytest.UsageError(f'{item.nodeid}: say why, as in @pytest.mark.embedded("…")')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what would be skipped where CI_STRICT=1 says that nothing may be."""
    report = yield
    if report.skipped and os.environ.get("CI_STRICT") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {_reason(report)}"
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> RoomScheduling | None:
    """Share tests out by file, and some by what they share; another `--dist` stays as it is."""
    return RoomScheduling(config, log) if config.getoption("dist") == "loadfile" else None


class FailuresAtOnce:
    """Prints a failure when it happens: pytest keeps the texts until all tests are done."""

    def __init__(self, terminal: Any) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the test and what was wrong; also where workers run the tests."""
        if report.failed:
            self._terminal.write_line(f"\n{report.nodeid} failed ({report.when})")
            self._terminal.write_line(report.longreprtext)


def hear_interrupts() -> None:
    """Let the processes of tests end by Ctrl-C, also where the tests run in the background.

    A shell makes what it starts in the background ignore the signal, and children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run: interrupts, bytecode, how much is tried, and failures printed at once."""
    watch_over_this_run()
    hear_interrupts()
    load_profile(config)
    if sys.dont_write_bytecode and config.pluginmanager.hasplugin("cacheprovider"):
        keep_bytecode(config.cache.mkdir("bytecode"))
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say plainly what was skipped, and why; and what a test counted."""
    skipped = Counter(map(_reason, terminalreporter.stats.get("skipped", [])))
    for reason, count in skipped.items():
        terminalreporter.write_line(f"not run: {count} tests: {reason}")
    for report in terminalreporter.stats.get("passed", []):
        for name, figures in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(f"{report.nodeid}: {figures}")


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait for something to become true; only the test that fails waits to the end."""

    return partial(wait_until, poll_s=POLL_S)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Keep the database of the tests where the whole cluster goes away."""
    return storage.IS_SHARED


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server at 200 ticks/s that pings, so that the vanished are noticed soon."""
    with serve(tmp_path_factory.mktemp("served"), MARKET_PING_S="3") as served:
        yield served


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of the tests' own; `redis` is for those that want it empty."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of the tests' own; `postgres` is for those that need it to be up."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> PostgresServer:
    """The PostgreSQL of the tests, up."""
    if postgres_server.process is None or postgres_server.process.poll() is not None:
        postgres_server.start()
    postgres_server.thaw()
    return postgres_server


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """The Redis of the tests, up and empty."""
    if redis_server.process is None or redis_server.process.poll() is not None:
        redis_server.start()
    redis_server.thaw()
    redis_server.client().flushall()
    return redis_server
