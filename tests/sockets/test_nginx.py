"""Behind nginx with TLS, as the docs say: people sign in, all transports work, addresses are true.

Every address of 127.0.0.0/8 is this machine, so one machine can be several clients.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from html import escape
from typing import NamedTuple
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.servers.serving import SERVERS
from tests.support.distant_visitor import LOGIN, DistantVisitor
from tests.support.nginx import HOST, Nginx, free_addresses, recommended, running_nginx
from tests.support.served import Served, serve
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

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
    addresses = free_addresses()
    settings = {"MARKET_PUBLIC_ORIGINS": addresses.url, "MARKET_TRUSTED_PROXIES": HOST}
    with (
        serve(folder, "--server", request.param, **settings) as served,
        running_nginx(folder, recommended(folder, addresses, to=served.port), addresses) as nginx,
    ):
        yield Site(served, nginx)


@pytest.fixture(scope="module")
def viewer(site: Site) -> DistantVisitor:
    """A browser that is signed in."""
    visitor = DistantVisitor(site.nginx, "127.0.0.2")
    assert visitor.sign_in(site.served.passwords["viewer"])[0] == 302
    return visitor


def test_people_sign_in_over_tls(viewer: DistantVisitor) -> None:
    assert viewer.answer_cookies["sessionid"]["secure"]
    assert viewer.answer_cookies["csrftoken"]["secure"]
    status, page = viewer.ask("GET", "/")
    assert (status, "Sign out" in page) == (200, True)
    assert "max-age=31536000" in viewer.last["Strict-Transport-Security"]


def test_a_socket_opens_for_a_page_of_ours(site: Site, viewer: DistantVisitor) -> None:
    url = site.nginx.url.replace("https", "wss") + "/ws/v1/"
    with connect(
        url, ssl=site.nginx.tls, origin=site.nginx.url,
        additional_headers={"Cookie": viewer.headers["Cookie"]}, compression=None,
    ) as websocket:  # fmt: skip
        assert json.loads(websocket.recv(timeout=PATIENCE_S))["type"] == "welcome"
        websocket.send(
            '{"method":"subscribe","params":{"channel":"ticker","symbols":["*"]},"id":1}'
        )
        assert json.loads(websocket.recv(timeout=PATIENCE_S))["success"]
        assert json.loads(websocket.recv(timeout=PATIENCE_S))["type"] == "snapshot"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1"])
def test_a_socket_does_not_open_for_another_page(
    site: Site, viewer: DistantVisitor, origin: str
) -> None:
    url = site.nginx.url.replace("https", "wss") + "/ws/v1/"
    headers = {"Cookie": viewer.headers["Cookie"]}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, ssl=site.nginx.tls, origin=origin, additional_headers=headers),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert f"'{origin}', which MARKET_PUBLIC_ORIGINS does not name" in site.served.log()


def test_a_stream_is_not_delayed(viewer: DistantVisitor) -> None:
    """A proxy that buffers would give nothing before some kilobytes are together."""
    with closing(viewer.open()) as line:
        line.request("GET", "/sse/v1/?channels=status", headers=viewer.headers)
        response = line.getresponse()
        assert response.status == 200
        assert json.loads(response.readline().removeprefix(b"data: "))["type"] == "welcome"


def test_polls_are_answered(viewer: DistantVisitor) -> None:
    status, body = viewer.ask("GET", "/poll/v1/?symbols=*")
    position = json.loads(body)["position"]
    assert status == 200
    status, body = viewer.ask("GET", f"/poll/v1/?symbols=*&wait=5&since={position}")
    assert status == 200
    assert json.loads(body)["frames"]


def test_a_poll_of_another_page_names_the_setting(viewer: DistantVisitor) -> None:
    status, body = viewer.ask("GET", "/poll/v1/?symbols=*", Origin="https://evil.example")
    assert status == 403
    assert "MARKET_PUBLIC_ORIGINS" in json.loads(body)["error"]["message"]


def test_rest_and_udf_are_answered(viewer: DistantVisitor) -> None:
    for path in ("/api/v1/instruments", "/udf/config"):
        status, _ = viewer.ask("GET", path, Origin=viewer.origin)
        assert status == 200
    assert viewer.last["Access-Control-Allow-Origin"] == viewer.origin


LIST = """
from feeds.models import Feed, Instrument
from feeds.services.instruments import save_instrument
from tests.support.waiting import PATIENCE_S, PATIENCE_S
for symbol in {symbols}:
    row = Instrument(feed=Feed.objects.get(), symbol=symbol, name=symbol, sector="World",
        reference_price=100)
    save_instrument(row, actor=None)
"""
WORLD = ("BTC/USD", "M&M", "^GSPC", "ES=F")


def test_symbols_of_the_world_have_addresses(
    site: Site, viewer: DistantVisitor, eventually: Callable[..., None]
) -> None:
    site.served.manage("shell", "-v0", "-c", LIST.format(symbols=WORLD))
    eventually(lambda: set(WORLD) <= set(site.served.board()["rows"]))
    for symbol in WORLD:
        for quoted in (quote(symbol), quote(symbol, safe="")):
            status, page = viewer.ask("GET", f"/i/{quoted}/")
            assert (status, f">{escape(symbol)}</span>" in page) == (200, True)
            status, body = viewer.ask("GET", f"/api/v1/instruments/{quoted}")
            assert (status, json.loads(body)["s"]) == (200, symbol)
        status, body = viewer.ask("GET", f"/poll/v1/?channels=ticker&symbols={quoted}")
        assert list(json.loads(body)["frames"][0]["data"]) == [symbol]


def test_a_form_of_another_origin_names_the_setting(site: Site) -> None:
    stranger = DistantVisitor(site.nginx, "127.0.0.3")
    status, page = stranger.sign_in("any", origin="https://evil.example")
    assert (status, "MARKET_PUBLIC_ORIGINS" in page) == (403, True)


def test_an_attacker_locks_only_his_own_address(site: Site) -> None:
    """His claims do not count: nginx appends his address, and only nginx is trusted."""
    for number in range(TRIES):
        attacker = DistantVisitor(
            site.nginx, "127.0.0.66", X_Forwarded_For=f"192.0.2.{number}, {HOST}"
        )
        attacker.sign_in("wrong")
    password = site.served.passwords["viewer"]
    for claims in ({}, {"X_Forwarded_For": "192.0.2.99"}, {"Forwarded": "for=192.0.2.98"}):
        status, page = DistantVisitor(site.nginx, "127.0.0.66", **claims).sign_in(password)
        assert (status, WORD_OF_LOCK in page) == (200, True)
    assert DistantVisitor(site.nginx, "127.0.0.67").sign_in(password)[0] == 302


def test_a_client_around_the_proxy_is_not_believed(site: Site) -> None:
    """Another address of this machine reaches the server itself, and says that it has TLS."""
    claims = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    place, source = site.served.host, ("127.0.0.5", 0)
    with closing(
        http.client.HTTPConnection(place, source_address=source, timeout=PATIENCE_S)
    ) as line:
        line.request("GET", LOGIN, headers=claims)
        response = line.getresponse()
    assert response.status == 301
    assert response.headers["Location"] == f"{site.nginx.url}{LOGIN}"


def test_plain_http_leads_to_tls(site: Site) -> None:
    place = site.nginx.plain_url.removeprefix("http://")
    with closing(http.client.HTTPConnection(place, timeout=PATIENCE_S)) as line:
        line.request("GET", "/lab/")
        response = line.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"{site.nginx.url}/lab/")
