"""The fan-out as one loop: which readers are due now, and the update of prices for each of them.

Must not know transports or rows. Nearly all that a server does is done here, so the loop has no
coroutine, no task and no closure for a reader. What is rare goes the general way, through the
subscriber: answers, status, personal rows, slow lines and other transports.
"""

from collections.abc import Iterable
from typing import Final

from dashboard.delivery.connection import Connection
from dashboard.delivery.replica import Replica
from dashboard.delivery.timing_wheel import NOWHERE, TimingWheel
from dashboard.delivery.traffic import Traffic
from feeds.clock import Moment

SLOT_S: Final = 0.005
"""A frame is at most so much later than its pace says: a quarter of the least time between two
looks."""


class FanOut:
    """The readers by the time when they are due, and those that are due but have no news."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._wheel: TimingWheel[Connection] = TimingWheel(SLOT_S)
        self._idle: set[Connection] = set()

    @property
    def next_s(self) -> float:
        """Return when the next reader is due (seconds); infinity if no time is planned."""
        return self._wheel.next_s

    def expect(self, connection: Connection, now_s: float) -> None:
        """Look at a reader again when its next frame or heartbeat may be due.

        A reader that is due already is written to at the next move of the market.
        """
        if connection.next_s <= now_s:
            self._idle.add(connection)
        self._wheel.put(connection, connection.next_s)

    def forget(self, connection: Connection) -> None:
        """Never look at a reader again."""
        connection.slot = NOWHERE
        self._idle.discard(connection)

    def take(self, now_s: float, *, is_moved: bool) -> list[Connection]:
        """Return the readers that are due now. Those without news are due if the market moved."""
        if not is_moved:
            return self._wheel.take(now_s)
        idle, self._idle = self._idle, set()
        return [*idle, *self._wheel.take(now_s)]

    def put_back(self, connection: Connection, now_s: float) -> None:
        """Leave a reader without news until the market moves, or until its heartbeat is due.

        One that waits for its socket is looked at when the wait has ended.
        """
        if connection.next_s > now_s:
            self.expect(connection, now_s)
        elif not connection.is_waiting:
            self._rest(connection)

    def write(self, due: Iterable[Connection], replica: Replica, now: Moment) -> list[Connection]:
        """Write to each reader the update of its prices, and its heartbeat if that is due.

        Return those for the general way.
        """
        others: list[Connection] = []
        beating: list[Connection] = []
        written: list[tuple[Connection, float]] = []
        now_s, sequence = now.mono_s, replica.sequence
        # Readers who are due together mostly stand at one of two or three positions, in a row.
        stood, news = sequence, replica.news_since(sequence)
        # Summed here first: local variables cost less than attributes, at every frame.
        characters = kept = 0
        for connection in due:
            outbox, pace, beat_s = connection.prices, connection.pace, connection.beat_s
            # Whatever may make more than prices and a heartbeat due is left to the general way.
            if (
                outbox is None
                or outbox.counted_by is not replica
                or (pace.unpainted is not None and pace.is_last_credit)
            ):
                others.append(connection)
                continue
            is_beat = beat_s <= now_s
            if is_beat:
                beating.append(connection)
            if pace.due_s > now_s:
                if not is_beat:
                    others.append(connection)
                continue
            place, count = outbox.place, 0
            looked = place.looked
            # A reader may be ahead: another process sent it events that are on their way here.
            if looked < sequence:
                if looked != stood:
                    stood, news = looked, replica.news_since(looked)
                frame, count, merged = news.update(outbox.view, place.sequence)
                place.looked = sequence
            if not count:
                if not is_beat:
                    self._rest(connection)
                continue
            place.sequence = sequence
            outbox.updates += count
            outbox.merged += merged
            pace.note_sent(sequence, now_s)
            characters += len(frame)
            try:
                write_now = connection.socket.write_now
                if write_now is not None and write_now(frame):
                    due_s = pace.due_s
                    written.append((connection, due_s if due_s < beat_s else beat_s))
                else:
                    connection.keep(frame)
                    kept += 1
            except Exception as error:
                connection.fail(error)
                kept += 1
        self._wheel.put_all(written)
        for connection in beating:
            if connection.prices is None:  # its update waits for the socket, and so must this
                others.append(connection)
            elif connection.beat_s <= now_s:  # a reader may be due twice, without news and by time
                characters += connection.beat(now)
                kept += 1
                self.put_back(connection, now_s)
        self._traffic.frames += len(written) + kept
        self._traffic.characters += characters
        return others

    def _rest(self, connection: Connection) -> None:
        self._idle.add(connection)
        self._wheel.put(connection, connection.beat_s)
