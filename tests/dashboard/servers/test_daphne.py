"""What our Daphne does and stock Daphne does not, where a test needs no socket."""

import pytest
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor

from dashboard.servers.daphne import DaphneServer


def test_a_timer_fires_neither_early_nor_late() -> None:
    """Autobahn's own timer can fire at once, and would cut readers that answer pings."""
    server = DaphneServer(None, endpoints=["tcp:0:interface=127.0.0.1"], ping_s=1)
    server.ws_factory = WebSocketFactory(server)
    for delay_s in (0.05, 0.8, 1.7):
        now_s = reactor.seconds()
        call = server.ws_factory._batched_timer.call_later(delay_s, pytest.fail, "it fired")
        call.cancel()
        assert now_s + delay_s <= call.getTime() < now_s + delay_s + 5
