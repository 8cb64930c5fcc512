"""What one reader asks for holds up nobody else: no thread, no connection, and never the loop.

Traps 26 and 30 of the servers.
"""

import re
from collections.abc import Callable
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import psutil
import pytest

from dashboard.wire.registry import Transport
from tests.support.raw import open_stream
from tests.support.readers import Traveller, for_ticks
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

STREAMS = 50
OWN_CONNECTIONS = 4
"""Those of the site: of its start, its rows, its checkpoints, and of the probe that looks after 5 s
whether the database can be written."""
LONGEST_MS = 100
"""A snapshot of 200 instruments takes some 5 ms, a password a few hundred."""


class Visitor:
    """Somebody who signs in by the form and keeps the cookies; unlike a browser runs nothing."""

    def __init__(self, served: Served) -> None:
        self._url = served.url
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))

    def get(self, path: str) -> str:
        """Return a page."""
        with self._opener.open(self._url + path, timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def post(self, page: str, path: str, **fields: str) -> str:
        """Send a form of a page; return the page it leads to."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page))
        assert token is not None
        body = urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with self._opener.open(self._url + path, body, timeout=PATIENCE_S) as answer:
            return answer.read().decode()


def open_databases(served: Served) -> int:
    """Return how many connections have the database open.

    Its log is a file of its own, which a connection opens a moment later: it does not count.
    """
    files = psutil.Process(served.process.pid).open_files()
    return sum(file.path.endswith(".sqlite3") for file in files)


def test_streams_pin_no_thread_and_no_connection(
    served: Served, eventually: Callable[..., None]
) -> None:
    """Trap 26."""
    eventually(lambda: served.census()["connections"] == 0)
    first = open_stream(served)
    eventually(lambda: served.census()["connections"] == 1)
    eventually(lambda: open_databases(served) >= OWN_CONNECTIONS)
    before, opened = served.census(), open_databases(served)
    others = [open_stream(served) for _ in range(STREAMS - 1)]
    many = served.census()
    assert many["connections"] == STREAMS
    assert many["threads"] == before["threads"]
    assert open_databases(served) == opened
    for stream in (first, *others):
        stream.close()
    eventually(lambda: served.census()["connections"] == 0)
    eventually(lambda: served.census()["files"] < before["files"])
    eventually(lambda: served.census()["tasks"] < before["tasks"])


def walk(served: Served) -> None:
    """Sign in, look around, edit, read every transport, and sign out."""
    visitor = Visitor(served)
    password = served.passwords["admin"]
    visitor.post("accounts/login/", "accounts/login/", login="admin", password=password)
    symbol = next(iter(served.board()["rows"]))
    for path in ("", "polling/", "lab/", "developers/", "admin/", "static/js/pages/dashboard.js"):
        visitor.get(path)
    visitor.post("", "watchlist/add/", symbol=symbol)
    reader = Traveller(["*"], served.token)
    for transport in Transport:
        reader.read(transport, served.host, for_ticks(reader, 20))
    visitor.post("accounts/logout/", "accounts/logout/")


def test_what_holds_a_loop_up_is_seen(served: Served) -> None:
    served.look_at_loop()
    served.hold_loop_up()
    seen = served.look_at_loop()
    assert {wait.partition("(")[0] for wait in seen["waits"]} == {"open", "socket.getaddrinfo"}
    assert seen["longest_ms"] > LONGEST_MS


def test_nothing_waits_or_computes_for_long_in_the_loop(served: Served) -> None:
    """Trap 30."""
    served.look_at_loop()
    walk(served)
    seen = served.look_at_loop()
    assert seen["waits"] == []
    assert seen["longest_ms"] < LONGEST_MS
