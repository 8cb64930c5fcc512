"""A new key of the site while the former one is valid: what is open stays open, everywhere."""

import json
import secrets
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Close
from tests.support.served import serve
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
SUBSCRIBE = json.dumps(
    {"method": "subscribe", "params": {"channel": "ticker", "symbols": ["*"]}, "id": "later"}
)


@pytest.mark.parametrize("server", SERVERS)
def test_a_socket_stays_when_its_session_is_used_with_another_key(
    server: str, tmp_path: Path
) -> None:
    """The end of another socket shows that the server has looked for sessions that ended."""
    former, flags = secrets.token_urlsafe(50), ("--server", server)
    with serve(tmp_path, *flags, SECRET_KEY=former) as served:
        reader, other = Visitor(served, "viewer"), Visitor(served, "admin")
    keys = {"SECRET_KEY": secrets.token_urlsafe(50), "SECRET_KEY_FALLBACKS": former}
    with serve(tmp_path, *flags, **keys) as served:
        for visitor in (reader, other):
            visitor.move_to(served)
        with reader.open() as mine, other.open() as theirs:
            cookies = reader.cookies()
            reader.read("")
            assert reader.cookies() == cookies
            other.post("accounts/sessions/", to="accounts/logout/")
            assert end_of(theirs) == Close.SIGNED_OUT
            mine.send(SUBSCRIBE)
            while json.loads(mine.recv(timeout=PATIENCE_S)).get("id") != "later":
                pass


def end_of(socket: ClientConnection) -> int | None:
    """Return the code that a socket is closed with."""
    try:
        while True:
            socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
