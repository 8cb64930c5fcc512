"""The whole road in one loop: engine, runner, bus, web processes; only rows and lines are fake.

Everything between is the code of the project. Faults are asked for by name.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from dashboard.delivery import hub as hub_module
from dashboard.delivery import replica
from dashboard.delivery.hub import Hub
from dashboard.delivery.outboxes import market as market_outboxes
from dashboard.people.access import Access
from dashboard.people.admission import SIGNED_OUT, NotAdmitted
from dashboard.people.identity import Identity
from dashboard.process.cpu_meter import CostMeter
from dashboard.transports import gatekeeper as gatekeeper_module
from dashboard.transports import websocket
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.poll import PollApplication
from dashboard.transports.sse import EventApplication
from dashboard.transports.websocket import MarketConsumer
from dashboard.wire import frames
from dashboard.wire.personal import Notice, Personal
from dashboard.wire.registry import Close
from feeds.bus import memory
from feeds.bus.interface import Attachment, Overrun
from feeds.bus.memory import MemoryAttachment, MemoryBus
from feeds.engine import delayed_market
from feeds.engine.engine import Engine
from feeds.engine.runner import Runner
from feeds.exceptions import BusDown
from feeds.market.board import Board
from feeds.market.events import Batch, FeedState, Quote, Side, Tick, Trade
from feeds.market.packing import pack_batch, pack_board, unpack_batch, unpack_board
from feeds.plan.plans import FeedPlan
from tests.oracle.tape import Account, EngineTape
from tests.oracle.virtual_time import VirtualClock, VirtualLoop, pass_time
from tests.support.market_script import definition

OPEN, RESTRICTED = "demo", "lab"
LISTED = {OPEN: ("NVX", "ORB", "QAL"), RESTRICTED: ("LAB", "LUX")}
COMES_AND_GOES = "NEW"
DELAY = 1
MINUTE_MS = 1_500
"""The minute of a delay, so that no example waits for a real one."""
CAPACITY, TRADES, STATUSES = 60, 12, 12
"""Small tapes: positions are lost within one example."""
RECENT_BATCHES = 20
SWEEP_S = 0.5
DEADLINE_S = 2.0
HEARTBEAT_MS = 1_000
FLUSH_MS = 100
NOTICES_SHOWN = 5
ACCOUNTS: dict[str, tuple[Access, dict[str, int]]] = {
    "everything": (Access(), {OPEN: 0, RESTRICTED: 0}),
    "nothing restricted": (Access(restricted=frozenset({RESTRICTED})), {OPEN: 0}),
    "granted": (
        Access(frozenset({RESTRICTED}), frozenset({RESTRICTED})),
        {OPEN: 0, RESTRICTED: 0},
    ),
    "delayed": (
        Access(frozenset({RESTRICTED}), frozenset({f"{RESTRICTED}~{DELAY}"})),
        {OPEN: 0, RESTRICTED: DELAY},
    ),
}


def make_small(patch: pytest.MonkeyPatch) -> None:
    """Make every limit small that would need a long tape, and every wait short."""
    patch.setattr(replica, "TRADE_CAPACITY", TRADES)
    patch.setattr(replica, "STATUS_CAPACITY", STATUSES)
    patch.setattr(market_outboxes, "TRADE_ENTRIES", 3)
    patch.setattr(frames, "SNAPSHOT_ENTRIES", 2)
    patch.setattr(memory, "READER_BATCHES", 8)
    patch.setattr(hub_module, "PULSE_S", 0.08)
    patch.setattr(delayed_market, "MINUTE_MS", MINUTE_MS)
    patch.setattr(websocket, "identify", identify)
    patch.setattr(gatekeeper_module, "identify", identify)


async def identify(scope: dict[str, Any], *, may_wait: bool = False) -> Identity | NotAdmitted:
    """Say who asks; unlike the project it needs no database, and no secret."""
    identity: Identity | None = scope["who"]()
    return identity or SIGNED_OUT


class Script:
    """A source that draws what the test wants to happen."""

    stopped = ""

    def __init__(self, wanted: deque[tuple[str, str, int]], symbols: Sequence[str]) -> None:
        self._wanted = wanted
        self._symbols = set(symbols)

    def plan(self, plan: FeedPlan) -> None:
        self._symbols = {each.symbol for each in plan.definitions}

    def draw(self, now_ms: int) -> list[Tick]:
        mine = [tick for tick in self._wanted if tick[0] in self._symbols]
        for tick in mine:
            self._wanted.remove(tick)
        return [_tick(*tick, now_ms) for tick in mine]


def _tick(symbol: str, kind: str, price: int, now_ms: int) -> Tick:
    if kind == "quote":
        return Quote(symbol, price, price + 2, price % 7 + 1, price % 5 + 1, now_ms)
    return Trade(symbol, price, price % 9 + 1, Side.BUY if price % 2 else Side.SELL, now_ms)


class Rows:
    """What the database says of people and feeds; unlike one it answers at once."""

    def __init__(self) -> None:
        self.revoked: dict[Identity, Close] = {}
        self.personal: dict[int, Personal] = {}
        self.plans = {feed: _plan(feed, LISTED[feed]) for feed in LISTED}
        self.last_notice = 0

    async def find_revoked(self, identities: Collection[Identity]) -> dict[Identity, Close]:
        return {who: code for who, code in self.revoked.items() if who in identities}

    async def read_personal(self, user_ids: Collection[int]) -> dict[int, Personal]:
        return {user_id: self.personal[user_id] for user_id in user_ids if user_id in self.personal}

    async def read_plans(self) -> Iterable[FeedPlan]:
        return list(self.plans.values())

    def notify(self, user_id: int, now_ms: int) -> None:
        """Write a notification, and forget the oldest that are shown."""
        self.last_notice += 1
        mine, text = self.personal[user_id], f"canary-{user_id}-{self.last_notice}"
        notice = Notice(self.last_notice, text, "", "info", now_ms, read=False)
        notices = (notice, *mine.notices)[:NOTICES_SHOWN]
        self.personal[user_id] = replace(mine, notices=notices, unread=mine.unread + 1)

    def read(self, user_id: int) -> None:
        """Mark everything as read."""
        mine = self.personal[user_id]
        notices = tuple(replace(notice, read=True) for notice in mine.notices)
        self.personal[user_id] = replace(mine, notices=notices, unread=0)


def _plan(feed: str, symbols: Sequence[str]) -> FeedPlan:
    return FeedPlan(
        feed=feed, name=feed.title(), state=FeedState.RUNNING, rate=200, seed=1,
        definitions=tuple(map(definition, symbols)),
        delays=(DELAY,) if feed == RESTRICTED else (),
    )  # fmt: skip


class Wire:
    """The bus as one web process reads it: it can lose, repeat, delay, and be away.

    `packs` sends bytes, as between processes, and gives the last batches with the board.
    """

    def __init__(self, bus: MemoryBus, recent: Iterable[Batch], *, packs: bool) -> None:
        self._bus = bus
        self._recent = recent
        self._packs = packs
        self.losses = self.repeats = 0
        self.delay_s = 0.0
        self.is_flushed = self.is_down = False
        self.begun_at = 0

    async def attach(self) -> "WireAttachment":
        if self.is_down:
            raise BusDown("the bus is away")
        attachment = await self._bus.attach()
        self.begun_at = attachment.board.sequence
        if not self._packs:
            return WireAttachment(self, attachment, attachment.board, attachment.recent)
        epoch, board = attachment.epoch, unpack_board(pack_board(attachment.board))
        recent = [b for b in self._recent if b.epoch == epoch and b.last <= board.sequence]
        return WireAttachment(self, attachment, board, recent)

    def detach(self, attachment: Attachment) -> None:
        assert isinstance(attachment, WireAttachment)
        self._bus.detach(attachment.inner)

    async def carry(self, batch: Batch) -> list[Batch]:
        """Return what arrives of a batch."""
        if self.delay_s:
            await pass_time(self.delay_s)
        if self.is_flushed:
            self.is_flushed = False
            raise Overrun
        if self.losses:
            self.losses -= 1
            return []
        if self._packs:
            batch = unpack_batch(pack_batch(batch))
        if self.repeats:
            self.repeats -= 1
            return [batch, batch]
        return [batch]

    def mend(self) -> None:
        self.losses = self.repeats = 0
        self.delay_s = 0.0
        self.is_flushed = self.is_down = False


class WireAttachment:
    """One reader of the bus behind a wire."""

    def __init__(
        self, wire: Wire, inner: MemoryAttachment, board: Board, recent: Sequence[Batch]
    ) -> None:
        self.inner = inner
        self.recent = recent
        self.epoch, self.board = inner.epoch, board
        self._wire = wire

    async def batches(self) -> AsyncIterator[Batch]:
        async for batch in self.inner.batches():
            if self._wire.is_down:
                raise BusDown("the bus is away")
            for arrived in await self._wire.carry(batch):
                yield arrived


class Server:
    """One web process: its hub, and its three applications."""

    def __init__(self, world: "World", *, packs: bool) -> None:
        self.world = world
        self.wire = Wire(world.bus, world.recent, packs=packs)
        self.packs = packs
        self.is_up = True
        self.lines: set[Any] = set()
        rows = world.rows
        self.hub = Hub(
            bus=self.wire, clock=world.clock, costs=CostMeter(),
            find_revoked=rows.find_revoked, read_personal=rows.read_personal,
            capacity=CAPACITY, max_connections=50, connections_per_user=50,
            heartbeat_ms=HEARTBEAT_MS, sweep_s=SWEEP_S, deadline_s=DEADLINE_S, recheck_s=2.0,
        )  # fmt: skip
        gatekeeper = Gatekeeper(self.hub, requests_per_s=1000)
        self.socket = MarketConsumer.as_asgi(hub=self.hub)
        self.events = EventApplication(hub=self.hub, gatekeeper=gatekeeper)
        self.polls = PollApplication(
            hub=self.hub, gatekeeper=gatekeeper, read_personal=rows.read_personal
        )
        self._running = world.spawn(self.hub.run())

    async def stop(self) -> None:
        """End as at a deployment: every reader gets the reason."""
        await self.hub.close_all(Close.RESTART, within_s=0.5)
        self.kill()

    def kill(self) -> None:
        """End as a crash does."""
        self.is_up = False
        self._running.cancel()
        for line in list(self.lines):
            line.cut()


class World:
    """A market, its web processes, and the truth about it."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.tape = EngineTape(minute_ms=MINUTE_MS)
        self.rows = Rows()
        self.bus = MemoryBus()
        self.recent: deque[Batch] = deque(maxlen=RECENT_BATCHES)
        self.wanted: deque[tuple[str, str, int]] = deque()
        self.wrong: list[str] = []
        self._epochs = 0
        self._feed: asyncio.Task[None] | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.is_silent = False
        self.runner: Runner
        self.servers: list[Server] = []
        self.run(self._begin())

    async def _begin(self) -> None:
        self.servers = [Server(self, packs=packs) for packs in (False, True)]
        self.start_feed()
        await pass_time(0.2)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.run(pass_time(seconds))

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run a task whose failure is a defect."""
        task = self.loop.create_task(work)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            self.wrong.append(f"a task failed: {task.exception()!r}")

    def end(self) -> None:
        self.loop.end()

    # --- the feed ---------------------------------------------------------------------------
    def start_feed(self) -> None:
        """Begin a market of a new epoch; a former one ends."""
        if self._feed is not None:
            self._feed.cancel()
        self._epochs += 1
        engine = Engine(
            epoch=f"{self._epochs:08x}",
            open_source=lambda plan: Script(self.wanted, [d.symbol for d in plan.definitions]),
        )
        self.runner = Runner(
            engine=engine, bus=self, clock=self.clock, read_plans=self.rows.read_plans,
            flush_ms=FLUSH_MS, reconcile_s=1.0, observers=[self._observe],
        )  # fmt: skip
        self._feed = self.spawn(self.runner.run())

    def _observe(self, batch: Batch) -> None:
        self.tape.take(batch, self.clock.now_ms())

    async def publish(self, batch: Batch) -> None:
        """Be the bus of the runner; a stalled feed waits here."""
        await self._flowing.wait()
        self.recent.append(batch)
        await self.bus.publish(batch)

    def stall_feed(self) -> None:
        self.is_silent = True
        self._flowing.clear()

    def thaw_feed(self) -> None:
        self.is_silent = False
        self._flowing.set()

    def replan(self, feed: str, **changes: Any) -> None:
        """Change the rows of a feed, as an admin does."""
        self.rows.plans[feed] = replace(self.rows.plans[feed], **changes)
        self.runner.poke()

    def list_more(self, *, listed: bool) -> None:
        """List or delist the instrument that comes and goes."""
        names = [*LISTED[OPEN], *([COMES_AND_GOES] if listed else [])]
        halts = {s: reason for s, reason in self.rows.plans[OPEN].halts.items() if s in names}
        self.replan(OPEN, definitions=tuple(map(definition, names)), halts=halts)

    # --- web processes ----------------------------------------------------------------------
    def restart(self, number: int, *, kindly: bool) -> None:
        """End a web process, well or by a crash, and start another one."""
        former = self.servers[number]
        if kindly:
            self.run(former.stop())
        else:
            former.kill()

        async def begin() -> None:
            self.servers[number] = Server(self, packs=former.packs)

        self.run(begin())

    def poke_people(self, user_id: int) -> None:
        for server in self.servers:
            server.hub.poke_people([user_id])

    def mend(self) -> None:
        """End every fault of the market's side."""
        self.thaw_feed()
        for server in self.servers:
            server.wire.mend()
        self.wanted.clear()


def account_of(user_id: int, kind: str) -> Account:
    return Account(user_id, ACCOUNTS[kind][1])
