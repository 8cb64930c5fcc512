"""Many readers on all transports in one loop: some stay, others come and go.

They are the readers of the load test, which cost little. A reader that comes back goes on from its
position, often over another transport.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from dashboard.loadtest.clients import Client, catalogue, client_of
from dashboard.loadtest.plan import Plan, Tally
from dashboard.wire.registry import Transport
from tests.support.served import Served
from tests.support.waiting import rest

MIX: Final = (
    *[Transport.WEBSOCKET] * 10,
    *[Transport.SSE] * 4,
    *[Transport.LONGPOLL] * 3,
    *[Transport.POLL] * 3,
)
"""Transports of each twenty readers."""
STAY_S: Final = (2.0, 60.0)
AWAY_S: Final = (0.1, 3.0)
RETRY_S: Final = 1.0
AT_ONCE: Final = 20
ROOM: Final = {"MARKET_CONNECTIONS_PER_USER": "10000", "MARKET_REQUESTS_PER_S": "100000"}
"""Settings of the server: all readers are one account here."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What readers do. Rates are frames or polls per second; one of `passing` comes and goes."""

    symbols: int = 20
    mix: Sequence[Transport] = MIX
    stream_rate: float = 4.0
    poll_rate: float = 0.5
    passing: int | None = 4


class MixedReaders:
    """So many readers of one server; they read until the task that opened them is cancelled.

    With `urls` each visit takes one of these addresses of it, and with `tallies` each reader counts
    in its own.
    """

    def __init__(
        self,
        served: Served,
        count: int,
        habits: Habits,
        seed: int = 1,
        *,
        urls: Sequence[str] = (),
        tallies: Sequence[Tally] = (),
        at_once: int = AT_ONCE,
    ) -> None:
        self._served = served
        self._habits = habits
        self._chance = Random(seed)
        self._openings = asyncio.Semaphore(at_once)
        self._urls = urls or (served.url,)
        self.tallies = tallies or [Tally() for _ in range(count)]
        self.visits = self.lost = 0
        self.failures: Counter[str] = Counter()

    @property
    def gaps(self) -> int:
        """Return the number of frames that did not follow the last one of their reader."""
        return sum(tally.gaps for tally in self.tallies)

    @property
    def are_all_fed(self) -> bool:
        """Say whether every reader has had prices."""
        return all(tally.sequence for tally in self.tallies)

    async def read(self) -> None:
        """Open all readers and let them read until cancelled."""
        names = await catalogue(self._plan(Transport.POLL))
        async with asyncio.TaskGroup() as tasks:
            for number, tally in enumerate(self.tallies):
                chosen = self._chance.sample(names, min(self._habits.symbols, len(names)))
                keep = self._come_and_go if self._passes(number) else self._stay
                mix = self._habits.mix
                tasks.create_task(keep(tally, chosen, mix[number % len(mix)]))

    def _passes(self, number: int) -> bool:
        one_of = self._habits.passing
        return one_of is not None and number % one_of == one_of - 1

    async def _stay(self, tally: Tally, symbols: Sequence[str], transport: Transport) -> None:
        while True:
            await self._visit(tally, symbols, transport, None)
            self.lost += 1
            await rest(RETRY_S)

    async def _come_and_go(
        self, tally: Tally, symbols: Sequence[str], transport: Transport
    ) -> None:
        while True:
            await self._visit(tally, symbols, transport, self._chance.uniform(*STAY_S))
            transport = self._chance.choice(self._habits.mix)
            await rest(self._chance.uniform(*AWAY_S))

    async def _visit(
        self, tally: Tally, symbols: Sequence[str], transport: Transport, stay_s: float | None
    ) -> None:
        """Read for a while; without `stay_s` until the line ends."""
        client = client_of(self._plan(transport), tally, symbols)
        opened = asyncio.Event()
        reading = asyncio.create_task(self._open(client, opened))
        self.visits += 1
        try:
            await self._wait(reading, tally, transport, stay_s)
        finally:
            reading.cancel()
            (end,) = await asyncio.gather(reading, return_exceptions=True)
            client.close()
        if isinstance(end, Exception):
            self.failures[f"{transport}: {type(end).__name__} {end}"] += 1

    async def _wait(
        self, reading: asyncio.Task[None], tally: Tally, transport: Transport, stay_s: float | None
    ) -> None:
        """Wait until a line ends, or until the reader leaves."""
        await asyncio.wait({reading}, timeout=stay_s)

    async def _open(self, client: Client, opened: asyncio.Event) -> None:
        """Read on; only some readers connect at the same time."""
        async with self._openings:
            reading = asyncio.create_task(client.read(opened))
            opening = asyncio.create_task(opened.wait())
            try:
                await asyncio.wait({reading, opening}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                reading.cancel()
                raise
            finally:
                opening.cancel()
        try:
            await reading
        finally:
            reading.cancel()

    def _plan(self, transport: Transport) -> Plan:
        is_stream = transport in (Transport.WEBSOCKET, Transport.SSE)
        return Plan(
            url=self._chance.choice(self._urls),
            user="viewer",
            token=self._served.token,
            transport=transport,
            clients=1,
            symbols=self._habits.symbols,
            seconds=0,
            warmup_s=0,
            interval_s=1 / self._habits.poll_rate,
            max_rate=self._habits.stream_rate if is_stream else self._habits.poll_rate,
        )
