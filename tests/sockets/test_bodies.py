"""A body of any size, sent by anybody: 413 when it is over its bound, and no memory for it."""

import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest

from dashboard.servers.limits import LIMITS, MIB
from tests.support.bodies import chunked, head, known, send
from tests.support.memory import memory
from tests.support.raw import open_tcp
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

LARGE_BYTES = 32 * MIB
GROWTH_BYTES = 4 * MIB
UPLOAD_GROWTH_BYTES = 12 * MIB
"""Django keeps up to 2.5 MB of a request and of a file in memory, and then writes files."""
PATHS = ["/", "/accounts/login/", "/poll/v1/", "/sse/v1/", "/api/v1/bars", "/admin/",
         "/admin/feeds/recording/add/", "/nowhere/"]  # fmt: skip


@pytest.mark.parametrize("kind", [known, chunked])
@pytest.mark.parametrize("signed_in", [False, True], ids=["nobody", "viewer"])
def test_a_large_body_is_refused_and_costs_no_memory(
    served: Served, kind: Callable[[int], tuple[str, Iterator[bytes]]], signed_in: bool
) -> None:
    for path in PATHS:
        before = memory(served)
        line, pieces = kind(LARGE_BYTES)
        first = head(served, path, line, signed_in=signed_in)
        with open_tcp(served) as tcp:
            answer = send(tcp, first, pieces)
        assert answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 405 ")), path
        assert answer.count(b"HTTP/1.1 ") == 1
        assert memory(served) - before < GROWTH_BYTES, path


def test_a_large_body_is_refused_before_it_is_sent(served: Served) -> None:
    with open_tcp(served) as tcp:
        tcp.sendall(head(served, "/", f"Content-Length: {LIMITS.body_bytes + 1}"))
        assert tcp.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_nobody_is_asked_to_go_on_with_a_large_body(served: Served) -> None:
    with open_tcp(served) as tcp:
        tcp.sendall(head(served, "/", "Content-Length: 2000000", "Expect: 100-continue"))
        assert tcp.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("kind", [known, chunked])
def test_a_body_at_the_bound_is_taken(
    served: Served, kind: Callable[[int], tuple[str, Iterator[bytes]]]
) -> None:
    """It has no token against forgery, so the page refuses it, but only after it was read."""
    line, pieces = kind(LIMITS.body_bytes)
    with open_tcp(served) as tcp:
        answer = send(tcp, head(served, "/accounts/login/", line, "Connection: close"), pieces)
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_a_refused_body_ends_only_its_own_connection(served: Served) -> None:
    other = HTTPConnection(served.host, timeout=PATIENCE_S)
    other.request("GET", "/accounts/login/")
    other.getresponse().read()
    line, pieces = known(2 * MIB)
    with open_tcp(served) as tcp:
        assert send(tcp, head(served, "/", line), pieces).startswith(b"HTTP/1.1 413 ")
    other.request("GET", "/accounts/login/")
    assert other.getresponse().status == 200


class Admin:
    """Somebody who may import, signed in by the form."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.cookies: dict[str, str] = {}
        token = self.token("/accounts/login/")
        form = f"csrfmiddlewaretoken={token}&login=admin&password={served.passwords['admin']}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert self.ask("POST", "/accounts/login/", form.encode(), headers)[0] == 302

    def token(self, page: str) -> str:
        found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.ask("GET", page)[1])
        assert found is not None
        return found[1].decode()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(self._served.host, timeout=PATIENCE_S)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Cookie": cookie, "Origin": self._served.url.rstrip("/"), **(headers or {})}
        connection.request(method, path, body, own)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read()


def form(token: str, table: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the body and header of a form that imports a table, but has no name for it."""
    fields = {"csrfmiddlewaretoken": token, "feed": "1", "kind": "trades", "interval_s": "60"}
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    start = '--b\r\nContent-Disposition: form-data; name="table"; filename="t.csv"\r\n\r\n'
    body = "".join([*parts, start]).encode() + table + b"\r\n--b--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=b"}


def test_an_importer_sends_more_and_it_goes_to_disk(served: Served) -> None:
    admin = Admin(served)
    page = "/admin/feeds/recording/add/"
    body, headers = form(admin.token(page), b"nonsense\n" * (40 * MIB // 9))
    before = memory(served)
    status, answer = admin.ask("POST", page, body, headers)
    assert status == 200
    assert b"This field is required." in answer
    assert memory(served) - before < UPLOAD_GROWTH_BYTES


def test_an_import_over_its_bound_is_refused(served: Served) -> None:
    admin = Admin(served)
    length = {"Content-Length": str(LIMITS.upload_bytes + 1)}
    assert admin.ask("POST", "/admin/feeds/recording/add/", b"", length)[0] == 413


def test_an_import_of_unknown_length_has_the_bound_of_everybody(served: Served) -> None:
    """Nobody is asked for a permission in the middle of a body."""
    line, pieces = chunked(2 * MIB)
    admin = Admin(served)
    cookie = "Cookie: " + "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    with open_tcp(served) as tcp:
        answer = send(tcp, head(served, "/admin/feeds/recording/add/", line, cookie), pieces)
    assert answer.startswith(b"HTTP/1.1 413 ")
