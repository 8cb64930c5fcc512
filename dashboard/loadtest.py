"""Many readers at once, and what they saw: age of the data, gaps, receipts, bytes.

Must not know Django or how the server is built; it is a program at the other end of the wire.
Called by the loadtest command.
"""

import asyncio
import random
import time
from typing import Any, Final

import msgspec
import numpy as np
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard.reader import Gap, Reader

OPEN_AT_ONCE: Final = 20
"""Handshakes under way together: a herd would measure the herd."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.encode


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to a server: so many readers of so many symbols for so many seconds."""

    url: str
    user: str
    token: str
    clients: int
    symbols: int
    seconds: float
    warmup_s: float
    server_pid: int | None = None

    @property
    def socket_url(self) -> str:
        """Return the address of the WebSocket, with the token in it."""
        host = self.url.removeprefix("http://").removeprefix("https://").strip("/")
        scheme = "wss" if self.url.startswith("https://") else "ws"
        return f"{scheme}://{self.user}:{self.token}@{host}/ws/v1/"


class Report(msgspec.Struct, kw_only=True):
    """What all readers saw together; ages in ms from a tick's event to its receipt."""

    clients: int
    symbols: int
    seconds: float
    frames: int
    updates: int
    ticks: int
    bytes: int
    bytes_per_update: float
    frame_ms: dict[str, float]
    age_ms: dict[str, float]
    gaps: int
    closed: int
    server_cpu_s: float | None
    updates_per_cpu_s: float | None


class _Client:
    """One reader; counts only while the measurement runs."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.frame_ms: list[float] = []
        self.age_ms: list[float] = []
        self.frames = self.updates = self.ticks = self.bytes = self.gaps = self.closed = 0

    async def read(self, socket: ClientConnection, measuring: asyncio.Event) -> None:
        """Read until cancelled or cut."""
        try:
            async for text in socket:
                self._take(text, is_measured=measuring.is_set())
        except ConnectionClosed:
            pass
        self.closed += 1

    def _take(self, text: str | bytes, *, is_measured: bool) -> None:
        received_ms = time.time() * 1000
        frame = _decode(text)
        try:
            self.reader.apply(frame)
        except Gap:
            self.gaps += 1
        if is_measured and frame.get("channel") == "ticker" and "from" in frame:
            self._count(frame, len(text), received_ms)

    def _count(self, frame: dict[str, Any], size: int, received_ms: float) -> None:
        entries = frame["data"].values()
        self.frames += 1
        self.bytes += size
        self.updates += len(entries)
        self.ticks += sum(entry.get("n", 1) for entry in entries)
        self.frame_ms.append(received_ms - frame["ts"])
        newest = min((entry["ms"] for entry in entries if "ms" in entry), default=None)
        if newest is not None:
            self.age_ms.append(received_ms - frame["ts"] + newest)


async def run(plan: Plan) -> Report:
    """Open the readers, let them warm up, measure, and say what they saw."""
    names = await _catalogue(plan)
    clients = [_Client() for _ in range(plan.clients)]
    measuring = asyncio.Event()
    gate = asyncio.Semaphore(OPEN_AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        opened = [asyncio.Event() for _ in clients]
        readers = [
            tasks.create_task(_serve(plan, client, names, number, gate, event, measuring))
            for number, (client, event) in enumerate(zip(clients, opened, strict=True))
        ]
        for event in opened:
            await event.wait()
        await asyncio.sleep(plan.warmup_s)
        cpu_before, started = _cpu_s(plan.server_pid), time.monotonic()
        measuring.set()
        await asyncio.sleep(plan.seconds)
        measuring.clear()
        cpu_after, seconds = _cpu_s(plan.server_pid), time.monotonic() - started
        for reader in readers:
            reader.cancel()
    cpu_s = None if cpu_before is None or cpu_after is None else cpu_after - cpu_before
    return _report(plan, clients, seconds, cpu_s)


async def _serve(
    plan: Plan,
    client: _Client,
    names: list[str],
    number: int,
    gate: asyncio.Semaphore,
    opened: asyncio.Event,
    measuring: asyncio.Event,
) -> None:
    chosen = random.Random(number).sample(names, min(plan.symbols, len(names)))  # noqa: S311
    async with gate:
        socket = await _open(plan)
        await _subscribe(socket, "ticker", chosen)
    opened.set()
    try:
        await client.read(socket, measuring)
    finally:
        await socket.close()


async def _open(plan: Plan) -> ClientConnection:
    return await connect(
        plan.socket_url, compression=None, max_queue=None, open_timeout=30, close_timeout=1
    )


async def _subscribe(socket: ClientConnection, channel: str, symbols: list[str]) -> None:
    params = {"channel": channel, "symbols": symbols}
    command = {"method": "subscribe", "params": params, "id": channel}
    await socket.send(_encode(command).decode())


async def _catalogue(plan: Plan) -> list[str]:
    """Return every symbol, from the status channel."""
    reader = Reader()
    async with await _open(plan) as socket:
        await _subscribe(socket, "status", [])
        while "status" not in reader.positions:
            reader.apply(_decode(await asyncio.wait_for(socket.recv(), 30)))
    return sorted(reader.instruments)


def _cpu_s(pid: int | None) -> float | None:
    if pid is None:
        return None
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def _report(plan: Plan, clients: list[_Client], seconds: float, cpu_s: float | None) -> Report:
    updates = sum(client.updates for client in clients)
    size = sum(client.bytes for client in clients)
    return Report(
        clients=plan.clients,
        symbols=plan.symbols,
        seconds=round(seconds, 2),
        frames=sum(client.frames for client in clients),
        updates=updates,
        ticks=sum(client.ticks for client in clients),
        bytes=size,
        bytes_per_update=round(size / max(1, updates), 1),
        frame_ms=_percentiles([value for client in clients for value in client.frame_ms]),
        age_ms=_percentiles([value for client in clients for value in client.age_ms]),
        gaps=sum(client.gaps for client in clients),
        closed=sum(client.closed for client in clients),
        server_cpu_s=None if cpu_s is None else round(cpu_s, 2),
        updates_per_cpu_s=None if not cpu_s else round(updates / cpu_s),
    )


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    points = np.percentile(values, [50, 95, 99, 100])
    return {
        name: round(float(point), 1)
        for name, point in zip(("p50", "p95", "p99", "max"), points, strict=True)
    }
