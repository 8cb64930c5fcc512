"""What our Daphne does and stock Daphne does not, where a test needs no socket."""

from collections import Counter
from types import SimpleNamespace

import pytest
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor
from twisted.internet.abstract import FileDescriptor

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.daphne import DaphneServer, DaphneWebSocket, FlowControl
from dashboard.servers.daphne_frames import BoundWebSocket
from dashboard.servers.framing import text_head


def test_a_timer_fires_neither_early_nor_late() -> None:
    """Autobahn's own timer can fire at once, and would cut readers that answer pings."""
    server = DaphneServer(None, endpoints=["tcp:0:interface=127.0.0.1"], ping_s=1)
    server.ws_factory = WebSocketFactory(server)
    for delay_s in (0.05, 0.8, 1.7):
        now_s = reactor.seconds()
        call = server.ws_factory._batched_timer.call_later(delay_s, pytest.fail, "it fired")
        call.cancel()
        assert now_s + delay_s <= call.getTime() < now_s + delay_s + 5


def test_it_counts_what_it_refuses_where_the_others_do() -> None:
    refusals: Counter[RefusalReason] = Counter()
    server = DaphneServer(
        None, endpoints=["tcp:0:interface=127.0.0.1"], ping_s=1, refusals=refusals
    )
    assert server.refusals is refusals


@pytest.mark.parametrize(("is_known", "ends"), [(True, 1), (False, 0)])
def test_the_end_of_a_socket_is_passed_on_once_if_its_handshake_was(
    monkeypatch: pytest.MonkeyPatch, is_known: bool, ends: int
) -> None:
    found: list[object] = []
    monkeypatch.setattr(BoundWebSocket, "onClose", lambda *ending: found.append(ending[1:]))
    socket = DaphneWebSocket()
    socket.server = SimpleNamespace(connections={socket: None} if is_known else {})
    socket.flow = FlowControl()
    socket.flow.pauseProducing()
    for _ in range(2):
        socket.onClose(True, 1000, "bye")
    assert found == [(True, 1000, "bye")] * ends
    assert socket.flow.is_open


class NarrowTransport(FileDescriptor):
    """A transport of which the kernel takes a number of bytes, and later the rest."""

    connected = True

    def __init__(self, takes: int) -> None:
        super().__init__(reactor)
        self.takes = takes

    def writeSomeData(self, data: bytes) -> int:  # noqa: N802 Twisted's name
        return min(self.takes, len(data))

    def startWriting(self) -> None:  # noqa: N802
        """Leave it to the test to write on."""

    def stopWriting(self) -> None:  # noqa: N802
        """Leave it to the test to write on."""


@pytest.mark.parametrize("left", [0, 1, 511, 1_000])
def test_a_frame_waits_until_the_kernel_has_all_of_the_one_before(left: int) -> None:
    text = "x" * 2_000
    socket = DaphneWebSocket()
    socket.state, socket.flow = socket.STATE_OPEN, FlowControl()
    size = len(text_head(len(text))) + len(text)
    socket.transport = NarrowTransport(size - left)
    socket.transport.registerProducer(socket.flow, streaming=True)
    assert socket.write_text(text)
    assert socket.write_text(text) == (left == 0)
    if left:
        socket.transport.takes = size
        socket.transport.doWrite()
        assert socket.write_text(text)
