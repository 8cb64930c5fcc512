"""One reader's connection to the hub: it runs the writer, and cuts a reader that accepts nothing.

Must not know how frames travel. Others use its surface only, never the subscriber inside it.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from dashboard.delivery.outboxes.market import TickerOutbox
from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.delivery.timing_wheel import NOWHERE
from dashboard.delivery.traffic import Traffic
from dashboard.exceptions import ConnectionClosed
from dashboard.people.identity import Identity
from dashboard.process import request_id
from dashboard.process.eager_task import start
from dashboard.wire.commands import Subscribe
from dashboard.wire.personal import Personal
from dashboard.wire.positions import ReaderPosition
from dashboard.wire.registry import Close, Transport
from feeds.clock import Clock, Moment, moment_of

log = logging.getLogger(__name__)
ANSWER_CHARACTERS: Final = 2_000_000
"""Most characters of answers that wait for one socket: two snapshots of 10,000 instruments."""


class ReaderSocket(Protocol):
    """What a connection needs of its socket to notice a slow reader."""

    @property
    def write_now(self) -> Callable[[str], bool] | None:
        """Return what writes a frame unless it has to wait, and says whether the socket took it.

        None: every frame goes through the writer.
        """
        ...

    def backlog(self) -> int:
        """Return how many bytes the other side has not acknowledged: sent, or still in a buffer."""
        ...

    def abort(self) -> None:
        """Cut the connection without waiting for its buffers."""
        ...


class ConnectionOwner(Protocol):
    """What a connection needs of the hub."""

    clock: Clock
    replica: Replica
    traffic: Traffic

    def poke_people(self, user_ids: Iterable[int]) -> None:
        """Read the personal rows of these users again."""
        ...

    def expect(self, connection: "Connection") -> None:
        """Look at a connection again when its next frame or heartbeat may be due."""
        ...

    def note_deck(self, connection: "Connection") -> None:
        """Note whether a connection reads the deck."""
        ...


class Connection:
    """A reader in the hub, with its identity, its transport and its socket.

    `key` is its name for operators. `since_ms` is when it began (UTC ms). `prices` is the ticker
    while the fan-out may write its updates at once, None while anything else may be due. `beat_s`
    is when the next heartbeat is due (seconds, monotonic).
    """

    __slots__ = (
        *("__dict__", "_accepted_s", "_answers", "_backlog", "_hub", "_is_writing", "_news"),
        *("_request_id", "_subscriber", "_unsent", "_wait_began_s", "_waiting", "_write", "beat_s"),
        *("identity", "key", "pace", "prices", "since_ms", "slot", "socket", "transport"),
    )

    def __init__(
        self,
        hub: ConnectionOwner,
        subscriber: Subscriber,
        identity: Identity,
        transport: Transport,
        socket: ReaderSocket,
    ) -> None:
        self.key = ""
        self.since_ms = hub.clock.now_ms()
        self.identity = identity
        self._request_id = request_id.current()
        self.transport = transport
        self.socket = socket
        self.pace = subscriber.pace
        self.beat_s = subscriber.beat_s
        self.prices: TickerOutbox | None = None
        self.slot = NOWHERE
        self._subscriber = subscriber
        self._hub = hub
        self._answers: list[str] = []
        self._unsent: list[str] = []
        self._news: asyncio.Event | None = None
        self._write: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._is_writing = False
        self._waiting: asyncio.Task[None] | None = None
        self._wait_began_s = 0.0
        self._accepted_s = 0.0
        self._backlog: int | None = None

    # --- what others may know of the reader --------------------------------------------------
    @property
    def closed(self) -> Close | None:
        """Return why the server ended this connection; None while it is open."""
        return self._subscriber.closed

    @property
    def next_s(self) -> float:
        """Return when the next frame may be due if no status changes before (seconds)."""
        return self._subscriber.next_s

    @property
    def is_waiting(self) -> bool:
        """Say whether a writer waits for the socket."""
        return self._waiting is not None

    def has_work(self, now_s: float) -> bool:
        """Say whether frames may be due although the market did not move."""
        return self._subscriber.has_work(self._hub.replica, now_s)

    @property
    def wants_personal(self) -> bool:
        """Say whether the reader is subscribed to its watchlist or its notifications."""
        return self._subscriber.personal.is_open

    def offer_personal(self, personal: Personal) -> None:
        """Take the newest personal rows of this user; call `wake` to send what changed."""
        self._subscriber.personal.offer(personal)

    @property
    def wants_deck(self) -> bool:
        """Say whether the reader is subscribed to the deck."""
        return self._subscriber.deck.is_open

    @property
    def sees_people(self) -> bool:
        """Say whether the reader may know who is connected."""
        return self._subscriber.rights.sees_people

    def offer_deck(self, frame: str) -> None:
        """Take the newest frame of the deck; call `wake` to send it."""
        self._subscriber.deck.offer(frame)

    @property
    def updates(self) -> int:
        """Return how many changes of prices, trades, bars and books the reader got."""
        return self._subscriber.updates

    @property
    def conflation(self) -> tuple[int, int]:
        """Return how many changes of prices the reader got, and how many ticks they stood for."""
        return self._subscriber.conflation

    @property
    def behind(self) -> int:
        """Return how many ticks of its own symbols the reader does not have yet."""
        return self._subscriber.behind(self._hub.replica)

    @property
    def trouble(self) -> str:
        """Return what the reader must know of the database; "" while all is well."""
        return self._subscriber.trouble

    @property
    def lag(self) -> int:
        """Return by how many events the reader is behind the market."""
        return self._subscriber.lag(self._hub.replica)

    @property
    def rate(self) -> float:
        """Return how many frames of merged changes go out per second."""
        return self.pace.rate

    @property
    def limited_by(self) -> str:
        """Return what limits the rate, in words; empty when only the reader's choice does."""
        return self.pace.reason

    @property
    def symbol_count(self) -> int | None:
        """Return how many symbols' prices the reader gets; None is all of them."""
        return self._subscriber.symbol_count

    # --- writing -----------------------------------------------------------------------------
    def start_writing(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `write` whenever frames may be due; it must take frames until none are left."""
        self._write = write
        self.wake()

    def wake(self, now: Moment | None = None) -> None:
        """Write now, unless the writer already waits for its socket: then it looks afterwards.

        The hub gives the time, as it wakes many in a row.
        """
        if self._write is None:
            if self._news is not None:
                self._news.set()
        elif not self._is_writing:
            # Set before the start: the writer may run to its end here, and what it does may wake
            # this connection again. Two writers would mix up the order of the frames.
            self._is_writing, self.prices = True, None
            self._waiting = self._start(self._write, now or moment_of(self._hub.clock))
            if self._waiting is None:
                self._is_writing = False
                self.pace.note_wait(0.0)
                can_write = self._write is not None and self.socket.write_now is not None
                self.prices = self._subscriber.prices if can_write else None
            else:
                self._wait_began_s = self._accepted_s = self._hub.clock.monotonic()
                self._waiting.add_done_callback(self._stop_waiting)

    def _start(
        self, write: Callable[[], Coroutine[Any, Any, None]], now: Moment
    ) -> asyncio.Task[None] | None:
        """Write what the socket takes at once; return the writer if it must wait with the rest.

        An error ends this connection alone: the hub wakes many in a row.
        """
        try:
            return None if self._write_at_once(now) else start(write())
        except Exception as error:
            self.fail(error)
            return None

    def _write_at_once(self, now: Moment) -> bool:
        """Write the frames that are due; return False if something is left for the writer.

        Nearly all frames go this way. A coroutine for each would cost more than its content.
        """
        write_now = self.socket.write_now
        if self._unsent:
            return False
        while write_now is not None and self._subscriber.closed is None:
            are_answers = bool(self._answers)
            frames = self._take(now)
            for index, frame in enumerate(frames):
                if not write_now(frame):
                    self._unsent = frames[index:]
                    return False
            # Answers go alone: frames of any channel may be due behind them.
            if not frames or (self.next_s > now.mono_s and not are_answers):
                return True
        return False

    def keep(self, frame: str) -> None:
        """Write a frame that the socket did not take as soon as there is room for it."""
        self._unsent = [frame]
        self.wake()

    def beat(self, now: Moment) -> int:
        """Write a heartbeat, when nothing but prices may be due; return its characters."""
        frame = self._subscriber.heartbeat(self._hub.replica, now)
        self.beat_s = self._subscriber.beat_s
        try:
            if self.socket.write_now is None or not self.socket.write_now(frame):
                self.keep(frame)
        except Exception as error:
            self.fail(error)
        return len(frame)

    def fail(self, error: Exception) -> None:
        """End this connection, after an error that concerns no other."""
        self.report(error)
        self.stop_writing()
        self.socket.abort()

    def report(self, error: Exception) -> None:
        """Log an error of the writer; the hub often runs it, outside the context of the request."""
        ids = {"request_id": self._request_id}
        log.warning("writer ended user=%s error=%r", self.identity.user_id, error, extra=ids)

    def stop_writing(self) -> None:
        """Write no more, and cancel a writer that waits for the socket."""
        self._write = self.prices = None
        if self._waiting is not None:
            self._waiting.cancel()

    def close(self, code: Close) -> None:
        """End this connection after the answers that wait. The first of several reasons counts."""
        self._subscriber.closed = self._subscriber.closed or code
        self.wake()

    # --- commands ----------------------------------------------------------------------------
    def receive(self, message: str | bytes) -> None:
        """Carry out a command; `take` returns its answer, in order with the frames."""
        if self._subscriber.closed is not None:
            return
        hub = self._hub
        self._answers += self._subscriber.receive(message, hub.replica, moment_of(hub.clock))
        self._plan()
        hub.note_deck(self)
        self._request_personal()
        # A reader that sends commands and reads nothing would fill the memory with answers.
        if sum(map(len, self._answers)) > ANSWER_CHARACTERS:
            self.close(Close.TOO_SLOW)
        self.wake()

    def begin(self, commands: Iterable[Subscribe]) -> None:
        """Carry out the subscriptions of a request over HTTP.

        Raises:
            CommandRefused: one of them cannot be carried out.
        """
        hub = self._hub
        self._answers += self._subscriber.begin(commands, hub.replica, moment_of(hub.clock))
        hub.note_deck(self)
        self._request_personal()

    def say_hello(self) -> None:
        """Put the welcome frame before everything else."""
        hub = self._hub
        self._answers.append(self._subscriber.welcome(hub.replica, moment_of(hub.clock)))
        self._plan()

    # --- frames ------------------------------------------------------------------------------
    def settle(self) -> ReaderPosition | None:
        """Return the reader's position, the same in all channels; None while a frame is due."""
        return None if self._answers else self._subscriber.settle(self._hub.replica)

    @property
    def position(self) -> ReaderPosition:
        """Return where the reader stands in all channels, once everything due was taken."""
        position = self._subscriber.whole_position(self._hub.replica)
        return self.identity.access.to_reader(position)

    async def frames(self) -> list[str]:
        """Wait for the next frames.

        Raises:
            ConnectionClosed: the server ended this connection.
        """
        while True:
            # Made for each wait: an event of asyncio is large, and most readers never wait here.
            self._news = asyncio.Event()
            if frames := self.take():
                return frames
            await self._news.wait()

    def take(self) -> list[str]:
        """Return the frames that are due now.

        Raises:
            ConnectionClosed: the server ended this connection.
        """
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            return unsent
        if self._subscriber.closed is not None and not self._answers:
            raise ConnectionClosed(self._subscriber.closed)
        return self._take(moment_of(self._hub.clock))

    def _take(self, now: Moment) -> list[str]:
        # Answers go alone and first: a snapshot in them must not come after a later update.
        hub, frames = self._hub, self._answers
        if frames:
            self._answers = []
        else:
            frames = self._subscriber.frames(hub.replica, now)
            self._plan()
        return hub.traffic.send(frames)

    def _plan(self) -> None:
        self.beat_s = self._subscriber.beat_s
        self._hub.expect(self)

    def take_all(self) -> list[str]:
        """Return everything that is due now, whatever the pace.

        Raises:
            ConnectionClosed: the server ended this connection.
        """
        frames: list[str] = []
        while more := self.take():
            frames += more
        return frames

    # --- slow readers ------------------------------------------------------------------------
    def cut_if_stalled(self, now_s: float, deadline_s: float) -> None:
        """Cut a reader that accepted nothing for the deadline; a slow one goes on."""
        if self._waiting is None:
            return
        # One frame may take longer than the deadline on a slow network. As long as the backlog
        # shrinks, the reader is there: it gets fewer frames, and keeps its connection.
        backlog = self.socket.backlog()
        if self._backlog is None or backlog < self._backlog:
            self._accepted_s = now_s
        self._backlog = backlog
        if now_s - self._accepted_s >= deadline_s:
            self._hub.traffic.cuts += 1
            # The close frame would wait behind the backlog; the code is still counted.
            self.close(Close.TOO_SLOW)
            self.cut()

    def cut(self) -> None:
        """End the connection without waiting for what its reader did not accept."""
        self.socket.abort()

    def note_accepted(self) -> None:
        """Note that the socket accepted a frame."""
        self._accepted_s = self._hub.clock.monotonic()

    def _stop_waiting(self, _: object) -> None:
        self._waiting = self._backlog = None
        self._is_writing = False
        waited_s = self._hub.clock.monotonic() - self._wait_began_s
        self.pace.note_wait(waited_s)
        self.wake()  # news that came while it waited did not wake the writer

    def _request_personal(self) -> None:
        if self._subscriber.personal.needs_rows:
            self._hub.poke_people([self.identity.user_id])
