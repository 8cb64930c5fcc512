"""The metrics are for this machine and for holders of the token, never for the world."""

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from prometheus_client import CollectorRegistry, Gauge

from dashboard.operations.exposition import MetricsApplication

TOKEN = "a-token-of-20-letters"
LOCAL = ("127.0.0.1", 40_000)
LOCALHOST = (b"host", b"localhost:8001")


async def ask(
    *headers: tuple[bytes, bytes], client: Any = LOCAL, token: str = "", method: str = "GET"
) -> tuple[int, dict[bytes, bytes], str]:
    registry = CollectorRegistry()
    Gauge("figure", "A figure.", registry=registry).set(7)
    application = MetricsApplication(registry, token=token)
    scope = {"type": "http", "method": method, "headers": list(headers), "client": client}
    asked = ApplicationCommunicator(application, scope)
    start, body = await asked.receive_output(), await asked.receive_output()
    return start["status"], dict(start["headers"]), body["body"].decode()


async def test_this_machine_reads_the_figures() -> None:
    status, headers, body = await ask(LOCALHOST)
    assert status == 200
    assert "figure 7.0" in body
    assert headers[b"content-type"].startswith(b"text/plain; version=")
    assert headers[b"cache-control"] == b"no-store"


async def test_prometheus_may_ask_for_openmetrics() -> None:
    status, headers, body = await ask(LOCALHOST, (b"accept", b"application/openmetrics-text"))
    assert status == 200
    assert headers[b"content-type"].startswith(b"application/openmetrics-text")
    assert body.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (("192.0.2.1", 1), [LOCALHOST]),
        (("::ffff:192.0.2.1", 1), [LOCALHOST]),
        (None, [LOCALHOST]),
        (("", 0), [LOCALHOST]),
        (LOCAL, [(b"host", b"market.example")]),
        (LOCAL, [(b"host", b"localhost.example:80")]),
        (LOCAL, []),
        (LOCAL, [LOCALHOST, (b"x-forwarded-for", b"127.0.0.1")]),
        (LOCAL, [LOCALHOST, (b"forwarded", b"for=127.0.0.1")]),
        (LOCAL, [LOCALHOST, (b"x-real-ip", b"127.0.0.1")]),
    ],
)
async def test_nobody_else_reads_them(client: Any, headers: list[tuple[bytes, bytes]]) -> None:
    status, answered, body = await ask(*headers, client=client)
    assert status == 403
    assert answered[b"content-type"] == b"text/plain; charset=utf-8"
    assert "MARKET_METRICS_TOKEN" in body
    assert "figure" not in body


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:9101", b"[::1]", b"[::1]:8001"])
async def test_this_machine_may_call_itself_what_it_likes(host: bytes) -> None:
    assert (await ask((b"host", host), client=("::1", 1)))[0] == 200


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "Bearer "])
async def test_the_token_is_enough_from_anywhere(kind: str) -> None:
    bearer = (b"authorization", f"{kind} {TOKEN}".encode())
    assert (await ask(bearer, client=("192.0.2.1", 1), token=TOKEN))[0] == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}"],
)
async def test_without_the_token_not_even_this_machine_reads_them(header: str) -> None:
    headers = [(b"authorization", header.encode())] if header else []
    status, answered, body = await ask(LOCALHOST, *headers, token=TOKEN)
    assert status == 401
    assert answered[b"www-authenticate"] == b"Bearer"
    assert answered[b"content-type"] == b"text/plain; charset=utf-8"
    assert "figure" not in body
    assert TOKEN not in body


async def test_metrics_are_only_read() -> None:
    for method in ("POST", "HEAD"):
        status, headers, body = await ask(LOCALHOST, method=method)
        assert (status, headers[b"allow"], body) == (405, b"GET", "")
