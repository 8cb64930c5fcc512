"""Short messages between processes: pokes ("rows changed"), and the order to end a connection.

No other module sends or receives over the channel layer. A poke does not say what the rows changed
to. So a lost one only delays a change: a process that missed it finds the change with its next
regular look at the rows.
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
"""A listener sends an echo to the group this often. If it is not back within the same time, the
listener joins again: a layer may lose its connection silently, and drops members after a day."""
log = logging.getLogger(__name__)


def poke_feeds() -> None:
    """Announce that rows of feeds, instruments or halts changed; call it after the commit."""
    _send({"type": "control.feeds"})


def poke_people(user_ids: list[int]) -> None:
    """Announce that watchlists or notifications of users changed; call it after the commit."""
    _send({"type": "control.people", "user_ids": user_ids})


def disconnect(user_id: int, key: str) -> None:
    """End the connection of a user that has this key, in any process; with key "" end all."""
    _send({"type": "control.disconnect", "user_id": user_id, "key": key})


def _ignore(user_id: int, key: str) -> None:
    """Do nothing, for a process without connections."""


class _Listener:
    """One membership of the group; it ends with the first sign that the layer is broken."""

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
            ExceptionGroup: the layer is broken (see LOST), or no echo came back (TimeoutError).
        """
        channel = await self._layer.new_channel()
        await self._layer.group_add(GROUP, channel)
        # When one of the two fails, the group cancels the other.
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(channel))
            tasks.create_task(self._echo(channel))

    async def leave(self) -> None:
        """Close the connections of the layer, in whatever state they are."""
        with suppress(*LOST):
            await self._layer.flush()

    async def _receive(self, channel: str) -> None:
        while True:
            self._handle(await self._layer.receive(channel))

    async def _echo(self, channel: str) -> None:
        """Prove again and again that this listener receives what is sent to the group."""
        while True:
            # Cleared before the echo is sent, so that its return cannot be missed.
            self._heard.clear()
            await self._layer.group_add(GROUP, channel)  # renews the membership
            await self._layer.group_send(GROUP, {"type": "control.echo"})
            async with asyncio.timeout(ECHO_S):
                await self._heard.wait()
            self._outage.end()
            await asyncio.sleep(ECHO_S)

    def _handle(self, message: dict[str, Any]) -> None:
        self._heard.set()  # any message proves the connection, not only an echo
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
    """Call back for every poke, for ever; join again when the layer fails.

    One channel for the whole process: a channel for each socket would cost Redis a message each.
    """
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
