"""A browser at an address of its own, behind a proxy with TLS or at the server itself.

Every address of 127.0.0.0/8 is this machine, so one machine can be several clients.
"""

import http.client
import re
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support.nginx import Nginx
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

LOGIN = "/accounts/login/"


class DistantVisitor:
    """A browser at an address of its own: it keeps cookies, and sends what browsers send."""

    def __init__(self, site: Nginx | Served, address: str, **claims: str) -> None:
        self.origin = site.url.rstrip("/")
        self.address = address
        self.cookies: dict[str, str] = {}
        self.answer_cookies = SimpleCookie()
        self._tls = site.tls if isinstance(site, Nginx) else None
        self._claims = {name.replace("_", "-"): value for name, value in claims.items()}

    @property
    def headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **self._claims}

    def open(self) -> http.client.HTTPConnection:
        place, source = self.origin.partition("://")[2], (self.address, 0)
        if self._tls is None:
            return http.client.HTTPConnection(place, source_address=source, timeout=PATIENCE_S)
        return http.client.HTTPSConnection(
            place, context=self._tls, source_address=source, timeout=PATIENCE_S
        )

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        """Return status and text of a response; its cookies are kept."""
        with closing(self.open()) as line:
            line.request(method, path, body or None, self.headers | headers)
            response = line.getresponse()
            for text in response.headers.get_all("Set-Cookie", []):
                self.answer_cookies.load(text)
            self.cookies |= {name: cookie.value for name, cookie in self.answer_cookies.items()}
            self.last = response.headers
            return response.status, response.read().decode()

    def sign_in(
        self, password: str, origin: str | None = None, *, user: str = "viewer"
    ) -> tuple[int, str]:
        """Send the form of the sign-in."""
        return self.send(LOGIN, origin, login=user, password=password)

    def send(self, page: str, origin: str | None = None, **fields: str) -> tuple[int, str]:
        """Send the form of a page, as its own page does or one of another origin."""
        _, text = self.ask("GET", page)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
        assert token is not None
        return self.ask(
            "POST", page, urlencode({**fields, "csrfmiddlewaretoken": token[1]}),
            **{
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": origin or self.origin,
            },
        )  # fmt: skip
