"""A server gets the application, its socket and the market, and begins it when it listens."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.network.hops import Network
from dashboard.servers import serving

Made = dict[str, Any]


@pytest.fixture
def done() -> list[str]:
    """What was done, in order."""
    return []


@pytest.fixture
def market(done: list[str], monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The market of the process, which only writes down what is asked of it."""
    market = SimpleNamespace(
        ensure_started=lambda: done.append("started"), stop="stop", ping_s=7.5,
        trusted_proxies=("proxy",),
        hub=SimpleNamespace(traffic=SimpleNamespace(refusals=Counter({"flood": 1}))),
    )  # fmt: skip
    monkeypatch.setattr(serving.runtime, "current", lambda: market)
    monkeypatch.setattr(serving, "exempt_what_is_loaded", lambda: done.append("exempted"))
    return market


@pytest.fixture
def made(done: list[str], monkeypatch: pytest.MonkeyPatch) -> Made:
    """What the server was made of, whichever it is, and what it runs with."""
    made: Made = {}

    def server(kind: str) -> Callable[..., object]:
        def run(**options: Any) -> None:
            done.append("runs")
            made["run"] = options

        def make(**parts: Any) -> SimpleNamespace:
            made.update(kind=kind, parts=parts)
            return SimpleNamespace(run=run)

        return make

    monkeypatch.setattr("dashboard.servers.daphne.DaphneServer", server("daphne"))
    monkeypatch.setattr("dashboard.servers.uvicorn.UvicornServer", server("uvicorn"))
    return made


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with serving.listen("127.0.0.1", 0) as listener:
        yield listener


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing: nobody asks."""


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_both_servers_are_made_of_the_same_parts(
    kind: str, listener: socket.socket, made: Made, market: SimpleNamespace, done: list[str]
) -> None:
    number = listener.fileno()
    serving.serve(application, listener, server=kind, on_ready=lambda: done.append("ready"))
    parts = made["parts"]
    uploads, begin = parts.pop("uploads"), parts.pop("on_ready")
    assert made["kind"] == kind
    assert parts.pop("refusals") is market.hub.traffic.refusals
    assert [*uploads.paths] == [b"/admin/feeds/recording/add/"]
    if kind == "daphne":
        assert parts.pop("endpoints") == [f"fd:fileno={number}"]
        assert (made["run"], listener.fileno()) == ({}, -1), "it has the only handle"
        socket.close(number)
    else:
        assert made["run"] == {"sockets": [listener]}
        assert listener.fileno() == number
    assert parts == {"application": application, "ping_s": 7.5, "on_stop": "stop"}
    assert done == ["runs"]
    begin()
    assert done[1:] == ["exempted", "started", "ready"]


async def test_who_may_upload_is_asked_with_the_proxies_that_are_trusted(
    market: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[dict[str, Any], tuple[Network, ...]]] = []

    async def may_upload(scope: dict[str, Any], trusted: tuple[Network, ...]) -> bool:
        asked.append((scope, trusted))
        return True

    monkeypatch.setattr(serving, "may_upload", may_upload)
    assert await serving.uploads_of(market).admits({"path": "/"})
    assert asked == [({"path": "/"}, ("proxy",))]


def test_a_listener_takes_a_free_port_and_no_other_may_have_it(listener: socket.socket) -> None:
    host, port = listener.getsockname()
    assert host == "127.0.0.1"
    with pytest.raises(OSError, match="in use"):
        serving.listen(host, port)
    with socket.create_connection((host, port)) as client:
        accepted, address = listener.accept()
        accepted.close()
        assert address == client.getsockname()


def test_all_browsers_may_come_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        serving.socket, "create_server", lambda *place, **more: asked.append((place, more))
    )
    serving.listen("::1", 80)
    assert asked == [((("::1", 80),), {"backlog": 4096})]
