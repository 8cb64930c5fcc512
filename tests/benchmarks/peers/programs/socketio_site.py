"""A server on python-socketio: a reader enters the rooms of its symbols, and ticks go to rooms."""

import asyncio

import socketio

from tests.benchmarks.peers.programs.market import Market, Tick, make_ticks
from tests.benchmarks.peers.programs.work import work_around

work = work_around()
server = socketio.AsyncServer(async_mode="asgi")
readers: set[str] = set()
publishers: list[asyncio.Task[None]] = []


@server.event
async def subscribe(reader: str, symbols: list[str]) -> None:
    """Enter the rooms; the last reader makes the market begin."""
    for symbol in symbols:
        await server.enter_room(reader, symbol)
    readers.add(reader)
    if len(readers) == work.clients:
        publishers.append(asyncio.create_task(publish_ticks()))


async def publish_ticks() -> None:
    """Emit ticks to the rooms of their symbols until cancelled."""

    async def publish(ticks: list[Tick]) -> None:
        for symbol, frame in ticks:
            await server.emit("tick", frame, room=symbol)

    await make_ticks(Market(work.instruments), work.rate, publish)


application = socketio.ASGIApp(server)
