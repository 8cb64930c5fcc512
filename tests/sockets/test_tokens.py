"""A revoked token ends what it opened on every transport, and only that; scopes hold, too."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.wire.registry import Close
from tests.support.served import Served, operate_feed
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.slow
POLL, STREAM = "/poll/v1/?channels=status", "/sse/v1/?channels=status"
NOTICES, DECK = "/poll/v1/?channels=notifications", "/sse/v1/?channels=deck"
REST, UDF = "/api/v1/instruments", "/udf/time"


def ask(served: Served, path: str, token: str) -> http.client.HTTPConnection:
    """Ask for what is answered now or later."""
    connection = http.client.HTTPConnection(served.host, timeout=PATIENCE_S)
    credentials = b64encode(f"viewer:{token}".encode()).decode()
    connection.request("GET", path, headers={"Authorization": f"Basic {credentials}"})
    return connection


def read(served: Served, path: str, token: str) -> tuple[int, str]:
    """Return status and text of an answer."""
    answer = ask(served, path, token).getresponse()
    return answer.status, answer.read().decode()


def socket_of(served: Served, token: str) -> ClientConnection:
    url = f"ws://viewer:{token}@{served.host}/ws/v1/"
    return connect(url, compression=None, open_timeout=PATIENCE_S, legacy=True)


def frames_until_end(socket: ClientConnection) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        socket.recv(timeout=PATIENCE_S)


def events_until_end(stream: http.client.HTTPResponse) -> str:
    """Return the data of the event that ends a stream."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        if stream.readline().strip() == b"event: close":
            return stream.readline().decode()
    raise AssertionError("the stream went on")


def answers_to(socket: ClientConnection) -> bool:
    """Say whether a socket still answers."""
    socket.send('{"method":"ping","id":7}')
    frames = (json.loads(socket.recv(timeout=PATIENCE_S)) for _ in range(1000))
    return any(frame.get("id") == 7 for frame in frames)


def id_of(served: Served, name: str) -> str:
    """Return the id of a token of viewer."""
    rows = [row.split("\t") for row in served.manage("token", "viewer", "--list").splitlines()]
    return next(row[0] for row in rows if row[2] == name)


@pytest.fixture
def quiet(served: Served) -> Iterator[Served]:
    """The server while its feed is paused: a long-poll is not answered by news."""
    operate_feed(served, "pause_feed")
    wait_until(lambda: '"state":"PAUSED"' in read(served, POLL, served.token)[1])
    yield served
    operate_feed(served, "start_feed")


def test_a_revoked_token_ends_what_it_opened_and_nothing_else(quiet: Served) -> None:
    served = quiet
    token = served.manage("token", "viewer", "--name", "to be revoked")
    revoke = f"accounts/tokens/{id_of(served, 'to be revoked')}/revoke/"
    viewer = Visitor(served, "viewer")
    wait_until(lambda: served.census()["connections"] == 0)
    position: Any = json.loads(read(served, POLL, token)[1])["position"]
    ended, other = socket_of(served, token), socket_of(served, served.token)
    stream = ask(served, STREAM, token).getresponse()
    waiting = ask(served, f"{POLL}&since={position}&wait=30", token)
    wait_until(lambda: served.census()["connections"] == 4)

    viewer.post("accounts/tokens/", to=revoke)
    with pytest.raises(ConnectionClosed) as closed:
        frames_until_end(ended)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == Close.SIGNED_OUT
    assert f'"code":{Close.SIGNED_OUT.value}' in events_until_end(stream)
    assert waiting.getresponse().status == 401
    for path in (POLL, STREAM, NOTICES, REST, UDF):
        assert read(served, path, token)[0] == 401
    assert answers_to(other)
    assert read(served, POLL, served.token)[0] == 200
    other.close()


@pytest.mark.parametrize(
    ("scope", "opens"),
    [("market", {POLL}), ("personal", {NOTICES}), ("rest", {REST, UDF})],
)
def test_a_token_opens_what_its_scope_names_and_nothing_else(
    served: Served, scope: str, opens: set[str]
) -> None:
    token = served.manage("token", "viewer", "--scope", scope)
    answers = {path: read(served, path, token) for path in (POLL, NOTICES, DECK, REST, UDF)}
    assert {path for path, (status, _) in answers.items() if status == 200} == opens
    for path in set(answers) - opens:
        assert answers[path][0] == 403
        assert "does not have the scope" in answers[path][1]
