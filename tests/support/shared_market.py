"""Web processes and a feed that share a market over one Redis.

    with shared_market(tmp_path, redis) as market:  # one web process on each kind of server
        market.webs[0].url, .token, .board() …      # each is a Served (tests/support/served.py)
        market.feed                                 # FeedProcess: .process .kill() .start() .log()

Every process has the same data folder; the web processes are the demo's server, which with
REDIS_URL runs no feed. All of them must end with 0 and without a traceback.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dashboard.servers.serving import SERVERS
from tests.support.feed_process import FeedProcess, running_feed
from tests.support.redis_server import RedisServer
from tests.support.served import Served, serve


class SharedMarket:
    """Web processes and a feed on one Redis."""

    def __init__(self, redis: RedisServer, webs: list[Served], feed: FeedProcess) -> None:
        self.redis = redis
        self.webs = webs
        self.feed = feed


@contextmanager
def shared_market(
    folder: Path, redis: RedisServer, *arguments: str, **settings: str
) -> Iterator[SharedMarket]:
    """Run a web process of each server (with the arguments of the demo) and a feed on one Redis."""
    settings = settings | {"REDIS_URL": redis.url}
    with ExitStack() as stack:
        served = [
            stack.enter_context(serve(folder, "--server", server, *arguments, **settings))
            for server in SERVERS
        ]
        feed = stack.enter_context(running_feed(folder, redis, **settings))
        yield SharedMarket(redis, served, feed)
