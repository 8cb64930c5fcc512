"""A whole site of the tests' own, as a deployment has it, in which each part can be broken.

It has nginx with TLS as in deploy/, a web process of each server, a feed and its standby, Redis and
PostgreSQL.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dashboard.servers.serving import SERVERS
from tests.support.feed_process import FeedProcess, running_feed
from tests.support.nginx import HOST, Nginx, deployed, free_addresses, running_nginx
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.served import Served, serve
from tests.support.waiting import wait_until

NAME = f"market_whole_{os.getpid()}"


class Site:
    """The parts of a site that runs; `webs` has a process of each server in `servers`."""

    def __init__(
        self,
        folder: Path,
        redis: RedisServer,
        postgres: PostgresServer,
        stack: ExitStack,
        servers: Sequence[str],
    ) -> None:
        self.redis = redis
        self.postgres = postgres
        self._servers = servers
        self._folder = folder
        self._stack = stack
        addresses = free_addresses()
        self._settings = {
            "REDIS_URL": redis.url,
            "DATABASE_URL": postgres.create(NAME),
            "MARKET_PUBLIC_ORIGINS": addresses.url,
            "MARKET_TRUSTED_PROXIES": HOST,
            "MARKET_REQUESTS_PER_S": "1000",
        }
        self.webs = [self._web(server) for server in servers]
        self.feed = self._feed()
        self.standby: FeedProcess | None = None
        first, second = (web.port for web in self.webs)
        self.nginx: Nginx = stack.enter_context(
            running_nginx(folder, deployed(folder, addresses, to=(first, second)), addresses)
        )

    def restart_web(self, index: int) -> None:
        """Start a web process that has ended, at the same port."""
        port = str(self.webs[index].port)
        self.webs[index] = self._web(self._servers[index], "--port", port)

    def start_standby(self) -> None:
        """Start a feed, and wait until it waits for the end of the other one."""
        standby = self.standby = self._feed()
        wait_until(lambda: "this one waits" in standby.log())

    def fail_over(self) -> None:
        """Kill the feed; the standby takes its place."""
        assert self.standby is not None
        self.feed.kill()
        self.feed, self.standby = self.standby, None

    def _web(self, server: str, *arguments: str) -> Served:
        arguments = ("--server", server, "--instruments", "12", *arguments)
        return self._stack.enter_context(serve(self._folder, *arguments, **self._settings))

    def _feed(self) -> FeedProcess:
        return self._stack.enter_context(running_feed(self._folder, self.redis, **self._settings))


@contextmanager
def running_site(
    folder: Path,
    redis: RedisServer,
    postgres: PostgresServer,
    servers: Sequence[str] = SERVERS,
) -> Iterator[Site]:
    """Run a site; each part that was not killed must end well and show no traceback."""
    with ExitStack() as stack:
        yield Site(folder, redis, postgres, stack, servers)
