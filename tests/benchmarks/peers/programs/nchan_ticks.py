"""Ticks for nchan: a POST for each, those of one step in a row over one connection."""

import asyncio
import sys

import msgspec

from tests.benchmarks.peers.processes import HOST
from tests.benchmarks.peers.programs.market import Market, Tick, make_ticks
from tests.benchmarks.peers.programs.work import work_in

READ_BYTES = 65_536


async def publish_ticks(port: int, text: str) -> None:
    """Publish ticks until cancelled."""
    work = work_in(text)
    reader, writer = await asyncio.open_connection(HOST, port)
    print("ready", flush=True)

    async def publish(ticks: list[Tick]) -> None:
        writer.write(b"".join(_request(*tick) for tick in ticks))
        await writer.drain()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_read_answers(reader))
        tasks.create_task(make_ticks(Market(work.instruments), work.rate, publish))


async def _read_answers(reader: asyncio.StreamReader) -> None:
    """Throw the answers away, so that nginx can go on."""
    while await reader.read(READ_BYTES):
        pass


def _request(symbol: str, frame: dict[str, object]) -> bytes:
    body = msgspec.json.encode(frame)
    head = f"POST /pub/{symbol} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


if __name__ == "__main__":
    asyncio.run(publish_ticks(int(sys.argv[1]), sys.argv[2]))
