"""A web process that is stopped at any moment ends well, and its readers miss nothing.

`uv run pytest -n 0 tests/sockets/test_stops.py --stops 50` stops each server 50 times.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Close, Transport
from tests.support.postgres_server import PostgresServer
from tests.support.readers import for_seconds
from tests.support.redis_server import RedisServer
from tests.support.returning_readers import ReturningReader, missing_trades
from tests.support.site import Site, running_site
from tests.support.waiting import wait_until
from tests.support.witness import Witness

pytestmark = pytest.mark.slow

SEED = 11
LATEST_S = 3.0
"""A stop comes up to this long after the other process is up again."""
READERS = (*Transport, *[Transport.WEBSOCKET] * 6)


@pytest.fixture(params=SERVERS)
def site(
    request: pytest.FixtureRequest, tmp_path: Path, redis: RedisServer, postgres: PostgresServer
) -> Iterator[Site]:
    """A site with two web processes of one kind of server."""
    with running_site(tmp_path, redis, postgres, [request.param] * 2) as site:
        yield site


@pytest.fixture
def witness(site: Site) -> Iterator[Witness]:
    """What the feed publishes."""
    witness = Witness(site.redis)
    witness.start()
    wait_until(witness.newest)
    yield witness
    witness.end()


@pytest.fixture
def readers(site: Site, witness: Witness) -> Iterator[list[ReturningReader]]:
    """Readers on all transports, most of them on WebSockets."""
    position = witness.newest()
    assert position is not None
    moment = witness.at(position)
    assert moment is not None
    token = site.webs[0].token
    with ExitStack() as stack:
        readers = [
            ReturningReader(transport, site.nginx, sorted(moment.rows), token)
            for transport in READERS
        ]
        for reader in readers:
            reader.start()
            stack.callback(reader.end)
        yield readers


def test_a_stop_at_any_moment_loses_nothing(
    site: Site,
    witness: Witness,
    readers: list[ReturningReader],
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(SEED)
    stops, longest_s = pytestconfig.getoption("stops"), 0.0
    for number in range(stops):
        index = number % len(site.webs)
        wait_until(lambda: all(reader.tape for reader in readers))
        wait_until(for_seconds(chance.uniform(0, LATEST_S)))
        began_s = time.monotonic()
        site.webs[index].stop()
        longest_s = max(longest_s, time.monotonic() - began_s)
        site.restart_web(index)
    for reader in readers:
        reader.end()
    record_property("figures", f"{stops} stops, the longest took {longest_s:.1f} s")
    assert witness.holes == []
    assert len(witness.epochs) == 1
    codes = [code for reader in readers for code in reader.codes]
    assert set(codes) <= {Close.RESTART}
    assert len(codes) >= stops
    for reader in readers:
        assert (reader.missed, reader.named_gaps) == (0, []), reader.transport
        assert len(reader.tape) == len(set(reader.tape)), reader.transport
        assert missing_trades(reader, witness) == [], reader.transport
