"""Ticks for the site of the tutorial: one `group_send` for each."""

import asyncio

from channels.layers import get_channel_layer

from tests.benchmarks.peers.peer import Work
from tests.benchmarks.peers.programs import tutorial_settings
from tests.benchmarks.peers.programs.market import Market, Tick, make_ticks
from tests.benchmarks.peers.programs.work import work_around


async def publish_ticks(work: Work) -> None:
    """Send ticks to the groups of their symbols until cancelled."""
    layer = get_channel_layer()

    async def publish(ticks: list[Tick]) -> None:
        for symbol, frame in ticks:
            message = {"type": "tick", "frame": frame}
            await layer.group_send(tutorial_settings.group_of(symbol), message)

    await make_ticks(Market(work.instruments), work.rate, publish)


if __name__ == "__main__":
    tutorial_settings.set_up()
    print("ready", flush=True)
    asyncio.run(publish_ticks(work_around()))
