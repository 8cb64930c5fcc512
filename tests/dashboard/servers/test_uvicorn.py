"""The server's own loop: it keeps the date of answers, and stops as soon as it should."""

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers import uvicorn as uvicorn_module
from dashboard.servers.limits import LIMITS, ConnectionLimits
from dashboard.servers.uploads import Uploads
from dashboard.servers.uvicorn import SideServer, UvicornServer, UvicornWebSocket
from dashboard.servers.uvicorn_http import UvicornHttp
from tests.support.waiting import until


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing: nobody asks."""


async def nothing_to_stop() -> None:
    """Return at once."""


def uvicorn_server(**parts: Any) -> UvicornServer:
    return UvicornServer(
        application=application, ping_s=30, on_ready=lambda: None, on_stop=nothing_to_stop, **parts
    )


def date_of(server: UvicornServer) -> float:
    headers = dict(server.server_state.default_headers)
    return parsedate_to_datetime(headers[b"date"].decode()).timestamp() if headers else 0.0


async def test_the_date_of_answers_goes_on_until_a_signal_ends_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uvicorn_module, "LOOK_S", 0.001)
    now_s = 1_700_000_000.0
    monkeypatch.setattr("uvicorn.server.time", SimpleNamespace(time=lambda: now_s))
    server = uvicorn_server()
    loop = asyncio.create_task(server.main_loop())
    await until(lambda: date_of(server) == now_s)
    monkeypatch.setattr(uvicorn_module, "LOOK_S", 3600.0)
    now_s += 3
    # This date is the last one before a rest of an hour.
    await until(lambda: date_of(server) == now_s)
    server.handle_exit(signal.SIGTERM, None)
    await asyncio.wait_for(loop, 60)


# --- the life of a server -------------------------------------------------------------------
async def test_it_says_that_it_is_ready_when_it_listens_and_stops_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The application closes its sockets before uvicorn closes the others."""
    done: list[str] = []

    async def noted(name: str) -> None:
        done.append(name)

    for name in ("startup", "shutdown"):
        monkeypatch.setattr(
            uvicorn_module.uvicorn.Server, name, lambda self, sockets, name=name: noted(name)
        )
    monkeypatch.setattr(uvicorn_module, "LAST_HANDSHAKES_S", 0)
    server = UvicornServer(
        application=application, ping_s=20, on_ready=lambda: done.append("ready"),
        on_stop=lambda: noted("on_stop"),
    )  # fmt: skip
    server.servers = [SimpleNamespace(close=lambda: done.append("close"))]
    await server.startup()
    assert done == ["startup", "ready"]
    await server.shutdown()
    assert done[2:] == ["close", "on_stop", "shutdown"]


def test_it_compresses_no_frames_obeys_no_proxy_and_names_nobody() -> None:
    """The application does these itself, for both servers."""
    config = uvicorn_server().config
    assert (config.ws_per_message_deflate, config.proxy_headers) == (False, False)
    assert (config.server_header, config.access_log, config.lifespan) == (False, False, "off")
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (30, 24)
    assert (config.ws_max_size, config.timeout_graceful_shutdown) == (65_536, 1)
    assert config.app is application


def test_its_connections_have_its_bounds_and_count_where_the_others_do() -> None:
    parts = {
        "limits": ConnectionLimits(headers=3), "uploads": Uploads([b"/up"]),
        "refusals": Counter[RefusalReason](),
    }  # fmt: skip
    config = uvicorn_server(**parts).config
    assert issubclass(config.http, UvicornHttp)
    assert issubclass(config.ws, UvicornWebSocket)
    for name, part in parts.items():
        assert getattr(config.http, name) is part
    assert config.ws.refusals is parts["refusals"]


def test_without_bounds_of_its_own_it_has_the_usual_ones_and_takes_no_uploads() -> None:
    http = uvicorn_server().config.http
    assert (http.limits, http.uploads, http.refusals) == (LIMITS, Uploads(), Counter())


@pytest.mark.parametrize("make", [lambda: uvicorn_server(), lambda: SideServer(application)])
def test_it_leaves_the_logs_to_the_application(make: Callable[[], object]) -> None:
    def loggers() -> list[tuple[list[logging.Handler], bool]]:
        named = map(logging.getLogger, ("uvicorn", "uvicorn.error"))
        return [([*logger.handlers], logger.propagate) for logger in named]

    before = loggers()
    make()
    assert loggers() == before


@pytest.fixture
def handlers() -> Iterator[None]:
    """Give the signals back to those that have them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_and_none_counts_after_that(number: signal.Signals) -> None:
    server = uvicorn_server()
    with server.capture_signals():
        os.kill(os.getpid(), number)
        await until(lambda: server.should_exit)
        assert server._stop.is_set()
        assert signal.getsignal(number) is not signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert not asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_server_beside_others_takes_no_signals_and_stops_when_it_is_asked() -> None:
    server = SideServer(application)
    with server.capture_signals():
        assert not asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    assert (server.config.ws, server.config.lifespan) == ("none", "off")
    assert (server.config.server_header, server.config.access_log) == (False, False)
    assert server.config.timeout_graceful_shutdown == 1
    loop = asyncio.create_task(server.main_loop())
    await until(lambda: date_of(server))
    server.stop()
    await asyncio.wait_for(loop, 60)
    assert server.should_exit
