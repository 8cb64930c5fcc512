"""A real PostgreSQL of the tests' own, from the system's package.

    with running_postgres() as server:       # or the fixture `postgres_server`
        server.url("name")                   # postgresql://market@127.0.0.1:PORT/name
        server.create("name")                # an empty database
        server.crash(); server.start()       # as in a power cut; again, with its rows
        server.stop()                        # as a package upgrade does: connections are ended
        server.terminate_all()               # pg_terminate_backend for every connection

It listens on loopback only. Nothing is synced to disk: a power failure of the machine may lose
everything. root may not run it, so for root an account without rights does.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import psycopg.sql
import pytest

from tests.support.ports import free_port
from tests.support.waiting import wait_until

USER = "market"
ACCOUNT, ACCOUNT_GROUP = "nobody", "nogroup"
"""Runs the server where the tests are root's."""
VERSIONS = Path("/usr/lib/postgresql")
STOP_S = 30.0
FLAGS = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"),
    *("max_connections=200", "shared_buffers=64MB", "listen_addresses=127.0.0.1"),
)
MISSING = "PostgreSQL is not installed: apt-get install postgresql"


class PostgresServer:
    """A server on a port of its own, which keeps what it stored when it is started again."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make an empty cluster."""
        flags = ["-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale"]
        command = [str(self._programs / "initdb"), *flags, "--no-sync"]
        subprocess.run(_unprivileged(command), cwd=self._folder, check=True, capture_output=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        flags = [part for flag in FLAGS for part in ("-c", flag)]
        place = ["-D", str(self._data), "-p", str(self.port), "-k", str(self._folder)]
        command = _unprivileged([str(self._programs / "postgres"), *place, *flags])
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        self._await_answer()

    def stop(self) -> None:
        """End it and every connection, in order."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End it at once, without a word to anybody."""
        self._end(signal.SIGQUIT)

    def freeze(self) -> None:
        """Let it accept no connection; those that are open go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database, empty or as a template, if there is none of that name.

        Return its address.
        """
        command = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.operator() as operator, suppress(psycopg.errors.DuplicateDatabase):
            operator.execute(command.format(_name(name), _name(template)))
        return self.url(name)

    def terminate_all(self) -> None:
        """End every connection but the one that asks."""
        with self.operator() as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def operator(self) -> psycopg.Connection:
        """Return a connection of its owner, to look and to make trouble with."""
        return self.connect("postgres")

    def connect(self, name: str) -> psycopg.Connection:
        """Return a connection of its owner to a database."""
        return psycopg.connect(self.url(name), autocommit=True, connect_timeout=5)

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        self.process.wait(timeout=STOP_S)

    def _await_answer(self) -> None:
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self._folder / "log").read_text()
        with suppress(psycopg.OperationalError):
            self.operator().close()
            return True
        return False


def find_programs() -> Path | None:
    """Return the folder of the newest installed server, or None."""
    found = sorted(VERSIONS.glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server of its own; the test is skipped where none is installed."""
    programs = find_programs()
    if programs is None:
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="market-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT)
        server = PostgresServer(programs, folder, free_port())
        server.make()
        server.start()
        try:
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def at_port(port: int) -> PostgresServer:
    """Return a server that another process runs: for its databases, not to start or end it."""
    return PostgresServer(Path(), Path(), port)


def _unprivileged(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT_GROUP}", "--clear-groups", *command]


def _name(name: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(name)
