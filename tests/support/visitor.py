"""Somebody with a browser's cookies who reads pages and sends their forms, without a browser."""

import http.cookiejar
import re
from typing import Final
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from websockets.sync.client import connect

from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

CSRF: Final = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Visitor:
    """Somebody who is signed in."""

    def __init__(self, served: Served, user: str) -> None:
        self._root = served.url
        self._jar = http.cookiejar.CookieJar()
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(self._jar))
        self.post("accounts/login/", login=user, password=served.passwords[user])

    def move_to(self, served: Served) -> None:
        """Go on with the same cookies at a server that took the place of the former one."""
        self._root = served.url

    def open(self) -> connect:
        """Return a socket that the session opens."""
        host = self._root.removeprefix("http://").rstrip("/")
        return connect(
            f"ws://{host}/ws/v1/",
            origin=f"http://{host}",  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookies()},
            open_timeout=PATIENCE_S,
            legacy=True,
        )

    def cookies(self) -> str:
        """Return the header that the browser sends."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def read(self, path: str) -> str:
        """Return the text of a page."""
        return self._opener.open(self._root + path, timeout=PATIENCE_S).read().decode()

    def post(self, path: str, *, to: str = "", **fields: str) -> str:
        """Send a form of a page, perhaps to another address; return the page that follows."""
        token = CSRF.search(self.read(path))
        assert token
        body = urlencode({"csrfmiddlewaretoken": token[1], **fields}, doseq=True).encode()
        headers = {"Referer": self._root, "Origin": self._root.rstrip("/")}
        request = Request(self._root + (to or path), body, headers)
        return self._opener.open(request, timeout=PATIENCE_S).read().decode()
