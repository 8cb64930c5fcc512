"""What is attacked: servers and whole sites with the settings that operators begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.postgres_server import PostgresServer, running_postgres
from tests.support.redis_server import running_redis
from tests.support.served import Served, serve
from tests.support.site import running_site
from tests.support.waiting import wait_until
from tests.support.watch import Watch
from tests.support.witness import Witness


class ServerToStart(NamedTuple):
    """The kind of the server that an attack starts itself, and a folder for it."""

    server: str
    folder: Path


class DatabaseSite(NamedTuple):
    """A site in one process, and its PostgreSQL."""

    served: Served
    postgres: PostgresServer


@contextmanager
def usual(server: str, folder: Path) -> Iterator[Served]:
    """A server with its default settings: 60 instruments at 200 ticks/s."""
    with serve(folder, "--server", server) as served:
        yield served


@contextmanager
def large_market(server: str, folder: Path) -> Iterator[Served]:
    """A server of 2,000 instruments at 2,000 ticks/s: a snapshot fills every buffer."""
    flags = ("--server", server, "--instruments", "2000", "--rate", "2000")
    with serve(folder, *flags) as served:
        yield served


@contextmanager
def database_site(server: str, folder: Path) -> Iterator[DatabaseSite]:
    """A site in one process, on a PostgreSQL of its own."""
    with running_postgres() as postgres:
        url = postgres.create("market_attacks")
        with serve(folder, "--server", server, DATABASE_URL=url) as served:
            yield DatabaseSite(served, postgres)


@contextmanager
def whole_site(server: str, folder: Path) -> Iterator[Watch]:
    """nginx with TLS, two web processes, a feed, its standby, Redis, PostgreSQL and readers."""
    with (
        running_postgres() as postgres,
        running_redis(folder) as redis,
        running_site(folder, redis, postgres, [server] * 2) as site,
    ):
        witness = Witness(redis)
        witness.start()
        wait_until(witness.newest)
        site.start_standby()
        watch = Watch(site, witness)
        try:
            watch.seconds_to_agree()
            yield watch
        finally:
            watch.end()


@contextmanager
def nothing_yet(server: str, folder: Path) -> Iterator[ServerToStart]:
    """Nothing runs yet: the attack starts its own server."""
    yield ServerToStart(server, folder)
