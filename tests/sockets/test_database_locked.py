"""While the database is locked, writes are answered with 503 at once, and prices go on."""

import re
import time
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.support.raw import open_reader
from tests.support.served import Served
from tests.support.storage import locked

pytestmark = [pytest.mark.slow, pytest.mark.shared]

PATIENCE_S = 4
"""Twice the promise, for a busy machine; the lock itself would last for ever."""


def ask(served: Served, method: str, body: str = "", cookie: str = "") -> HTTPResponse:
    connection = HTTPConnection(served.host, timeout=15)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, "/accounts/login/", body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    return answer


def sign_in(served: Served) -> HTTPResponse:
    page = ask(served, "GET")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    form = f"csrfmiddlewaretoken={token[1]}&login=viewer&password={served.passwords['viewer']}"
    return ask(served, "POST", form, cookie)


def test_a_sign_in_is_asked_to_try_again_and_prices_go_on(served: Served) -> None:
    with locked(served.folder):
        begun_s = time.monotonic()
        answer = sign_in(served)
        assert time.monotonic() - begun_s < PATIENCE_S
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        reader = open_reader(served)
        assert reader.recv(65_536)
        reader.close()
    assert sign_in(served).status == 302
    assert "Traceback" not in served.log()
