"""A process is ready when it has a board, a fresh bus and a database, and is not stopping."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import InterfaceError, OperationalError

from dashboard.operations import health
from dashboard.operations.health import HealthApplication
from dashboard.wire.registry import Close
from tests.support.exchange import Exchange

Read = Callable[[], Awaitable[None]]


async def there() -> None:
    """A database that answers."""


def failing(error: Exception) -> Read:
    async def read() -> None:
        raise error

    return read


async def ask(
    exchange: Exchange, path: str = "/readyz", *, read: Read = there, method: str = "GET"
) -> tuple[int, dict[str, str]]:
    application = HealthApplication(exchange.hub, read_database=read)
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asked = ApplicationCommunicator(application, scope)
    start, body = await asked.receive_output(), await asked.receive_output()
    return start["status"], json.loads(body["body"] or b'{"wrong": {}}')["wrong"]


async def test_a_process_with_a_board_is_ready(exchange: Exchange) -> None:
    await exchange.settle()
    assert await ask(exchange) == (200, {})
    assert await ask(exchange, method="HEAD") == (200, {})


async def test_a_process_without_a_board_is_not() -> None:
    assert await ask(Exchange()) == (503, {"board": "no feed has written yet"})


async def test_a_silent_bus_makes_it_unready(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exchange.settle()
    monkeypatch.setattr(type(exchange.hub), "bus_age_s", 4.9)
    assert await ask(exchange) == (200, {})
    monkeypatch.setattr(type(exchange.hub), "bus_age_s", 5.0)
    assert await ask(exchange) == (503, {"bus": "brought nothing for 5 s"})


@pytest.mark.parametrize("error", [OperationalError("secret address"), InterfaceError("closed")])
async def test_a_database_that_is_away_makes_it_unready(
    exchange: Exchange, error: Exception
) -> None:
    await exchange.settle()
    assert await ask(exchange, read=failing(error)) == (503, {"database": "cannot be read"})


async def test_a_database_that_hangs_makes_it_unready(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exchange.settle()
    monkeypatch.setattr(health, "DATABASE_S", 0.01)
    status, wrong = await ask(exchange, read=asyncio.Event().wait)
    assert status == 503
    assert wrong.keys() == {"database"}


async def test_a_process_that_stops_is_not_ready(exchange: Exchange) -> None:
    await exchange.settle()
    await exchange.hub.close_all(Close.RESTART, within_s=1)
    assert await ask(exchange) == (503, {"server": "is stopping"})


async def test_it_lives_whatever_is_away() -> None:
    read = failing(OperationalError("away"))
    assert await ask(Exchange(), "/healthz", read=read) == (200, {})


async def answer(exchange: Exchange, method: str, read: Read = there) -> tuple[int, bytes, dict]:
    application = HealthApplication(exchange.hub, read_database=read)
    scope = {"type": "http", "method": method, "path": "/readyz", "headers": []}
    asked = ApplicationCommunicator(application, scope)
    start, body = await asked.receive_output(), await asked.receive_output()
    return start["status"], body["body"], dict(start["headers"])


async def test_health_is_only_read(exchange: Exchange) -> None:
    status, body, headers = await answer(exchange, "POST", failing(AssertionError("it was asked")))
    assert (status, body) == (405, b"")
    assert headers[b"allow"] == b"GET, HEAD"


async def test_health_is_json_that_says_whether_all_is_well(exchange: Exchange) -> None:
    await exchange.settle()
    status, body, headers = await answer(exchange, "GET")
    assert (status, json.loads(body)) == (200, {"ok": True, "wrong": {}})
    assert headers[b"content-type"] == b"application/json"
    _, body, _ = await answer(exchange, "GET", failing(OperationalError("away")))
    assert json.loads(body) == {"ok": False, "wrong": {"database": "cannot be read"}}
