"""The server's own loop: it keeps the date of answers, and stops as soon as it should."""

import asyncio
import signal
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.servers import uvicorn as uvicorn_module
from dashboard.servers.uvicorn import UvicornServer
from tests.support.waiting import until


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing: nobody asks."""


async def nothing_to_stop() -> None:
    """Return at once."""


def date_of(server: UvicornServer) -> float:
    headers = dict(server.server_state.default_headers)
    return parsedate_to_datetime(headers[b"date"].decode()).timestamp() if headers else 0.0


async def test_the_date_of_answers_goes_on_until_a_signal_ends_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uvicorn_module, "LOOK_S", 0.001)
    now_s = 1_700_000_000.0
    monkeypatch.setattr("uvicorn.server.time", SimpleNamespace(time=lambda: now_s))
    server = UvicornServer(
        application=application, ping_s=20, on_ready=lambda: None, on_stop=nothing_to_stop
    )
    loop = asyncio.create_task(server.main_loop())
    await until(lambda: date_of(server) == now_s)
    monkeypatch.setattr(uvicorn_module, "LOOK_S", 3600.0)
    now_s += 3
    # This date is the last one before a rest of an hour.
    await until(lambda: date_of(server) == now_s)
    server.handle_exit(signal.SIGTERM, None)
    await asyncio.wait_for(loop, 60)
