"""One subscriber's place in the hub: what wakes its writer, and what its line can take.

Must not know how frames travel. Made by hub, used by the transports.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from dashboard.delivery.eager import start
from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.delivery.traffic import Traffic
from dashboard.exceptions import ConnectionClosed
from dashboard.people.identity import Identity
from dashboard.wire.commands import Subscribe
from dashboard.wire.registry import Close, Transport
from feeds.clock import Clock, moment_of
from feeds.market.events import Position

log = logging.getLogger(__name__)
ANSWER_CHARACTERS: Final = 2_000_000
"""Answers that may wait for one socket: two snapshots of 10,000 instruments."""


class Line(Protocol):
    """The way to a reader, as a transport sees it."""

    def backlog(self) -> int:
        """Return the bytes that were sent and that the reader's side has not taken."""
        ...

    def abort(self) -> None:
        """Cut the connection without waiting for its buffers."""
        ...


class House(Protocol):
    """What a connection needs of the hub."""

    clock: Clock
    replica: Replica
    traffic: Traffic

    def poke_people(self, user_ids: Iterable[int]) -> None:
        """Read again what is personal of these users."""
        ...


class Connection:
    """A subscriber's place in the hub: wakes its writer, and says when it is over."""

    def __init__(
        self,
        hub: House,
        subscriber: Subscriber,
        identity: Identity,
        transport: Transport,
        line: Line,
    ) -> None:
        self.subscriber = subscriber
        self.key = ""
        self.since_ms = hub.clock.now_ms()
        self.identity = identity
        self.transport = transport
        self._line = line
        self._hub = hub
        self._answers: list[str] = []
        self._news = asyncio.Event()
        self._write: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._is_writing = False
        self._waiting: asyncio.Task[None] | None = None
        self._wait_began_s = 0.0
        self._taken_s = 0.0
        self._backlog: int | None = None

    def write_by(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let frames be written whenever some are due, by a coroutine that takes until none are."""
        self._write = write
        self.wake()

    def wake(self) -> None:
        """Let frames be looked for; a writer that waits for its line looks by itself."""
        if self._write is None:
            self._news.set()
        elif not self._is_writing:
            self._is_writing = True
            self._waiting = self._start(self._write())
            if self._waiting is None:
                self._is_writing = False
                self.subscriber.pace.wait(0.0)
            else:
                self._wait_began_s = self._taken_s = self._hub.clock.monotonic()
                self._waiting.add_done_callback(self._stop_waiting)

    def _start(self, writing: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Write; what goes wrong with one line must not reach who woke it."""
        try:
            return start(writing)
        except Exception as error:
            log.warning("line ended user=%s error=%r", self.identity.user_id, error)
            self._write = None
            self._line.abort()
            return None

    def stop(self) -> None:
        """Write no more."""
        self._write = None
        if self._waiting is not None:
            self._waiting.cancel()

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
        self._feed_personal()
        if sum(map(len, self._answers)) > ANSWER_CHARACTERS:
            self.close(Close.TOO_SLOW)
        self.wake()

    def begin(self, commands: Iterable[Subscribe]) -> None:
        """Do what a reader over HTTP asks for.

        Raises:
            CommandRefused: one of the commands cannot be done.
        """
        hub = self._hub
        self._answers += self.subscriber.begin(commands, hub.replica, moment_of(hub.clock))
        self._feed_personal()

    def say_hello(self) -> None:
        """Welcome the subscriber."""
        hub = self._hub
        self._answers.append(self.subscriber.welcome(hub.replica, moment_of(hub.clock)))

    def settle(self) -> Position | None:
        """Return where the reader stands in all its channels, if nothing is due of any."""
        return None if self._answers else self.subscriber.settle(self._hub.replica)

    async def frames(self) -> list[str]:
        """Return the next frames, as soon as there are any.

        Raises:
            ConnectionClosed: the server ended this subscriber.
        """
        while True:
            if frames := self.take():
                return frames
            await self._news.wait()
            self._news.clear()

    def take(self) -> list[str]:
        """Return the frames that are due now.

        Raises:
            ConnectionClosed: the server ended this subscriber.
        """
        answers, self._answers = self._answers, []
        if answers:
            return self._hub.traffic.send(answers)
        if self.subscriber.closed is not None:
            raise ConnectionClosed(self.subscriber.closed)
        hub = self._hub
        return hub.traffic.send(self.subscriber.frames(hub.replica, moment_of(hub.clock)))

    def take_all(self) -> list[str]:
        """Return everything that is due now, whatever the pace.

        Raises:
            ConnectionClosed: the server ended this subscriber.
        """
        frames: list[str] = []
        while more := self.take():
            frames += more
        return frames

    def check_line(self, now_s: float, deadline_s: float) -> None:
        """Cut a line that took nothing for the deadline; one that takes a little goes on."""
        if self._waiting is None:
            return
        backlog = self._line.backlog()
        if self._backlog is None or backlog < self._backlog:
            self._taken_s = now_s
        self._backlog = backlog
        if now_s - self._taken_s >= deadline_s:
            self._hub.traffic.cuts += 1
            self.close(Close.TOO_SLOW)
            self.cut()

    def cut(self) -> None:
        """End the connection without waiting for what its reader does not take."""
        self._line.abort()

    def line_took(self) -> None:
        """Note that the line took a frame."""
        self._taken_s = self._hub.clock.monotonic()

    def _stop_waiting(self, _: object) -> None:
        self._waiting = self._backlog = None
        self._is_writing = False
        waited_s = self._hub.clock.monotonic() - self._wait_began_s
        self.subscriber.pace.wait(waited_s)
        self.wake()

    def _feed_personal(self) -> None:
        if self.subscriber.personal.is_hungry:
            self._hub.poke_people([self.identity.user_id])
