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

GROUP: Final = "market.control"
REJOIN_S: Final = 3600.0
"""The layer forgets members of a group after a day."""
log = logging.getLogger(__name__)


def poke_feeds() -> None:
    """Say that rows of feeds, instruments or halts changed."""
    _send({"type": "control.feeds"})


def poke_people(user_ids: list[int]) -> None:
    """Say that the watchlist or the notifications of these users changed."""
    _send({"type": "control.people", "user_ids": user_ids})


async def listen(*, on_feeds: Callable[[], None], on_people: Callable[[list[int]], None]) -> None:
    """Call back for every poke, for ever; one channel per process, whatever its sockets."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    try:
        while True:
            await layer.group_add(GROUP, channel)
            with suppress(TimeoutError):
                async with asyncio.timeout(REJOIN_S):
                    while True:
                        _hear(await layer.receive(channel), on_feeds, on_people)
    finally:
        await layer.group_discard(GROUP, channel)


def _hear(
    message: dict[str, Any], on_feeds: Callable[[], None], on_people: Callable[[list[int]], None]
) -> None:
    match message:
        case {"type": "control.feeds"}:
            on_feeds()
        case {"type": "control.people", "user_ids": user_ids}:
            on_people(user_ids)


def _send(message: dict[str, object]) -> None:
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(GROUP, message)
    except OSError as error:
        log.warning("poke lost type=%s error=%s", message["type"], error)
