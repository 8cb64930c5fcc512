"""Each address goes where it belongs, and the first connection starts the market."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import asgi
from dashboard.wire.registry import Transport


async def test_a_server_with_a_lifespan_starts_and_stops_the_market(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    asked = ["lifespan.startup", "lifespan.shutdown"]

    async def stop() -> None:
        done.append("stopped")

    async def receive() -> dict[str, str]:
        return {"type": asked.pop(0)}

    async def send(message: dict[str, Any]) -> None:
        done.append(message["type"])

    market = SimpleNamespace(ensure_started=lambda: done.append("started"), stop=stop)
    monkeypatch.setattr(asgi, "_market", market)
    await asgi.application({"type": "lifespan"}, receive, send)
    started = ["started", "lifespan.startup.complete"]
    assert done == [*started, "stopped", "lifespan.shutdown.complete"]


class Site:
    """The parts behind the addresses, each of which notes that it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_redirected: bool = False) -> None:
        self.asked: list[str] = []
        self.paid: list[Transport] = []
        names = ("_websocket", "_events", "_poll", "_static", "django_application")
        for name in names:
            monkeypatch.setattr(asgi, name, self._part(name))
        market = SimpleNamespace(
            ensure_started=lambda: self.asked.append("market"),
            costs=SimpleNamespace(serve=self._pay),
            metrics=self._part("metrics"),
            health=self._part("health"),
        )
        monkeypatch.setattr(asgi, "_market", market)
        monkeypatch.setattr(asgi.runtime, "is_redirected", lambda scope: is_redirected)

    def _part(self, name: str) -> Any:
        async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
            self.asked.append(name)
            await send({"type": "http.response.start", "status": 200, "headers": []})

        return serve

    async def _pay(self, transport: Transport, awaitable: Any) -> None:
        self.paid.append(transport)
        await awaitable

    async def ask(self, path: str, *, kind: str = "http", query: bytes = b"") -> list[Any]:
        sent: list[Any] = []

        async def receive() -> dict[str, str]:
            self.asked.append("received")
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": kind, "path": path, "query_string": query, "headers": [],
            "client": ("127.0.0.1", 1), "scheme": "http",
        }  # fmt: skip
        await asgi.application(scope, receive, send)
        return sent


@pytest.mark.parametrize(
    ("path", "kind", "query", "part", "transport"),
    [
        ("/ws/v1/", "websocket", b"", "_websocket", Transport.WEBSOCKET),
        ("/sse/v1/", "http", b"", "_events", Transport.SSE),
        ("/poll/v1/", "http", b"", "_poll", Transport.POLL),
        ("/poll/v1/", "http", b"wait=20", "_poll", Transport.LONGPOLL),
        ("/static/a.css", "http", b"", "_static", None),
        ("/static", "http", b"", "django_application", None),
        ("/ws/v1/", "http", b"", "django_application", None),
        ("/", "http", b"", "django_application", None),
    ],
)
async def test_each_address_goes_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, path: str, kind: str, query: bytes, part: str,
    transport: Transport | None,
) -> None:  # fmt: skip
    site = Site(monkeypatch)
    sent = await site.ask(path, kind=kind, query=query)
    assert site.asked == ["market", part]
    assert site.paid == ([transport] if transport else [])
    names = [name for name, _ in sent[0]["headers"]]
    assert names == ([] if transport else [b"x-request-id"]), "transports say their ids themselves"


async def test_static_files_are_redirected_like_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, is_redirected=True)
    await site.ask("/static/a.css")
    assert site.asked == ["market", "django_application"]


async def test_a_socket_on_another_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    sent = await site.ask("/ws/v2/", kind="websocket")
    assert (site.asked, sent) == (["market", "received"], [{"type": "websocket.close"}])


@pytest.mark.parametrize(("path", "part"), [("/metrics", "metrics"), ("/healthz", "health")])
async def test_what_is_for_this_machine_starts_no_market(
    monkeypatch: pytest.MonkeyPatch, path: str, part: str
) -> None:
    site = Site(monkeypatch)
    await site.ask(path)
    assert site.asked == [part]
