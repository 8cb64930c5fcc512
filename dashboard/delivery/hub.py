"""The fan-out inside one process: it reads the bus, keeps one replica, and wakes connections.

Must not know how frames travel or where rows live. `join` has no await, so no batch can fall
between the snapshot of a new reader and its first update.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from math import inf
from typing import Final

from django import db

from dashboard.delivery.connection import Connection, ReaderSocket
from dashboard.delivery.fan_out import FanOut
from dashboard.delivery.replica import BatchLost, Replica
from dashboard.delivery.saving import Saving, rate_while
from dashboard.delivery.subscriber import Subscriber
from dashboard.delivery.traffic import Traffic
from dashboard.exceptions import HubClosing, HubFull, TooManyConnections
from dashboard.people.identity import Identity
from dashboard.process.cpu_meter import CostMeter
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.personal import Personal
from dashboard.wire.registry import CLOSE_TEXT, Close, Transport
from feeds.bus.interface import Bus, Overrun
from feeds.clock import Clock, Moment, moment_of
from feeds.exceptions import BusDown
from feeds.market.board import Board
from feeds.market.events import FIRST, Batch

log = logging.getLogger(__name__)
PULSE_S: Final = 0.02
"""The least time between two looks for readers whose frame or heartbeat is due."""
BATCH_WAIT_S: Final = 0.06
"""So long a reader that is due waits for the next batch, a little longer than one takes to come. It
would get old prices a moment before new ones. And the readers of a batch stand at one position."""
LOOK_S: Final = BATCH_WAIT_S
"""The most time between two looks. A reader who is planned during a rest waits for a batch at least
as long, so no look comes too late. Looks are few because each wakes the process, which costs far
more than the look itself."""
RECHECK_S: Final = 30.0
"""Personal rows are read again this often. So a poke that is lost delays them, and no more."""
RETRY_S: Final = 1.0
"""Wait before a bus or a database that cannot be read is tried again."""
SILENCE_S: Final = 3.0
"""A feed publishes at least an empty batch every second. After this silence prices are stale."""

FindRevoked = Callable[[Collection[Identity]], Awaitable[dict[Identity, Close]]]
ReadPersonal = Callable[[Collection[int]], Awaitable[dict[int, Personal]]]


class Hub:
    """Keeps the replica as the bus says, and the connections as the rows of people say."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        find_revoked: FindRevoked,
        read_personal: ReadPersonal,
        capacity: int,
        max_connections: int,
        connections_per_user: int,
        costs: CostMeter,
        heartbeat_ms: int,
        sweep_s: float,
        deadline_s: float,
        recheck_s: float = RECHECK_S,
        read_trouble: Callable[[], str] = str,
    ) -> None:
        self.clock = clock
        self.connections: set[Connection] = set()
        self.deck_readers: set[Connection] = set()
        self._has_deck_readers = asyncio.Event()
        self.traffic = Traffic()
        self.saving = Saving.NOTHING
        self._fan_out = FanOut(self.traffic)
        self.handshakes: Counter[Transport] = Counter()
        self._delivered: Counter[Transport] = Counter()
        self.replica = Replica("", Board(), capacity=capacity, ts=clock.now_ms())
        self._bus = bus
        self._find_revoked = find_revoked
        self._read_personal = read_personal
        self._read_trouble = read_trouble
        self._costs = costs
        self._capacity = capacity
        self._max_connections = max_connections
        self._connections_per_user = connections_per_user
        self._connections_of: Counter[int] = Counter()
        self._heartbeat_ms = heartbeat_ms
        self._sweep_s = sweep_s
        self._deadline_s = deadline_s
        self._heard = moment_of(clock)
        self._seen_status = self.replica.status_position
        self._is_closing = False
        self._recheck_s = recheck_s
        self._people: set[int] = set()
        self._people_poked = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def join(
        self,
        identity: Identity,
        transport: Transport,
        socket: ReaderSocket,
        *,
        is_live: bool = True,
    ) -> Connection:
        """Add a reader. Without `is_live` it gets no heartbeats, only what is due when it asks.

        Raises:
            HubClosing: the process stops.
            HubFull: the process has as many connections as it may have, or no memory for more.
            TooManyConnections: the account has as many connections as it may have.
        """
        if self._is_closing:
            self.traffic.refusals[RefusalReason.STOPPING] += 1
            raise HubClosing(CLOSE_TEXT[Close.RESTART][0])
        if len(self.connections) >= self._max_connections:
            self.traffic.refusals[RefusalReason.FULL] += 1
            raise HubFull(f"limit is {self._max_connections} subscribers")
        if self.saving is Saving.READERS:
            self.traffic.refusals[RefusalReason.NO_MEMORY] += 1
            raise HubFull("memory is short")
        if self._connections_of[identity.user_id] >= self._connections_per_user:
            self.traffic.refusals[RefusalReason.ACCOUNT_FULL] += 1
            raise TooManyConnections(
                f"limit is {self._connections_per_user} connections of one account"
            )
        subscriber = Subscriber(
            heartbeat_ms=self._heartbeat_ms if is_live else inf,
            now=moment_of(self.clock),
            access=identity.access,
            rights=identity.rights,
            read_trouble=self._read_trouble,
            scopes=identity.scopes,
            is_whole_at_once=transport is not Transport.WEBSOCKET,
        )
        if not is_live:
            # Otherwise the silence of a market would be news at once, although nothing changed.
            subscriber.know_silence(self.replica)
        if self.saving is not Saving.NOTHING:
            subscriber.pace.cap(rate_while(self.saving), self.clock.monotonic())
        connection = Connection(self, subscriber, identity, transport, socket)
        self.handshakes[transport] += 1
        connection.key = f"{self._costs.process}-{self.handshakes.total()}"
        self.connections.add(connection)
        self.expect(connection)
        self._connections_of[identity.user_id] += 1
        self._emptied.clear()
        return connection

    @property
    def delivered(self) -> Counter[Transport]:
        """Return how many changes of prices and trades were handed to readers of each transport."""
        total = self._delivered.copy()
        for connection in self.connections:
            total[connection.transport] += connection.updates
        return total

    @property
    def conflation(self) -> tuple[int, int]:
        """Return how many changes of prices readers got, and how many ticks these stood for."""
        taken = [connection.conflation for connection in self.connections]
        changes = self.traffic.changes + sum(changes for changes, _ in taken)
        return changes, self.traffic.merged + sum(merged for _, merged in taken)

    @property
    def readers(self) -> Counter[Transport]:
        """Return how many are connected, by transport."""
        return Counter(connection.transport for connection in self.connections)

    @property
    def is_closing(self) -> bool:
        """Say whether nobody is let in any more."""
        return self._is_closing

    @property
    def bus_age_s(self) -> float:
        """Return how long ago the bus brought something; a market says something every second."""
        return self.clock.monotonic() - self._heard.mono_s

    def leave(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        if connection not in self.connections:
            return
        self._delivered[connection.transport] += connection.updates
        self.traffic.leave(connection.conflation, connection.closed)
        self.connections.remove(connection)
        self._note_deck(connection, is_reader=False)
        self._fan_out.forget(connection)
        user_id = connection.identity.user_id
        self._connections_of[user_id] -= 1
        if not self._connections_of[user_id]:
            del self._connections_of[user_id]
        if not self.connections:
            self._emptied.set()

    def expect(self, connection: Connection) -> None:
        """Look at a connection again when its next frame or heartbeat may be due."""
        if connection in self.connections:
            self._fan_out.expect(connection, self.clock.monotonic())

    def note_deck(self, connection: Connection) -> None:
        """Note whether a connection reads the deck, after a command of its reader."""
        is_reader = connection.wants_deck and connection in self.connections
        self._note_deck(connection, is_reader=is_reader)

    def _note_deck(self, connection: Connection, *, is_reader: bool) -> None:
        if is_reader:
            self.deck_readers.add(connection)
            self._has_deck_readers.set()
        else:
            self.deck_readers.discard(connection)
            if not self.deck_readers:
                self._has_deck_readers.clear()

    async def wait_for_deck_readers(self) -> None:
        """Return when somebody reads the deck."""
        await self._has_deck_readers.wait()

    def save(self, saving: Saving) -> None:
        """Give up so much while memory is short, and no more."""
        self.saving = saving
        rate, now_s = rate_while(saving), self.clock.monotonic()
        for connection in self.connections:
            connection.pace.cap(rate, now_s)
            # Another pace is news, which the fan-out does not tell.
            connection.prices = None
            self.expect(connection)

    def poke_people(self, user_ids: Iterable[int]) -> None:
        """Read watchlist and notifications of these users again, if they are connected."""
        self._people.update(user_ids)
        self._people_poked.set()

    def disconnect(self, user_id: int, key: str) -> None:
        """End one connection of a user, or all of them if no key is given."""
        for connection in list(self.connections):
            if connection.identity.user_id == user_id and key in ("", connection.key):
                connection.close(Close.DISCONNECTED)

    async def close_all(self, code: Close, *, within_s: float) -> None:
        """End every connection, and wait `within_s` for the readers to receive the reason.

        Nobody can join any more. A reader that accepted nothing in time is cut, because the server
        would wait for it, and then complain.
        """
        self._is_closing = True
        for connection in list(self.connections):
            connection.close(code)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._emptied.wait(), within_s)
        for connection in list(self.connections):
            connection.cut()

    async def run(self) -> None:
        """Follow the bus, the paces and the rows until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_bus())
            tasks.create_task(self._pulse())
            tasks.create_task(self._follow_people())
            tasks.create_task(self._sweep())
            tasks.create_task(self._cut_stalled())

    async def _follow_bus(self) -> None:
        trouble = ""
        while True:
            try:
                attachment = await self._bus.attach()
            except BusDown as error:
                if trouble != (trouble := str(error)):
                    log.warning("bus cannot be read reason=%s", trouble)
                await asyncio.sleep(RETRY_S)
                continue
            trouble = ""
            self._begin(attachment.epoch, attachment.board, attachment.recent)
            # After a lost batch the replica has a hole. Only a new board closes it, so every such
            # error leads back to `attach`.
            try:
                async for batch in attachment.batches():
                    self._receive(batch)
            except (BatchLost, Overrun, BusDown) as error:
                self.traffic.overruns += isinstance(error, Overrun)
                if self.replica.epoch:
                    log.info("hub begins again reason=%s", error or "overrun")
            finally:
                self._bus.detach(attachment)

    def _receive(self, batch: Batch) -> None:
        self.traffic.batches += 1
        if batch.epoch != self.replica.epoch and batch.first == FIRST:
            # From its first batch a market is known without a board, and no trade of it is missed.
            log.info("market begins epoch=%s", batch.epoch)
            self._begin(batch.epoch, Board())
        newest_ms = self.replica.newest_ms
        self.replica.receive(batch, ts=self.clock.now_ms())
        self._hear(has_ticks=self.replica.newest_ms != newest_ms)

    def _begin(self, epoch: str, board: Board, recent: Sequence[Batch] = ()) -> None:
        # Readers know that prices are stale. A new board does not end that, only a batch does.
        stale_ms = self.replica.stale_ms
        # This process has not heard the market yet. Its newest tick says since when it is silent.
        if not self.replica.epoch and (newest_ms := board.newest_ms()) is not None:
            self._heard = self._heard._replace(wall_ms=newest_ms)
        ts = self.clock.now_ms()
        replica = Replica(epoch, board, capacity=self._capacity, ts=ts, recent=recent)
        replica.follow(self.replica)
        replica.stale_ms = stale_ms
        self.replica = replica
        # The new board may hold changes of status, which must come before its prices.
        for connection in self.connections:
            connection.prices = None

    def _hear(self, *, has_ticks: bool) -> None:
        """Write to the readers whose next frame is due; after a change of status, to all."""
        self._heard, replica = moment_of(self.clock), self.replica
        former, self._seen_status = self._seen_status, replica.status_position
        is_for_all = former != self._seen_status or replica.stale_ms is not None
        replica.stale_ms = None
        frames = self.traffic.frames
        if is_for_all:
            self._wake(self.connections, self._heard)
        self._write(self._fan_out.take(self._heard.mono_s, is_moved=True), self._heard)
        # One observation for all frames of a batch: one for each would cost more than counting.
        if has_ticks and replica.newest_ms is not None and self.traffic.frames != frames:
            age_ms = max(0, self.clock.now_ms() - replica.newest_ms)
            self.traffic.ages.observe(age_ms, self.traffic.frames - frames)

    async def _pulse(self) -> None:
        """Look between batches: the pace of a reader allows a frame, or a heartbeat is due."""
        while True:
            now_s = self.clock.monotonic()
            rest_s = self._rest_s(now_s)
            await asyncio.sleep(rest_s)
            now = moment_of(self.clock)
            self.traffic.lags.observe(max(0.0, now.mono_s - now_s - rest_s) * 1000)
            self._look(now)

    def _rest_s(self, now_s: float) -> float:
        """Return how long nobody needs a look (seconds)."""
        return min(max(self._fan_out.next_s + BATCH_WAIT_S - now_s, PULSE_S), LOOK_S)

    def _look(self, now: Moment) -> None:
        replica, silence_s = self.replica, now.mono_s - self._heard.mono_s
        if replica.stale_ms is None and silence_s > SILENCE_S:
            replica.stale_ms = self._heard.wall_ms
            self._wake(self.connections, now)
        self._write(self._fan_out.take(now.mono_s - BATCH_WAIT_S, is_moved=False), now)

    def _write(self, due: list[Connection], now: Moment) -> None:
        """Write to the readers that are due: to most of them in one loop."""
        if not due:
            return
        with self._costs.paid_by(Transport.WEBSOCKET):
            others = self._fan_out.write(due, self.replica, now)
        self._wake([each for each in others if each.has_work(now.mono_s)], now)
        # A connection may have left while it was woken; it must not be planned again.
        for connection in self.connections.intersection(others):
            self._fan_out.put_back(connection, now.mono_s)

    def _wake(self, connections: Iterable[Connection], now: Moment) -> None:
        """Let connections write, and charge the CPU time to their transport."""
        # Grouped, because reading the CPU clock for each connection would cost more than some
        # frames.
        groups: dict[Transport, list[Connection]] = {}
        for connection in connections:
            groups.setdefault(connection.transport, []).append(connection)
        for transport, group in groups.items():
            with self._costs.paid_by(transport):
                for connection in group:
                    connection.wake(now)

    async def _cut_stalled(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_s)
            now_s = self.clock.monotonic()
            for connection in list(self.connections):
                connection.cut_if_stalled(now_s, self._deadline_s)

    async def _follow_people(self) -> None:
        while True:
            people = await self._poked_people()
            try:
                await self._send_personal(people)
            except db.Error as error:
                log.error("personal rows cannot be read error=%s", error)
                await asyncio.sleep(RETRY_S)
                # The poke was taken already. Without a new one these users wait for the recheck.
                self.poke_people(people)

    async def _poked_people(self) -> set[int]:
        """Wait for a poke and return its users; after `recheck_s` without a poke, all users."""
        try:
            async with asyncio.timeout(self._recheck_s):
                await self._people_poked.wait()
        except TimeoutError:
            return {connection.identity.user_id for connection in self.connections}
        # Nothing is awaited between these lines, so no poke can fall between them.
        self._people_poked.clear()
        people, self._people = self._people, set()
        return people

    async def _send_personal(self, people: set[int]) -> None:
        readers = self._readers(people)
        if not readers:
            return
        personal = await self._read_personal(
            {connection.identity.user_id for connection in readers}
        )
        for connection in readers:
            if (mine := personal.get(connection.identity.user_id)) is not None:
                connection.offer_personal(mine)
                connection.wake()

    def _readers(self, people: set[int]) -> list[Connection]:
        return [
            connection
            for connection in self.connections
            if connection.identity.user_id in people and connection.wants_personal
        ]

    async def _sweep(self) -> None:
        """End connections whose session or token ended, or whose rights changed."""
        while True:
            await asyncio.sleep(self._sweep_s)
            identities = {connection.identity for connection in self.connections}
            if not identities:
                continue
            try:
                revoked = await self._find_revoked(identities)
            except db.Error as error:
                # Nobody is put out because the database is away; the next sweep asks again.
                log.error("accounts cannot be read error=%s", error)
                continue
            for connection in list(self.connections):
                # A reader that joined meanwhile is not among them; the next sweep looks at it.
                if (code := revoked.get(connection.identity)) is not None:
                    connection.close(code)
