"""Fan-out inside one process: one bus reader, one replica, a seat for every subscriber.

Must not know how frames travel or where rows live. Called by the transports (join, leave) and run
by runtime. `join` has no await, so a snapshot and what follows it cannot have a hole between.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from typing import Final

from django.db import DatabaseError

from dashboard.exceptions import HubFull, SeatClosed
from dashboard.identity import Identity
from dashboard.replica import BatchLost, Replica
from dashboard.subscriber import Subscriber
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close
from feeds.board import Board
from feeds.bus import MemoryBus, Overrun
from feeds.clock import Clock, moment_of

log = logging.getLogger(__name__)
PULSE_S: Final = 0.02
"""How often paces and heartbeats are looked at; a fifth of the fastest usual pace."""
ANSWER_CHARACTERS: Final = 2_000_000
"""Answers that may wait for one socket: two snapshots of 10,000 instruments."""
RECHECK_S: Final = 30.0
"""Personal rows are read this often without being poked, so a lost poke only delays them."""
RETRY_S: Final = 1.0
"""Rows that cannot be read now are read again after this."""

FindRevoked = Callable[[Collection[Identity]], Awaitable[set[Identity]]]
ReadPersonal = Callable[[Collection[int]], Awaitable[dict[int, Personal]]]


class Seat:
    """A subscriber's place in the hub: wakes its writer, and says when it is over."""

    def __init__(self, hub: "Hub", subscriber: Subscriber, identity: Identity) -> None:
        self.subscriber = subscriber
        self.identity = identity
        self._hub = hub
        self._answers: list[str] = []
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Let the writer look for frames."""
        self._news.set()

    def close(self, code: Close) -> None:
        """End this subscriber; the first reason stands."""
        self.subscriber.closed = self.subscriber.closed or code
        self.wake()

    def receive(self, message: str | bytes) -> None:
        """Do one command; its answer goes out by `frames`, in order with all the rest."""
        if self.subscriber.closed is not None:
            return
        hub = self._hub
        self._answers += self.subscriber.receive(message, hub.replica, moment_of(hub.clock))
        if self.subscriber.personal.is_hungry:
            hub.poke_people([self.identity.user_id])
        if sum(map(len, self._answers)) > ANSWER_CHARACTERS:
            self.close(Close.TOO_SLOW)
        self.wake()

    def say_hello(self) -> None:
        """Welcome the subscriber."""
        hub = self._hub
        self._answers.append(self.subscriber.welcome(hub.replica, moment_of(hub.clock)))

    async def frames(self) -> list[str]:
        """Return the next frames, as soon as there are any.

        Raises:
            SeatClosed: the server ended this subscriber.
        """
        hub = self._hub
        while True:
            answers, self._answers = self._answers, []
            if answers:
                return answers
            if self.subscriber.closed is not None:
                raise SeatClosed(self.subscriber.closed)
            frames = self.subscriber.frames(hub.replica, moment_of(hub.clock))
            if frames:
                return frames
            await self._news.wait()
            self._news.clear()


class Hub:
    """Keep the replica as the bus says, and every seat as the rows say."""

    def __init__(
        self,
        *,
        bus: MemoryBus,
        clock: Clock,
        find_revoked: FindRevoked,
        read_personal: ReadPersonal,
        capacity: int,
        max_seats: int,
        heartbeat_ms: int,
        sweep_s: float,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self.clock = clock
        self.seats: set[Seat] = set()
        self.replica = Replica("", Board(), capacity=capacity)
        self._bus = bus
        self._find_revoked = find_revoked
        self._read_personal = read_personal
        self._capacity = capacity
        self._max_seats = max_seats
        self._heartbeat_ms = heartbeat_ms
        self._sweep_s = sweep_s
        self._recheck_s = recheck_s
        self._people: set[int] = set()
        self._people_poked = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def join(self, identity: Identity) -> Seat:
        """Return a seat.

        Raises:
            HubFull: there is none.
        """
        if len(self.seats) >= self._max_seats:
            raise HubFull(f"limit is {self._max_seats} subscribers")
        subscriber = Subscriber(heartbeat_ms=self._heartbeat_ms, now=moment_of(self.clock))
        seat = Seat(self, subscriber, identity)
        self.seats.add(seat)
        self._emptied.clear()
        return seat

    def leave(self, seat: Seat) -> None:
        """Give the seat back."""
        self.seats.discard(seat)
        if not self.seats:
            self._emptied.set()

    def poke_people(self, user_ids: Iterable[int]) -> None:
        """Read again what is personal of these users, if they are connected."""
        self._people.update(user_ids)
        self._people_poked.set()

    async def close_all(self, code: Close, *, within_s: float) -> None:
        """End every subscriber, and wait for them to hear why."""
        for seat in self.seats:
            seat.close(code)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._emptied.wait(), within_s)

    async def run(self) -> None:
        """Follow the bus, the paces and the rows until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_bus())
            tasks.create_task(self._pulse())
            tasks.create_task(self._follow_people())
            tasks.create_task(self._sweep())

    async def _follow_bus(self) -> None:
        while True:
            attachment = self._bus.attach()
            self.replica = Replica(attachment.epoch, attachment.board, capacity=self._capacity)
            try:
                async for batch in attachment.batches():
                    self.replica.receive(batch)
                    self._wake_due()
            except (BatchLost, Overrun) as error:
                if self.replica.epoch:
                    log.info("hub begins again reason=%s", error or "overrun")
            finally:
                self._bus.detach(attachment)

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._wake_due()

    def _wake_due(self) -> None:
        now, replica = moment_of(self.clock), self.replica
        for seat in self.seats:
            if seat.subscriber.has_work(replica, now):
                seat.wake()

    async def _follow_people(self) -> None:
        while True:
            people = await self._poked_people()
            try:
                await self._tell_people(people)
            except DatabaseError as error:
                log.error("personal rows cannot be read error=%s", error)
                await asyncio.sleep(RETRY_S)
                self.poke_people(people)

    async def _poked_people(self) -> set[int]:
        """Wait for a poke; without one, everybody is looked at now and then."""
        try:
            await asyncio.wait_for(self._people_poked.wait(), self._recheck_s)
        except TimeoutError:
            return {seat.identity.user_id for seat in self.seats}
        self._people_poked.clear()
        people, self._people = self._people, set()
        return people

    async def _tell_people(self, people: set[int]) -> None:
        readers = self._readers(people)
        if not readers:
            return
        personal = await self._read_personal({seat.identity.user_id for seat in readers})
        for seat in readers:
            if (mine := personal.get(seat.identity.user_id)) is not None:
                seat.subscriber.personal.offer(mine)
                seat.wake()

    def _readers(self, people: set[int]) -> list[Seat]:
        return [
            seat
            for seat in self.seats
            if seat.identity.user_id in people and seat.subscriber.personal.is_open
        ]

    async def _sweep(self) -> None:
        """End the connections of those who signed out, expired or were deactivated."""
        while True:
            await asyncio.sleep(self._sweep_s)
            identities = {seat.identity for seat in self.seats}
            if not identities:
                continue
            try:
                revoked = await self._find_revoked(identities)
            except DatabaseError as error:
                log.error("accounts cannot be read error=%s", error)
                continue
            for seat in self.seats:
                if seat.identity in revoked:
                    seat.close(Close.SIGNED_OUT)
