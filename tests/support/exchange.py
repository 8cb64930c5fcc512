"""A hub on a bus with hands to make things happen, for the tests of hub and transports."""

import asyncio
import json
from collections.abc import Collection

from django.db import OperationalError

from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub
from dashboard.people.identity import Identity
from dashboard.process.cpu_meter import CostMeter
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close, Transport
from feeds.bus.memory import MemoryBus
from feeds.clock import Clock, SystemClock
from feeds.market.events import Batch, Event, Quote
from tests.support.market_script import NOW


class Rows:
    """What the database says of people; unlike one it answers at once."""

    def __init__(self) -> None:
        self.revoked: dict[Identity, Close] = {}
        self.personal: dict[int, Personal] = {}
        self.reads = 0
        self.is_locked = False

    async def find_revoked(self, identities: Collection[Identity]) -> dict[Identity, Close]:
        if self.is_locked:
            raise OperationalError("database is locked")
        return {identity: code for identity, code in self.revoked.items() if identity in identities}

    async def read_personal(self, user_ids: Collection[int]) -> dict[int, Personal]:
        self.reads += 1
        return {user_id: self.personal[user_id] for user_id in user_ids if user_id in self.personal}


class StandingClock(SystemClock):
    """A wall clock that stands still until it is set; waits are measured as ever."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def set(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms


class HandClock(SystemClock):
    """A clock for waits that the test moves."""

    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


class Exchange:
    """A hub on a bus, with hands to make things happen."""

    def __init__(self, clock: Clock | None = None, sweep_s: float = 0.01) -> None:
        self.bus = MemoryBus()
        self.rows = Rows()
        self.costs = CostMeter()
        self.sequence = 0
        self.hub = Hub(
            bus=self.bus,
            clock=clock or SystemClock(),
            costs=self.costs,
            find_revoked=self.rows.find_revoked,
            read_personal=self.rows.read_personal,
            capacity=1000,
            max_connections=10,
            connections_per_user=20,
            recheck_s=60,
            heartbeat_ms=60_000,
            sweep_s=sweep_s,
            deadline_s=5,
        )

    async def happen(self, *events: Event, epoch: str = "e1") -> None:
        await self.bus.publish(Batch(epoch, self.sequence + 1, events))
        self.sequence += len(events)

    def join(self, user_id: int = 1) -> Connection:
        """Take a connection as over a WebSocket."""
        return self.hub.join(person(user_id), Transport.WEBSOCKET, EagerSocket())

    async def settle(self) -> None:
        """Let the hub catch up with the bus."""
        async with asyncio.timeout(5):
            while self.hub.replica.sequence != self.sequence:
                await asyncio.sleep(0)


class EagerSocket:
    """Accepts everything at once; unlike a real socket it cannot be cut."""

    write_now = None

    def backlog(self) -> int:
        return 0

    def abort(self) -> None:
        raise AssertionError("nobody cuts this socket")


def person(user_id: int = 1) -> Identity:
    return Identity(user_id, f"user{user_id}", 0, None)


def quote(bid: int, symbol: str = "NVX") -> Quote:
    return Quote(symbol, bid, bid + 1, 1, 1, NOW)


def subscribe(connection: Connection, channel: str = "ticker", **params: object) -> None:
    command = {"method": "subscribe", "params": {"channel": channel, **params}, "id": 1}
    connection.receive(json.dumps(command))
