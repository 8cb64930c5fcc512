"""Web processes and a feed that share a market over one Redis.

    with shared_market(tmp_path, redis) as market:  # one web process on each kind of server
        market.webs[0].url, .token, .board() …      # each is a Served (tests/support/served.py)
        market.feed                                 # FeedProcess: .process .kill() .start() .log()
        market.webs[0].kill(); market.start_web(0)  # kill -9, and again at the same port

Every process has the same data folder; the web processes are the demo's server, which with
REDIS_URL runs no feed. All of them must end with 0 and without a traceback.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dashboard.servers.serving import SERVERS
from tests.support.feed_process import running_feed
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.served import Served, serve


class SharedMarket:
    """Web processes and a feed on one Redis; `servers` has the kind of each web process."""

    def __init__(
        self,
        folder: Path,
        redis: RedisServer,
        stack: ExitStack,
        servers: Sequence[str],
        arguments: Sequence[str],
        settings: dict[str, str],
    ) -> None:
        self.redis = redis
        self.servers = servers
        self._folder = folder
        self._stack = stack
        self._arguments = arguments
        self._settings = settings | {"REDIS_URL": redis.url}
        self._ports = [free_port() for _ in servers]
        self.webs = [self._web(number) for number in range(len(servers))]
        self.feed = stack.enter_context(running_feed(folder, redis, **self._settings))

    def start_web(self, number: int) -> None:
        """Start a web process that has ended, at the same port."""
        self.webs[number] = self._web(number)

    def _web(self, number: int) -> Served:
        place = ("--server", self.servers[number], "--port", str(self._ports[number]))
        arguments = (*place, *self._arguments)
        return self._stack.enter_context(serve(self._folder, *arguments, **self._settings))


@contextmanager
def shared_market(
    folder: Path,
    redis: RedisServer,
    *arguments: str,
    servers: Sequence[str] = SERVERS,
    **settings: str,
) -> Iterator[SharedMarket]:
    """Run a web process of each server (with the arguments of the demo) and a feed on one Redis."""
    with ExitStack() as stack:
        yield SharedMarket(folder, redis, stack, servers, arguments, settings)
