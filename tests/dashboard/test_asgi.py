"""The market lives as long as a server that has ASGI's lifespan."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import asgi


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
