"""Faults of delivery on purpose: what compares must find each of them.

Some updates of prices on WebSockets are skipped, sent twice, or have other values.
"""

import itertools
import re
from collections.abc import Callable
from typing import Any, Final

PLANTS: Final = ("skipped", "doubled", "changed")
EVERY: Final = 100
"""One of so many updates is wrong."""
UPDATE: Final = '{"channel":"ticker","from":'
VOLUME: Final = re.compile(r'"v":\d+')


def with_plant(application: Any, plant: str) -> Any:
    """Return the application as it is, or with a fault."""
    return _planted(application, plant) if plant else application


def _planted(application: Any, plant: str) -> Any:
    count = itertools.count(1)

    def is_next(text: str) -> bool:
        is_update = text.startswith(UPDATE) and VOLUME.search(text)
        return is_update and next(count) % EVERY == 0

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def deliver(message: dict[str, Any]) -> None:
            text = message.get("text") or ""
            for each in _wrong(text, plant) if is_next(text) else [text]:
                await send(message | {"text": each} if text else message)

        is_socket = scope["type"] == "websocket"
        await application(scope, receive, deliver if is_socket else send)

    return serve


def _wrong(text: str, plant: str) -> list[str]:
    """Return what is sent in place of a frame."""
    kinds: dict[str, Callable[[], list[str]]] = {
        "skipped": list,
        "doubled": lambda: [text, text],
        "changed": lambda: [VOLUME.sub('"v":1', text)],
    }
    return kinds[plant]()
