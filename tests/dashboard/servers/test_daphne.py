"""What our Daphne does and stock Daphne does not, where a test needs no socket."""

import asyncio
import signal
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor
from twisted.internet.abstract import FileDescriptor
from twisted.internet.task import Clock

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers import daphne
from dashboard.servers.daphne import DaphneServer, DaphneWebSocket, FlowControl
from dashboard.servers.daphne_frames import BoundWebSocket
from dashboard.servers.framing import text_head
from tests.support.waiting import PATIENCE_S


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
    assert server_of([]).refusals == Counter()


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
        self.taken = b""

    def writeSomeData(self, data: bytes) -> int:  # noqa: N802 Twisted's name
        taken = data[: self.takes]
        self.taken += taken
        return len(taken)

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


def open_socket(takes: int) -> DaphneWebSocket:
    """Return a socket whose transport nobody stops."""
    socket = DaphneWebSocket()
    socket.state, socket.flow = socket.STATE_OPEN, FlowControl()
    socket.transport = NarrowTransport(takes)
    return socket


@pytest.mark.parametrize("begun", [0, 2])
def test_a_frame_does_not_overtake_bytes_that_wait(begun: int) -> None:
    socket = open_socket(begun)
    socket.transport.write(b"first")
    if begun:
        socket.transport.doWrite()
    socket.transport.takes = 1_000
    assert socket.write_text("x")
    assert socket.transport.taken == b"first"[:begun]
    socket.transport.doWrite()
    assert socket.transport.taken == b"first\x81\x01x"


@pytest.mark.parametrize("at_once", [0, 1, 3])
def test_what_the_kernel_does_not_take_of_a_frame_is_sent_later(at_once: int) -> None:
    socket = open_socket(at_once)
    assert socket.write_text("x")
    assert socket.transport.taken == b"\x81\x01x"[:at_once]
    socket.transport.takes = 1_000
    socket.transport.doWrite()
    assert socket.transport.taken == b"\x81\x01x"


@pytest.mark.parametrize("ending", ["connected", "disconnecting"])
def test_nothing_is_handed_to_the_kernel_of_a_line_that_ends(ending: str) -> None:
    socket = open_socket(1_000)
    setattr(socket.transport, ending, ending == "disconnecting")
    socket.write_text("x")
    assert socket.transport.taken == b""


# --- the life of a server -------------------------------------------------------------------
class Port:
    """A port that listens."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def stopListening(self) -> None:  # noqa: N802 Twisted's name
        self._done.append("port")


def server_of(done: list[str], **options: Any) -> DaphneServer:
    async def on_stop() -> None:
        done.append("on_stop")

    usual = {"on_ready": lambda: done.append("ready"), "on_stop": on_stop}
    server = DaphneServer(
        None, endpoints=["tcp:0:interface=127.0.0.1"], ping_s=1, **usual | options
    )
    server.connections = {}
    return server


def test_it_says_that_it_is_ready_in_its_loop_once_it_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(daphne, "reactor", clock)
    done: list[str] = []
    server_of(done).listen_success(Port(done))
    assert done == []
    clock.advance(0)
    assert done == ["ready"]
    server_of(done, on_ready=None).listen_success(Port(done))
    clock.advance(0)
    assert done == ["ready"]


class Request:
    """A connection with an application that ends by itself, only if cancelled, or slowly then."""

    def __init__(self, done: list[str], name: str, *, waits: asyncio.Event) -> None:
        self._done, self._name, self._waits = done, name, waits

    async def run(self) -> None:
        try:
            await self._waits.wait()
            self._done.append(f"{self._name} ends")
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self._done.append(f"{self._name} is cancelled")
            raise


async def test_at_its_end_it_listens_no_more_and_requests_get_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daphne, "LAST_HANDSHAKES_S", 0)
    monkeypatch.setattr(daphne, "SHUTDOWN_S", 0.02)
    monkeypatch.setattr(daphne, "reactor", Clock())
    done: list[str] = []
    goes, never = asyncio.Event(), asyncio.Event()

    async def on_stop() -> None:
        done.append("on_stop")
        asyncio.get_running_loop().call_soon(goes.set)

    server = server_of(done, on_stop=on_stop)
    server.listen_success(Port(done))
    over = asyncio.ensure_future(asyncio.sleep(0))
    await over
    tasks = [
        asyncio.ensure_future(Request(done, "quick", waits=goes).run()),
        asyncio.ensure_future(Request(done, "stuck", waits=never).run()),
    ]
    server.connections = {
        number: {"application_instance": task} for number, task in enumerate([*tasks, over])
    } | {"none": {}}
    async with asyncio.timeout(PATIENCE_S):
        await server.kill_all_applications().asFuture(asyncio.get_running_loop())
    assert done == ["port", "on_stop", "quick ends", "stuck is cancelled"]
    assert tasks[1].cancelled()


async def test_without_requests_its_end_is_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daphne, "LAST_HANDSHAKES_S", 0)
    done: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        await server_of(done)._drain()
        await server_of(done, on_stop=None)._drain()
    assert done == ["on_stop"]


async def test_a_connection_that_is_gone_gets_no_application() -> None:
    server = server_of([])
    scope = {"type": "http", "headers": []}
    assert server.create_application("gone", scope) is None


@pytest.mark.parametrize("takes_signals", [True, False])
def test_ctrl_c_is_ignored_once_it_has_stopped(
    monkeypatch: pytest.MonkeyPatch, takes_signals: bool
) -> None:
    done: list[object] = []
    monkeypatch.setattr(daphne.Server, "run", lambda self: done.append("run"))
    monkeypatch.setattr(daphne.signal, "signal", lambda *args: done.append(args))
    server_of([], signal_handlers=takes_signals).run()
    ignored = [(signal.SIGINT, signal.SIG_IGN)] if takes_signals else []
    assert done == ["run", *ignored]
