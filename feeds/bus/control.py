"""The control plane: pokes that say "rows changed", never what they became.

The only module that touches the channel layer. Services send, runner and hub listen. A lost poke
delays a change until the next look at the rows and never loses it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from feeds.bus.redis_link import LOST, RETRY_S, Outage

GROUP: Final = "market.control"
ECHO_S: Final = 10.0
"""A listener calls to the group this often and must hear it as soon, or it joins again: a layer
may lose its connection without a word, and forgets members of a group after a day."""
log = logging.getLogger(__name__)


def poke_feeds() -> None:
    """Say that rows of feeds, instruments or halts changed."""
    _send({"type": "control.feeds"})


def poke_people(user_ids: list[int]) -> None:
    """Say that the watchlist or the notifications of these users changed."""
    _send({"type": "control.people", "user_ids": user_ids})


def disconnect(user_id: int, key: str) -> None:
    """End one connection of a user in whichever process it is, or all of them without a key."""
    _send({"type": "control.disconnect", "user_id": user_id, "key": key})


def _ignore(user_id: int, key: str) -> None:
    """Some processes have no connections of people."""


class _Listener:
    """One membership of the group, from joining to the first sign that it is broken."""

    def __init__(
        self,
        on_feeds: Callable[[], None],
        on_people: Callable[[list[int]], None],
        on_disconnect: Callable[[int, str], None],
        outage: Outage,
    ) -> None:
        self._on_feeds = on_feeds
        self._on_people = on_people
        self._on_disconnect = on_disconnect
        self._outage = outage
        self._layer = get_channel_layer()
        self._heard = asyncio.Event()

    async def listen(self) -> None:
        """Call back for every poke.

        Raises:
            TimeoutError: nothing is heard any more.
        """
        channel = await self._layer.new_channel()
        await self._layer.group_add(GROUP, channel)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(channel))
            tasks.create_task(self._call(channel))

    async def leave(self) -> None:
        """Close the connections of the layer, whatever state they are in."""
        with suppress(*LOST):
            await self._layer.flush()

    async def _receive(self, channel: str) -> None:
        while True:
            self._hear(await self._layer.receive(channel))

    async def _call(self, channel: str) -> None:
        """Prove again and again that what is sent to the group is heard."""
        while True:
            self._heard.clear()
            await self._layer.group_add(GROUP, channel)
            await self._layer.group_send(GROUP, {"type": "control.echo"})
            async with asyncio.timeout(ECHO_S):
                await self._heard.wait()
            self._outage.end()
            await asyncio.sleep(ECHO_S)

    def _hear(self, message: dict[str, Any]) -> None:
        self._heard.set()
        match message:
            case {"type": "control.feeds"}:
                self._on_feeds()
            case {"type": "control.people", "user_ids": user_ids}:
                self._on_people(user_ids)
            case {"type": "control.disconnect", "user_id": user_id, "key": key}:
                self._on_disconnect(user_id, key)


async def listen(
    *,
    on_feeds: Callable[[], None],
    on_people: Callable[[list[int]], None],
    on_disconnect: Callable[[int, str], None] = _ignore,
) -> None:
    """Call back for every poke, for ever; one channel per process, whatever its sockets."""
    outage = Outage("control plane")
    while True:
        listener = _Listener(on_feeds, on_people, on_disconnect, outage)
        try:
            await listener.listen()
        except* LOST as errors:
            outage.begin(errors.exceptions[0])
        finally:
            await listener.leave()
        await asyncio.sleep(RETRY_S)


def _send(message: dict[str, object]) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(GROUP, message)
    except LOST as error:
        log.warning("poke lost type=%s error=%s", message["type"], error)
