"""A reader that stops reading costs nothing, delays nobody and is cut in time, on both servers.

Traps 2, 3, 4, 10 and 29 of the servers: Daphne queues without bound for a socket that does not read
and sends no frame above a limit, and uvicorn waits for ever for a client that does not read.
"""

import json
import socket
from collections.abc import Callable, Iterator

import psutil
import pytest
from websockets.sync.client import connect

from dashboard.delivery.subscriber import COMMAND_BURST
from dashboard.loadtest.reader import Reader
from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Transport
from tests.support.raw import SMALL_BYTES, frame, open_socket, read_to_the_end
from tests.support.readers import Traveller, for_seconds
from tests.support.served import Served, serve
from tests.support.stalled import ASK, stalled_socket, stalled_stream

pytestmark = pytest.mark.slow

INSTRUMENTS = 2000
STALLED = 12
ALLOWED_BYTES = 45_000_000
"""Without a limit the answers to STALLED askers are 66 MB; the market grows by some 8 meanwhile."""
FRAME_BYTES = 256 * 1024


@pytest.fixture(scope="module", params=SERVERS)
def hasty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of 2,000 instruments at 2,000 ticks/s that cuts after two seconds."""
    flags = ("--server", request.param, "--instruments", str(INSTRUMENTS), "--rate", "2000")
    settings = {"MARKET_SEND_DEADLINE_S": "2", "MARKET_PING_S": "60"}
    with serve(tmp_path_factory.mktemp(request.param), *flags, **settings) as served:
        yield served


@pytest.fixture
def memory(hasty: Served) -> Callable[[], int]:
    """How many bytes the server holds."""
    process = psutil.Process(hasty.process.pid)
    return lambda: process.memory_info().rss


def test_a_large_market_comes_whole_in_small_frames(hasty: Served) -> None:
    """Trap 10."""
    reader, more = Reader(), {"ticker": [], "status": []}
    with connect(hasty.socket_url, compression=None, max_size=FRAME_BYTES) as reading:
        for channel in more:
            params = {"channel": channel, "symbols": ["*"] if channel == "ticker" else []}
            reading.send(json.dumps({"method": "subscribe", "params": params, "id": channel}))
        while reader.positions.keys() != more.keys():
            received = json.loads(reading.recv(timeout=60))
            reader.apply(received)
            if received.get("type") == "snapshot":
                more[received["channel"]].append(received.get("more", False))
    assert more["ticker"] == [True, True, True, False]
    assert more["status"] == [True, True, True, True, False], "the feed is told of, too"
    assert len(reader.rows) == INSTRUMENTS
    assert reader.rows.keys() == reader.instruments.keys() == hasty.board()["rows"].keys()


@pytest.mark.parametrize("stall", [stalled_socket, stalled_stream])
def test_a_reader_that_stops_reading_is_cut_and_nobody_else_notices(
    hasty: Served,
    memory: Callable[[], int],
    stall: Callable[[Served], socket.socket],
    eventually: Callable[..., None],
) -> None:
    eventually(lambda: hasty.census()["connections"] == 0)
    before, start = hasty.census(), memory()
    sockets: list[socket.socket] = []
    symbols = list(hasty.board()["rows"])[:100]
    witness = Traveller(symbols, hasty.token)

    is_late = for_seconds(60)

    def all_are_cut() -> bool:
        """Stall once the witness reads; it must read on until all are cut."""
        assert not is_late(), hasty.census()
        if not sockets:
            sockets.extend(stall(hasty) for _ in range(STALLED))
        is_fed = sum(witness.reader.ticks.values()) > 10
        return is_fed and hasty.census()["cuts"] == before["cuts"] + STALLED

    witness.read(Transport.WEBSOCKET, hasty.host, all_are_cut)
    assert witness.gaps == 0
    assert memory() - start < ALLOWED_BYTES
    eventually(lambda: hasty.census()["connections"] == 0)
    eventually(lambda: hasty.census()["files"] <= before["files"] + 1)
    eventually(lambda: hasty.census()["tasks"] <= before["tasks"] + 1)
    for tcp in sockets:
        tcp.close()


def test_a_reader_that_asks_for_everything_and_reads_nothing_is_ended(
    hasty: Served, memory: Callable[[], int], eventually: Callable[..., None]
) -> None:
    """Trap 29: each answer is a snapshot of 2,000 instruments; what may wait has a limit."""
    askers = [open_socket(hasty, receive_bytes=SMALL_BYTES) for _ in range(STALLED)]
    eventually(lambda: hasty.census()["connections"] == STALLED)
    start, peak = memory(), [0]
    for asker in askers:
        asker.sendall(frame(1, ASK) * COMMAND_BURST)

    def all_are_ended() -> bool:
        peak.append(memory())
        return hasty.census()["connections"] == 0

    eventually(all_are_ended)
    assert max(peak) - start < ALLOWED_BYTES
    for asker in askers:
        read_to_the_end(asker)
        asker.close()
