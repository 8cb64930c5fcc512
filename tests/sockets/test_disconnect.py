"""An operator reads the deck and ends connections: of one key, or all of somebody's."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.wire.registry import Close, Error
from tests.support.raw import get, open_tcp, read_to_the_end
from tests.support.served import Served
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

DECK = json.dumps({"method": "subscribe", "params": {"channel": "deck"}, "id": 1})


class Operator(Visitor):
    """Somebody of the staff with a browser's cookies, and the deck on a socket."""

    def __init__(self, served: Served) -> None:
        super().__init__(served, "admin")
        self.socket: ClientConnection

    def people(self) -> list[dict[str, Any]]:
        """Return the connections of viewer in the next frame of the deck."""
        while True:
            frame = json.loads(self.socket.recv(timeout=PATIENCE_S))
            if frame.get("channel") == "deck":
                return [person for person in frame["people"] if person["user"] == "viewer"]

    def disconnect(self, person: dict[str, Any], key: str) -> None:
        """End one connection of somebody, or all without a key."""
        fields = {"user": str(person["user_id"]), "connection": key, "reason": "maintenance"}
        self.post("admin/flightdeck/", to="admin/flightdeck/disconnect/", **fields)


@pytest.fixture
def operator(served: Served) -> Iterator[Operator]:
    """Somebody who reads the deck."""
    operator = Operator(served)
    with operator.open() as operator.socket:
        operator.socket.send(DECK)
        yield operator


def test_connections_are_ended_one_by_one_or_all(
    served: Served, operator: Operator, eventually: Callable[..., None]
) -> None:
    before = {person["id"] for person in operator.people()}
    news = lambda: [person for person in operator.people() if person["id"] not in before]
    stream = open_tcp(served)
    stream.sendall(get(served, "/sse/v1/?channels=status", Connection="close"))
    with connect(served.socket_url, compression=None) as socket:
        eventually(lambda: {person["transport"] for person in news()} == {"websocket", "sse"})
        [mine] = [person for person in news() if person["transport"] == "websocket"]
        operator.disconnect(mine, mine["id"])
        assert close_code(socket) == Close.DISCONNECTED
    eventually(lambda: [person["transport"] for person in news()] == ["sse"])
    operator.disconnect(mine, "")
    assert '"code":4410' in read_to_the_end(stream).decode().rpartition("event: close")[2]
    eventually(lambda: not news())
    with connect(served.socket_url, compression=None) as again:
        assert json.loads(again.recv(timeout=PATIENCE_S))["type"] == "welcome"
        again.send(DECK)
        answer = json.loads(again.recv(timeout=PATIENCE_S))
        assert answer["error"]["code"] == Error.FORBIDDEN, "a viewer reads no deck"


def close_code(socket: ClientConnection) -> int | None:
    """Read to the end; return why it ended."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=PATIENCE_S)
    return socket.close_code
