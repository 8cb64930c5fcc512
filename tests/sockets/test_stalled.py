"""Who stops reading costs nothing, delays nobody, and is cut after the deadline: on both servers.

Traps 2, 3 and 4 of the servers: Daphne queues without bound for a socket that does not read, and
uvicorn waits for it for ever.
"""

import base64
import secrets
import socket
from collections.abc import Callable, Iterator

import psutil
import pytest

from dashboard.servers.listening import SERVERS
from dashboard.wire.registry import Transport
from tests.readers import Traveller
from tests.served import Served, serve

STALLED = 6
ALLOWED_BYTES = 20_000_000
ASK = b'{"method":"subscribe","params":{"channel":"ticker","symbols":["*"],"max_rate":20},"id":1}'


@pytest.fixture(scope="module", params=SERVERS)
def hasty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server at 2,000 ticks/s that cuts after two seconds."""
    flags = ("--server", request.param, "--instruments", "500", "--rate", "2000")
    settings = {"MARKET_SEND_DEADLINE_S": "2", "MARKET_PING_S": "60"}
    with serve(tmp_path_factory.mktemp(request.param), *flags, **settings) as served:
        yield served


def stalled(served: Served, request: str) -> socket.socket:
    """Return a socket that sent a request and takes next to nothing."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect(("127.0.0.1", served.port))
    credentials = base64.b64encode(f"viewer:{served.token}".encode()).decode()
    head = f"Host: {served.host}\r\nAuthorization: Basic {credentials}\r\n"
    one.sendall(f"GET {request} HTTP/1.1\r\n{head}".encode())
    return one


def stalled_socket(served: Served) -> socket.socket:
    one = stalled(served, "/ws/v1/")
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    one.sendall(f"{upgrade}Sec-WebSocket-Key: {key}\r\n\r\n".encode())
    one.recv(64)
    one.sendall(bytes((0x81, 0x80 | len(ASK))) + b"\0\0\0\0" + ASK)
    return one


def stalled_stream(served: Served) -> socket.socket:
    one = stalled(served, "/sse/v1/?channels=ticker&symbols=*&max_rate=20")
    one.sendall(b"\r\n")
    return one


@pytest.mark.parametrize("stall", [stalled_socket, stalled_stream])
def test_who_stops_reading_is_cut_and_nobody_else_notices(
    hasty: Served, stall: Callable[[Served], socket.socket], eventually: Callable[..., None]
) -> None:
    process = psutil.Process(hasty.process.pid)
    eventually(lambda: hasty.census()["seats"] == 0)
    before, memory = hasty.census(), process.memory_info().rss
    sockets = [stall(hasty) for _ in range(STALLED)]
    eventually(lambda: hasty.census()["seats"] == STALLED)
    symbols = list(hasty.board()["rows"])[:20]
    witness = Traveller(symbols, hasty.token)
    witness.ride(Transport.WEBSOCKET, hasty.host, lambda: hasty.census()["seats"] == 1)
    assert witness.gaps == 0
    assert sum(witness.reader.ticks.values()) > 50
    assert process.memory_info().rss - memory < ALLOWED_BYTES
    eventually(lambda: hasty.census()["seats"] == 0)
    eventually(lambda: hasty.census()["files"] <= before["files"] + 1)
    eventually(lambda: hasty.census()["tasks"] <= before["tasks"] + 1)
    for one in sockets:
        one.close()
