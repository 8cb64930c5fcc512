"""The site of the tutorial: a consumer joins the groups of its symbols and sends what they get."""

import asyncio
from typing import Any

from tests.benchmarks.peers.programs import tutorial_settings
from tests.benchmarks.peers.programs.work import work_around

tutorial_settings.set_up()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.layers import InMemoryChannelLayer, get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

from tests.benchmarks.peers.programs.tutorial_ticks import publish_ticks  # noqa: E402

work = work_around()
readers: set[str] = set()
publishers: list[asyncio.Task[None]] = []


class Ticks(AsyncJsonWebsocketConsumer):
    """A reader."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Join the groups of the symbols that the reader wants."""
        for symbol in content["params"]["symbols"]:
            await self.channel_layer.group_add(
                tutorial_settings.group_of(symbol), self.channel_name
            )
        readers.add(self.channel_name)
        if len(readers) == work.clients and isinstance(get_channel_layer(), InMemoryChannelLayer):
            publishers.append(asyncio.create_task(publish_ticks(work)))

    async def disconnect(self, code: int) -> None:
        """Leave; what is left of the groups ends with the process."""
        readers.discard(self.channel_name)

    async def tick(self, event: dict[str, Any]) -> None:
        """Send a tick on."""
        await self.send_json(event["frame"])


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/v1/", Ticks.as_asgi())]),
    }
)
