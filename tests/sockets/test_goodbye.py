"""A server that stops tells every reader so and ends well, on both servers.

So it does with readers that read nothing, and with a handshake that is complete only afterwards.
"""

import json
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.servers.serving import SERVERS
from dashboard.wire.frames import encode_shutdown
from dashboard.wire.registry import RESTART_MS, Close
from feeds.market.events import Phase
from tests.support.raw import (
    SMALL_BYTES,
    get,
    handshake,
    open_reader,
    open_stream,
    open_tcp,
    read_to_the_end,
)
from tests.support.served import Served, serve
from tests.support.stopping import STOP_S, wait_for_end

pytestmark = pytest.mark.slow

SHUTDOWN = {"channel": "status", "type": "shutdown", "retry_ms": RESTART_MS}
STALLS = (open_stream, open_reader)
BEFORE_THE_OPENING: Final = {Phase.CLOSED, Phase.PRE_OPEN, Phase.AUCTION}
END = '{"code":4503,"reason":"the server restarts"}'


@pytest.fixture(params=SERVERS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A server to be stopped; a snapshot of its market does not fit into the buffers of a line."""
    with serve(tmp_path, "--server", request.param, "--instruments", "1000") as served:
        yield served


def ask(served: Served, path: str, **query: object) -> socket.socket:
    """Ask for something that is not told at once."""
    tcp = open_tcp(served)
    tcp.sendall(get(served, f"{path}?{urlencode(query)}"))
    return tcp


def test_a_stop_is_announced_to_every_reader(
    fresh: Served, eventually: Callable[..., None]
) -> None:
    """Two of them read nothing: they hear nothing, and keep nobody waiting."""
    eventually(lambda: has_opened(fresh.board()))  # it is news, and would answer the long-poll
    board = fresh.board()
    with connect(fresh.socket_url, compression=None) as websocket:
        stream = ask(fresh, "/sse/v1/", channels="ticker", symbols=next(iter(board["rows"])))
        poll = ask(fresh, "/poll/v1/", channels="status", since=board["position"], wait=30)
        stalled = [open_line(fresh, receive_bytes=SMALL_BYTES) for open_line in STALLS]
        eventually(lambda: fresh.census()["connections"] == 3 + len(stalled))
        fresh.process.send_signal(signal.SIGTERM)
        last, code = last_words(websocket)
    assert (last, code) == (SHUTDOWN, Close.RESTART)
    end = f"data: {encode_shutdown(retry_ms=RESTART_MS)}\n\nevent: close\ndata: {END}\n\n"
    assert read_to_the_end(stream).decode().endswith(f"{end}\r\n0\r\n\r\n")
    head, _, body = read_to_the_end(poll).decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 503")
    assert "\r\nretry-after: " in head.lower()
    assert json.loads(body)["error"]["name"] == "unavailable"
    wait_for_end(fresh.process, fresh.log)
    for tcp in (stream, poll, *stalled):
        tcp.close()


def test_a_handshake_of_the_last_moment_hears_so(
    fresh: Served, eventually: Callable[..., None]
) -> None:
    """It came in time, but is complete only when the others have heard of the stop."""
    stalled = [open_line(fresh, receive_bytes=SMALL_BYTES) for open_line in STALLS]
    late = [open_tcp(fresh) for _ in range(20)]
    request = handshake(fresh)
    for tcp in late:
        tcp.sendall(request[:-9])
    with connect(fresh.socket_url, compression=None) as websocket:
        eventually(lambda: fresh.census()["connections"] == 1 + len(stalled))
        fresh.process.send_signal(signal.SIGTERM)
        assert last_words(websocket)[1] == Close.RESTART
    for tcp in late:
        tcp.sendall(request[-9:])
    for tcp in late:
        answer = read_to_the_end(tcp)
        assert answer.startswith(b"HTTP/1.1 101")
        assert answer.endswith(b"\x88\x02" + struct.pack(">H", Close.RESTART))
    wait_for_end(fresh.process, fresh.log)
    for tcp in (*late, *stalled):
        tcp.close()


def has_opened(board: dict[str, Any]) -> bool:
    """Say whether the market has opened, some seconds after its start."""
    return BEFORE_THE_OPENING.isdisjoint(row["ph"] for row in board["rows"].values())


def last_words(websocket: ClientConnection) -> tuple[dict[str, object], int]:
    """Return the last frame and the code of the end."""
    last: dict[str, object] = {}
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            last = json.loads(websocket.recv(timeout=STOP_S))
    assert closed.value.rcvd is not None
    return last, closed.value.rcvd.code
