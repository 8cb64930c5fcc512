"""The control plane: pokes that say "rows changed", never what they became.

The only module that touches the channel layer. Services send, runner and hub listen. A lost poke
delays a change until the next look at the rows and never loses it.
"""

import logging
from collections.abc import Callable
from typing import Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

GROUP: Final = "market.control"
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
    await layer.group_add(GROUP, channel)
    try:
        while True:
            match await layer.receive(channel):
                case {"type": "control.feeds"}:
                    on_feeds()
                case {"type": "control.people", "user_ids": user_ids}:
                    on_people(user_ids)
    finally:
        await layer.group_discard(GROUP, channel)


def _send(message: dict[str, object]) -> None:
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(GROUP, message)
    except OSError as error:
        log.warning("poke lost type=%s error=%s", message["type"], error)
