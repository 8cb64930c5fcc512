"""Behind nginx with TLS, as the docs say: people sign in, all transports work, addresses are true.

Every address of 127.0.0.0/8 is this machine, so one machine can be several clients.
"""

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.servers.listening import SERVERS
from tests.support.nginx import HOST, Nginx, free_port, running_nginx
from tests.support.served import Served, serve

pytestmark = pytest.mark.slow

LOGIN = "/accounts/login/"
WORD_OF_LOCK = "Too many failed login attempts"
TRIES = 5


class Site(NamedTuple):
    """A server and the nginx before it."""

    served: Served
    nginx: Nginx


@pytest.fixture(scope="module", params=SERVERS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site of each kind of server, with the two settings that the docs name."""
    folder = tmp_path_factory.mktemp(f"nginx-{request.param}")
    port = free_port()
    settings = {
        "MARKET_PUBLIC_ORIGINS": f"https://{HOST}:{port}",
        "MARKET_TRUSTED_PROXIES": HOST,
    }
    with (
        serve(folder, "--server", request.param, **settings) as served,
        running_nginx(folder, port=port, to=served.port) as nginx,
    ):
        yield Site(served, nginx)


class Visitor:
    """A browser at an address of its own: it keeps cookies, and sends what browsers send."""

    def __init__(self, site: Site, address: str, **claims: str) -> None:
        self.site = site
        self.address = address
        self.cookies: dict[str, str] = {}
        self.answer_cookies = SimpleCookie()
        self._claims = {name.replace("_", "-"): value for name, value in claims.items()}

    @property
    def headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **self._claims}

    def open(self) -> http.client.HTTPSConnection:
        place = self.site.nginx.url.removeprefix("https://")
        tls, source = self.site.nginx.tls, (self.address, 0)
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
                "Origin": origin or self.site.nginx.url,
            },
        )  # fmt: skip


@pytest.fixture(scope="module")
def viewer(site: Site) -> Visitor:
    """A browser that is signed in."""
    visitor = Visitor(site, "127.0.0.2")
    assert visitor.sign_in(site.served.passwords["viewer"])[0] == 302
    return visitor


def test_people_sign_in_over_tls(viewer: Visitor) -> None:
    assert viewer.answer_cookies["sessionid"]["secure"]
    assert viewer.answer_cookies["csrftoken"]["secure"]
    status, page = viewer.ask("GET", "/")
    assert (status, "Sign out" in page) == (200, True)
    assert "max-age=31536000" in viewer.last["Strict-Transport-Security"]


def test_a_socket_opens_for_a_page_of_ours(site: Site, viewer: Visitor) -> None:
    url = site.nginx.url.replace("https", "wss") + "/ws/v1/"
    with connect(
        url, ssl=site.nginx.tls, origin=site.nginx.url,
        additional_headers={"Cookie": viewer.headers["Cookie"]}, compression=None,
    ) as websocket:  # fmt: skip
        assert json.loads(websocket.recv(timeout=15))["type"] == "welcome"
        websocket.send(
            '{"method":"subscribe","params":{"channel":"ticker","symbols":["*"]},"id":1}'
        )
        assert json.loads(websocket.recv(timeout=15))["success"]
        assert json.loads(websocket.recv(timeout=15))["type"] == "snapshot"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1"])
def test_a_socket_does_not_open_for_another_page(site: Site, viewer: Visitor, origin: str) -> None:
    url = site.nginx.url.replace("https", "wss") + "/ws/v1/"
    headers = {"Cookie": viewer.headers["Cookie"]}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, ssl=site.nginx.tls, origin=origin, additional_headers=headers),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert f"'{origin}', which MARKET_PUBLIC_ORIGINS does not name" in site.served.log()


def test_a_stream_is_not_delayed(viewer: Visitor) -> None:
    """A proxy that buffers would give nothing before some kilobytes are together."""
    with closing(viewer.open()) as line:
        line.request("GET", "/sse/v1/?channels=status", headers=viewer.headers)
        response = line.getresponse()
        assert response.status == 200
        assert json.loads(response.readline().removeprefix(b"data: "))["type"] == "welcome"


def test_polls_are_answered(viewer: Visitor) -> None:
    status, body = viewer.ask("GET", "/poll/v1/?symbols=*")
    position = json.loads(body)["position"]
    assert status == 200
    status, body = viewer.ask("GET", f"/poll/v1/?symbols=*&wait=5&since={position}")
    assert status == 200
    assert json.loads(body)["frames"]


def test_a_poll_of_another_page_names_the_setting(viewer: Visitor) -> None:
    status, body = viewer.ask("GET", "/poll/v1/?symbols=*", Origin="https://evil.example")
    assert status == 403
    assert "MARKET_PUBLIC_ORIGINS" in json.loads(body)["error"]["message"]


def test_rest_and_udf_are_answered(viewer: Visitor) -> None:
    for path in ("/api/v1/instruments", "/udf/config"):
        status, _ = viewer.ask("GET", path, Origin=viewer.site.nginx.url)
        assert status == 200
    assert viewer.last["Access-Control-Allow-Origin"] == viewer.site.nginx.url


def test_a_form_of_another_origin_names_the_setting(site: Site) -> None:
    stranger = Visitor(site, "127.0.0.3")
    status, page = stranger.sign_in("any", origin="https://evil.example")
    assert (status, "MARKET_PUBLIC_ORIGINS" in page) == (403, True)


def test_an_attacker_locks_only_his_own_address(site: Site) -> None:
    """Whatever he claims: nginx appends his address, and only nginx is believed."""
    for number in range(TRIES):
        attacker = Visitor(site, "127.0.0.66", X_Forwarded_For=f"192.0.2.{number}, {HOST}")
        attacker.sign_in("wrong")
    password = site.served.passwords["viewer"]
    for claims in ({}, {"X_Forwarded_For": "192.0.2.99"}, {"Forwarded": "for=192.0.2.98"}):
        status, page = Visitor(site, "127.0.0.66", **claims).sign_in(password)
        assert (status, WORD_OF_LOCK in page) == (200, True)
    assert Visitor(site, "127.0.0.67").sign_in(password)[0] == 302


def test_who_goes_around_the_proxy_is_not_believed(site: Site) -> None:
    """Another address of this machine reaches the server itself, and says that it has TLS."""
    claims = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    place, source = site.served.host, ("127.0.0.5", 0)
    with closing(http.client.HTTPConnection(place, source_address=source, timeout=15)) as line:
        line.request("GET", LOGIN, headers=claims)
        response = line.getresponse()
    assert response.status == 301
    assert response.headers["Location"] == f"{site.nginx.url}{LOGIN}"


def test_plain_http_leads_to_tls(site: Site) -> None:
    place = site.nginx.plain_url.removeprefix("http://")
    with closing(http.client.HTTPConnection(place, timeout=15)) as line:
        line.request("GET", "/lab/")
        response = line.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"{site.nginx.url}/lab/")
