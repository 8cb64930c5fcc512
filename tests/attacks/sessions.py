"""How long a browser stays signed in: staff that rests, and a site that changes its key."""

import json
import secrets
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.wire.registry import Close
from tests.attacks.figures import Stopwatch, as_s
from tests.attacks.registry import Outcome, attack
from tests.attacks.targets import ServerToStart, nothing_yet
from tests.support.served import Served, serve
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE_S

REST_S: Final = 4


@attack(
    "session of staff that rests for MARKET_STAFF_REST_S (30 minutes by default)",
    expected=f"with {REST_S} s: 4401 within 2 s more, and the admin asks to sign in",
    source="attack goals: admin",
    at=nothing_yet,
)
def resting_staff(to_start: ServerToStart) -> Outcome:
    rest = {"MARKET_STAFF_REST_S": str(REST_S)}
    with serve(to_start.folder, "--server", to_start.server, **rest) as served:
        admin, watch = Visitor(served, "admin"), Stopwatch()
        with admin.open() as socket:
            code = _end_of(socket)
            seconds = watch.s
        is_out = 'name="password"' in admin.read("admin/")
    text = f"{code} after {as_s(seconds)}; the admin {'asks to sign in' if is_out else 'is open'}"
    return Outcome(text, code == Close.SIGNED_OUT and is_out and seconds <= REST_S + 2)


def _end_of(socket: ClientConnection) -> int | None:
    end_s = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end_s:
            socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return None


@attack(
    "another SECRET_KEY, with the former one as a fallback",
    expected="nobody is signed out: a socket and a page open with the cookie of before",
    source="fault: key rotation",
    at=nothing_yet,
)
def other_key(to_start: ServerToStart) -> Outcome:
    former, flags = secrets.token_urlsafe(50), ("--server", to_start.server)
    with serve(to_start.folder, *flags, SECRET_KEY=former) as served:
        cookie = Visitor(served, "viewer").cookies()
    keys = {"SECRET_KEY": secrets.token_urlsafe(50), "SECRET_KEY_FALLBACKS": former}
    with serve(to_start.folder, *flags, **keys) as served:
        found = (_greeting(served, cookie), _status(served, cookie))
    return Outcome(f"socket: {found[0]}, page: {found[1]}", found == ("welcome", 200))


def _greeting(served: Served, cookie: str) -> str:
    """Return what a socket with this cookie is told first."""
    headers = {"Cookie": cookie}
    with connect(
        f"ws://{served.host}/ws/v1/", origin=f"http://{served.host}", additional_headers=headers
    ) as socket:
        try:
            return str(json.loads(socket.recv(timeout=PATIENCE_S))["type"])
        except ConnectionClosed as closed:
            return str(closed.rcvd.code if closed.rcvd else None)


def _status(served: Served, cookie: str) -> int:
    """Return what the first page answers to this cookie."""
    with closing(HTTPConnection(served.host, timeout=PATIENCE_S)) as line:
        line.request("GET", "/", headers={"Cookie": cookie})
        return line.getresponse().status
