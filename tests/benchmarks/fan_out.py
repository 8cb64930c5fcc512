"""CPU time of each part of a server under the standard work, in one process.

    uv run python -m tests.benchmarks.fan_out

A market on a virtual clock, the bus in memory, and readers whose sockets frame and encode as a
server's do. With `--sockets` the bytes go into real ones, through the transports of asyncio. Every
run is the same to the last tick. So the least time of each slice over several runs is what it costs
when nothing disturbs it, and other work on the machine matters little. What is missing here are the
journal, the loop of the server, its threads, and readers that wake another core.
"""

import asyncio
import gc
import json
import os
import socket
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from datetime import date
from random import Random
from time import process_time_ns
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup()

# The rest imports models, which need settings first.
# ruff: noqa: E402
from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub
from dashboard.loadtest.plan import FIELDS
from dashboard.people.identity import Identity
from dashboard.process.cpu_meter import CostMeter
from dashboard.servers.framing import text_head
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close, Transport
from feeds.bus.memory import MemoryBus
from feeds.clock import moment_of
from feeds.engine.engine import Engine
from feeds.engine.virtual_clock import START_MS, demo_plan
from feeds.market.events import Batch
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.realism.watch import RealismWatch
from feeds.services.bar_queue import BarQueue
from feeds.simulator.simulator import Simulator

LOOK_S: Final = 0.01
WARMUP_S: Final = 2.0
OPENING_S: Final = 180.0
"""Time from the beginning of the day until the auction is over and the rush after it has passed."""
Slices = dict[str, list[int]]
"""CPU time (ns) of each slice, by part."""


class VirtualClock:
    """Both clocks, moved by the benchmark."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now_ms(self) -> int:
        """Return the wall time (UTC ms)."""
        return START_MS + round(self.now_s * 1000)

    def monotonic(self) -> float:
        """Return the seconds since the beginning."""
        return self.now_s


class Sink:
    """A socket that frames and encodes like a server's; until it is connected it forgets all."""

    def __init__(self) -> None:
        self.frames = 0
        self._write: Callable[[bytes], Any] = len
        self._client: socket.socket | None = None

    def write_now(self, text: str) -> bool:
        """Take a frame."""
        content = text.encode()
        self.frames += 1
        self._write(text_head(len(content)) + content)
        return True

    async def connect(self, listener: socket.socket) -> None:
        """Write into a connection of this machine from now on."""
        self._client = socket.create_connection(listener.getsockname())
        end, _ = listener.accept()
        end.setblocking(False)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=end)
        self._write = transport.write

    def read(self) -> None:
        """Take what was written, as a reader would."""
        if self._client is not None:
            with suppress(BlockingIOError):
                self._client.recv(1_000_000, socket.MSG_DONTWAIT)

    def backlog(self) -> int:
        """Return that nothing waits."""
        return 0

    def abort(self) -> None:
        """Do nothing."""


class World:
    """A market, its bus, a hub and the readers."""

    def __init__(self, options: Namespace) -> None:
        days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
        plan = demo_plan(days, seed=1, rate=options.rate, instruments=options.instruments)
        self.clock = VirtualClock()
        self.engine = Engine(epoch="e1", open_source=lambda plan: Simulator(plan.seed))
        self.bus = MemoryBus()
        self.hub = Hub(
            bus=self.bus, clock=self.clock, find_revoked=nobody, read_personal=nothing,
            capacity=60_000, max_connections=options.clients, connections_per_user=options.clients,
            costs=CostMeter(), heartbeat_ms=5_000, sweep_s=1, deadline_s=10,
        )  # fmt: skip
        self.look_s = 0.0
        self._observers = [BarQueue().observe, RealismWatch({}).observe]
        self._options = options
        self._symbols = [definition.symbol for definition in plan.definitions]
        self.sinks = [Sink() for _ in range(options.clients)]
        self.begin([self.engine.reconcile([plan], self.clock.now_ms())])

    def begin(self, batches: list[Batch]) -> None:
        """Let the market run until its rush is over."""
        while self.clock.now_s < OPENING_S:
            self.clock.now_s += 0.4
            batches.append(self.engine.step(self.clock.now_ms()))
        for batch in batches:
            finish(self.bus.publish(batch))
            for observe in self._observers:
                observe(batch)
        attachment = finish(self.bus.attach())
        self.attachment = attachment
        self.hub._begin(attachment.epoch, attachment.board)

    def join(self) -> None:
        """Let all readers in, spread over the time between two of their frames."""
        for number, sink in enumerate(self.sinks):
            self.clock.now_s += 0.1 / len(self.sinks)
            connection = self.hub.join(Identity(1, "viewer", 0, None), Transport.WEBSOCKET, sink)
            connection.say_hello()
            connection.start_writing(lambda c=connection: drain(c))
            chosen = Random(number).sample(self._symbols, self._options.symbols)
            for params in (
                {"channel": "ticker", "symbols": chosen, "fields": FIELDS, "max_rate": 10},
                {"channel": "status"},
            ):
                command = {"method": "subscribe", "params": params, "id": 1}
                connection.receive(json.dumps(command))

    async def connect(self) -> None:
        """Give the readers real connections."""
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
            for sink in self.sinks:
                await sink.connect(listener)

    def run(self, seconds: float) -> Slices:
        """Let time pass; return what each part cost."""
        slices: Slices = {}
        for _ in range(round(seconds / LOOK_S)):
            self.clock.now_s = round(self.clock.now_s + LOOK_S, 3)
            now_ms = round(self.clock.now_s * 1000)
            if now_ms % self._options.flush_ms == 0:
                self._step(slices)
            if self.clock.now_s >= self.look_s:
                timed(slices, "fan-out", lambda: self.hub._look(moment_of(self.clock)))
                self.look_s = self.clock.now_s + self.hub._rest_s(self.clock.now_s)
            for sink in self.sinks:
                sink.read()
        return slices

    def _step(self, slices: Slices) -> None:
        hub, now_ms = self.hub, self.clock.now_ms()
        batch = timed(slices, "market", lambda: self.engine.step(now_ms))
        timed(slices, "observers", lambda: [each(batch) for each in self._observers])
        timed(slices, "bus", lambda: finish(self.bus.publish(batch)))
        self.attachment._batches.popleft()
        timed(slices, "replica", lambda: hub.replica.receive(batch, ts=now_ms))
        timed(slices, "fan-out", lambda: hub._hear(has_ticks=True))


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("the coroutine waits")


async def drain(connection: Connection) -> None:
    """Take what is due."""
    while connection.take():
        pass


async def nobody(identities: Collection[Identity]) -> dict[Identity, Close]:
    """Return that nobody was put out."""
    return {}


async def nothing(user_ids: Collection[int]) -> dict[int, Personal]:
    """Return no personal rows."""
    return {}


def timed(slices: Slices, part: str, work: Callable[[], Any]) -> Any:
    """Do a slice of work and note its CPU time."""
    begun = process_time_ns()
    result = work()
    slices.setdefault(part, []).append(process_time_ns() - begun)
    return result


async def measure(options: Namespace) -> dict[str, float]:
    """Return the CPU time (us per frame) of each part, and frames per reader and second."""
    best: Slices = {}
    frames = 0
    for _ in range(options.runs):
        world = World(options)
        if options.sockets:
            await world.connect()
        world.join()
        world.run(WARMUP_S)
        gc.collect()
        begun = sum(sink.frames for sink in world.sinks)
        slices = world.run(options.seconds)
        frames = sum(sink.frames for sink in world.sinks) - begun
        for part, times in slices.items():
            best[part] = [*map(min, times, best.get(part, times))]
    cost = Counter({part: sum(times) / frames / 1000 for part, times in best.items()})
    figures = {part: round(each, 2) for part, each in cost.items()}
    pace = round(frames / options.clients / options.seconds, 2)
    return figures | {"all": round(cost.total(), 2), "frames_per_s_and_reader": pace}


async def main() -> None:
    """Print one line of figures."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--symbols", type=int, default=20, help="of each client")
    parser.add_argument("--instruments", type=int, default=500)
    parser.add_argument("--rate", type=float, default=2000, help="ticks/s")
    parser.add_argument("--flush-ms", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--sockets", action="store_true", help="write into real sockets")
    print(json.dumps(await measure(parser.parse_args())))


if __name__ == "__main__":
    asyncio.run(main())
