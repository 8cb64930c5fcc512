"""These tests ask the same of both servers."""

from collections.abc import Iterator

import pytest

from dashboard.servers.serving import SERVERS
from tests.support.served import Served, serve

ASKED = [SERVERS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in SERVERS[1:])]
"""The fast tier starts one server."""


@pytest.fixture(scope="session", params=ASKED)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of each kind at 200 ticks/s that pings, so that the vanished are noticed."""
    folder = tmp_path_factory.mktemp(request.param)
    flags = ("--server", request.param, "--instruments", "200")
    with serve(
        folder,
        *flags,
        MARKET_PING_S="3",
        MARKET_REQUESTS_PER_S="1000",
        MARKET_CONNECTIONS_PER_USER="1000",
    ) as served:
        yield served
