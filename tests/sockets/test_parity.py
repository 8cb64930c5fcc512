"""One script of market events, four transports, two servers: everybody ends with the same."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Transport
from feeds.bus.redis_bus import RedisBus
from feeds.clock import SystemClock
from feeds.market.board import Board
from feeds.market.events import Batch, Delisting, Event, Phase, Quote, Side, Status, Trade
from tests.support.board_rows import entry_of
from tests.support.market_script import NOW, listing
from tests.support.readers import MARKET, Traveller
from tests.support.redis_server import RedisServer
from tests.support.served import Served, serve
from tests.support.waiting import rest

pytestmark = [pytest.mark.slow, pytest.mark.shared]

SYMBOLS = [f"S{number}" for number in range(12)]
BATCHES = 250
BATCH_S = 0.02
EPOCH = "script"


def opening() -> list[Event]:
    return [listing(symbol) for symbol in SYMBOLS] + [
        Status(symbol, Phase.OPEN, "", NOW) for symbol in SYMBOLS
    ]


def script() -> list[list[Event]]:
    """Return batches of quotes, trades, halts, and one instrument that leaves and comes back."""
    chance = random.Random(7)
    batches: list[list[Event]] = []
    for number in range(BATCHES):
        batch: list[Event] = []
        for _ in range(chance.randrange(12)):
            symbol, price = chance.choice(SYMBOLS[:-1]), chance.randrange(1, 9_999)
            tick = Quote(symbol, price, price + 1, 5, 5, NOW + number)
            trade = Trade(symbol, price, 3, Side.BUY, NOW + number)
            batch.append(chance.choice([tick, tick, trade]))
        if number % 10 == 3:
            phase = chance.choice([Phase.HALTED, Phase.OPEN])
            batch.append(Status(chance.choice(SYMBOLS[:-1]), phase, f"news {number}", NOW))
        if number == 100:
            batch.append(Delisting(SYMBOLS[-1], NOW))
        if number == 150:
            batch += [listing(SYMBOLS[-1]), Trade(SYMBOLS[-1], 77, 1, Side.SELL, NOW)]
        batches.append(batch)
    return batches


class Player(Thread):
    """The feed's process, in a thread: plays the script when told, else gives signs of life."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.board = Board()
        self.events: list[Event] = []
        self.go, self.played, self.end = Flag(), Flag(), Flag()
        self._url = url

    def run(self) -> None:
        asyncio.run(self._play())

    async def _play(self) -> None:
        bus = RedisBus(self._url, clock=SystemClock())
        carrying = asyncio.ensure_future(bus.carry(lambda: self._run(bus)))
        await asyncio.to_thread(self.end.wait)
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        await bus.close()

    async def _run(self, bus: RedisBus) -> None:
        await self._publish(bus, opening())
        while not self.go.is_set():
            await self._publish(bus, [])
        for batch in script():
            await self._publish(bus, batch)
        self.played.set()
        while True:
            await self._publish(bus, [])

    async def _publish(self, bus: RedisBus, events: list[Event]) -> None:
        batch = Batch(EPOCH, self.board.sequence + 1, tuple(events))
        for sequence, event in enumerate(events, batch.first):
            self.board.apply(sequence, event)
        self.events += events
        await bus.publish(batch)
        await rest(BATCH_S)


@pytest.fixture
def player(redis: RedisServer) -> Iterator[Player]:
    player = Player(redis.url)
    player.start()
    yield player
    player.end.set()
    player.join()


@pytest.fixture
def webs(tmp_path: Path, redis: RedisServer, player: Player) -> Iterator[list[Served]]:
    """A web process of each server."""
    settings = {"REDIS_URL": redis.url, "MARKET_HEARTBEAT_MS": "200"}
    settings |= {"MARKET_REQUESTS_PER_S": "100000"}
    with ExitStack() as stack:
        yield [
            stack.enter_context(serve(tmp_path, "--server", server, **settings))
            for server in SERVERS
        ]


def test_one_script_is_the_same_over_every_transport_of_every_server(
    webs: list[Served], player: Player, eventually: Any
) -> None:
    pairs = [(web, transport) for web in webs for transport in Transport]
    readers = {(web.port, transport): Traveller(SYMBOLS, web.token) for web, transport in pairs}
    start = len(opening())

    def read(web: Served, transport: Transport) -> None:
        reader = readers[web.port, transport]
        reader.read(
            transport,
            web.host,
            lambda: player.played.is_set() and reader.stands_at(f"{EPOCH}:{player.board.sequence}"),
        )

    eventually(lambda: all(web.board()["position"] == f"{EPOCH}:{start}" for web in webs))
    threads = [Thread(target=read, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    eventually(lambda: all(set(MARKET) <= set(r.reader.positions) for r in readers.values()))
    player.go.set()
    for thread in threads:
        thread.join(60)
    rows = {symbol: entry_of(symbol, player.board.rows[symbol]) for symbol in SYMBOLS}
    numbered = list(enumerate(player.events, 1))[start:]
    trades = [number for number, event in numbered if isinstance(event, Trade)]
    ticks = Counter(event.symbol for _, event in numbered if isinstance(event, Quote | Trade))
    news = sum(not isinstance(event, Quote | Trade) for _, event in numbered)
    for (_, transport), reader in readers.items():
        assert reader.gaps == 0, transport
        assert reader.reader.rows == rows, transport
        assert reader.trades == trades, transport
        assert len(reader.statuses) == news, transport
        assert {s: n for s, n in reader.reader.ticks.items() if n} == ticks, transport
