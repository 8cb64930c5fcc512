"""A browser at an address of its own, behind a proxy with TLS.

Every address of 127.0.0.0/8 is this machine, so one machine can be several clients.
"""

import http.client
import re
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support.nginx import Nginx

LOGIN = "/accounts/login/"


class DistantVisitor:
    """A browser at an address of its own: it keeps cookies, and sends what browsers send."""

    def __init__(self, nginx: Nginx, address: str, **claims: str) -> None:
        self.nginx = nginx
        self.address = address
        self.cookies: dict[str, str] = {}
        self.answer_cookies = SimpleCookie()
        self._claims = {name.replace("_", "-"): value for name, value in claims.items()}

    @property
    def headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **self._claims}

    def open(self) -> http.client.HTTPSConnection:
        place = self.nginx.url.removeprefix("https://")
        tls, source = self.nginx.tls, (self.address, 0)
        return http.client.HTTPSConnection(place, context=tls, source_address=source, timeout=15)

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

    def sign_in(self, password: str, origin: str | None = None) -> tuple[int, str]:
        """Send the form of the sign-in as viewer."""
        _, page = self.ask("GET", LOGIN)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        form = {"login": "viewer", "password": password, "csrfmiddlewaretoken": token[1]}
        return self.ask(
            "POST", LOGIN, urlencode(form),
            **{
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": origin or self.nginx.url,
            },
        )  # fmt: skip
