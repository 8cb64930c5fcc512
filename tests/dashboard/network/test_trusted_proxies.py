"""Behind the proxies' part of the application, client and scheme are true for every connection."""

import pytest

from dashboard.network.hops import parse_networks
from dashboard.network.trusted_proxies import TrustedProxies

CLAIMS = [
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"evil.example"),
    (b"x_forwarded_for", b"192.0.2.2"),
    (b"forwarded", b"for=192.0.2.3"),
    (b"x-real-ip", b"192.0.2.4"),
    (b"daphne-root-path", b"/evil"),
]
HOST = (b"host", b"market.example.com")
KINDS = {"http": "http", "websocket": "ws"}


async def served(scope, trusted="10.0.0.1"):
    """Return the scope that the application behind sees."""
    seen = []

    async def application(scope, receive, send):
        seen.append(scope)

    await TrustedProxies(application, parse_networks(trusted))(scope, None, None)
    return seen[0]


def scope_of(kind, peer, **rest):
    return {"type": kind, "client": [peer, 4711], "headers": [HOST, *CLAIMS], **rest}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_trusted_proxy_says_who_asks(kind) -> None:
    scope = await served(scope_of(kind, "10.0.0.1", scheme=KINDS[kind]))
    assert scope["client"] == ["192.0.2.1", 0]
    assert scope["scheme"] == KINDS[kind] + "s"
    assert scope["headers"] == [HOST]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trusted", ["", "10.0.0.2"])
async def test_nobody_else_is_believed(kind, trusted) -> None:
    scope = await served(scope_of(kind, "10.0.0.1", scheme=KINDS[kind]), trusted)
    assert scope["client"] == ["10.0.0.1", 4711]
    assert scope["scheme"] == KINDS[kind]
    assert scope["headers"] == [HOST]


async def test_a_server_that_knows_no_scheme_or_client_is_served() -> None:
    """Daphne gives sockets no scheme, and a unix socket has no peer."""
    plain = {"type": "websocket", "headers": [HOST]}
    assert await served(plain) == plain
    assert (await served(plain | {"client": None}))["client"] is None


async def test_a_proxy_that_says_nothing_is_the_client() -> None:
    scope = {"type": "http", "client": ["10.0.0.1", 1], "headers": [HOST], "scheme": "http"}
    seen = await served(scope)
    assert (seen["client"][0], seen["scheme"]) == ("10.0.0.1", "http")


async def test_the_life_of_the_server_passes_through() -> None:
    assert await served({"type": "lifespan"}) == {"type": "lifespan"}


async def test_the_scope_of_the_server_stays_as_it_was() -> None:
    scope = scope_of("http", "10.0.0.1")
    await served(scope)
    assert scope["headers"] == [HOST, *CLAIMS]
