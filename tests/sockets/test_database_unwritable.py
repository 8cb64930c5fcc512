"""While the database is locked, full or read-only, writes get 503 at once, and prices go on.

Admins read what is wrong and what to do.
"""

import json
import re
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.support.raw import open_reader
from tests.support.served import Served
from tests.support.unwritable import STATES
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.shared]

AT_ONCE_S = 4
"""Twice the promise; the lock itself would last for ever."""


class Visitor:
    """Somebody with a browser's cookies."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str = "") -> HTTPResponse:
        connection = HTTPConnection(self._served.host, timeout=PATIENCE_S)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        return answer

    def sign_in(self, user: str) -> HTTPResponse:
        page = self.ask("GET", "/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        password = self._served.passwords[user]
        form = f"csrfmiddlewaretoken={token[1]}&login={user}&password={password}"
        return self.ask("POST", "/accounts/login/", form)

    def banner(self, path: str) -> str:
        """Return the banner of a page of the admin; "" if it is hidden."""
        found = re.search(
            r'id="database-trouble" role="alert"( hidden)?>([^<]*)<', self.ask("GET", path).text
        )
        assert found is not None
        return "" if found[1] else found[2]


SQLITE = pytest.mark.embedded("PostgreSQL is limited from outside")


@pytest.mark.parametrize(
    "state",
    ["locked", pytest.param("full", marks=SQLITE), pytest.param("read-only", marks=SQLITE)],
)
def test_a_sign_in_is_asked_to_try_again_and_prices_go_on(
    served: Served, eventually: Callable[..., None], state: str
) -> None:
    admin = Visitor(served)
    begun_s = time.monotonic()
    assert admin.sign_in("admin").status == 302
    usual_s = time.monotonic() - begun_s  # more on a busy machine
    eventually(lambda: admin.banner("/admin/") == "")
    with STATES[state](served):
        begun_s = time.monotonic()
        answer = Visitor(served).sign_in("viewer")
        assert time.monotonic() - begun_s < AT_ONCE_S + usual_s
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        before = served.board()["position"]
        reader = open_reader(served)
        assert reader.recv(65_536)
        reader.close()
        for page in ("/admin/", "/admin/flightdeck/"):
            eventually(lambda page=page: f"The database is {state}." in admin.banner(page))
        trouble = json.loads(admin.ask("GET", "/admin/flightdeck/entries/").text)["trouble"]
        assert f"The database is {state}." in trouble
        eventually(lambda: served.board()["position"] != before)
    assert Visitor(served).sign_in("viewer").status == 302
    eventually(lambda: admin.banner("/admin/") == "")
    assert "Traceback" not in served.log()
