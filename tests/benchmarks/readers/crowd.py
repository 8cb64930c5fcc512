"""Many readers in one loop that does as little as possible: the servers shall be the limit."""

import select
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from tests.benchmarks.readers.counts import Counts
from tests.benchmarks.readers.websocket import (
    CLOSE,
    PING,
    PONG,
    READ_BYTES,
    TEXT,
    Opening,
    frames_in,
    masked,
)
from tests.benchmarks.readers.wires import Wire

AT_ONCE: Final = 20
"""Handshakes at the same time, as in the load test."""
TRIES: Final = 5
LOOK_S: Final = 0.05
AT_A_LOOK: Final = 512


class Reader:
    """An open connection that never waits."""

    def __init__(self, opening: Opening, wire: Wire, counts: Counts) -> None:
        self.socket, self._rest = opening.socket, opening.buffered
        self.socket.setblocking(False)
        self._wire, self._counts, self._sequence = wire, counts, 0

    def read(self) -> bool:
        """Count what has arrived; return False when the server has closed the connection."""
        try:
            data = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if self._counts.is_counting:
            self._counts.bytes += len(data)
        received_ms = time.time() * 1000
        frames, self._rest = frames_in(self._rest + data if self._rest else data)
        for opcode, content in frames:
            frame = self._wire.frame_in(content) if opcode == TEXT else None
            if frame is not None:
                self._sequence = self._counts.take(frame, received_ms, self._sequence)
            elif opcode == CLOSE:
                return False
            else:
                self._answer(opcode, content)
        return bool(data)

    def _answer(self, opcode: int, content: bytes) -> None:
        if opcode == PING:
            self._send(masked(content, PONG))
        elif opcode == TEXT and (answer := self._wire.answer_to(content)) is not None:
            self._send(masked(answer))

    def _send(self, frame: bytes) -> None:
        try:
            self.socket.send(frame)
        except OSError:
            self._counts.lost += self._counts.is_counting  # full or gone: it is seen while reading


class Drain:
    """A connection that counts bytes and looks at nothing."""

    def __init__(self, opening: Opening, counts: Counts) -> None:
        self.socket, self._counts = opening.socket, counts
        self.socket.setblocking(False)

    def read(self) -> bool:
        """Empty the buffer of the connection."""
        try:
            data = self.socket.recv(READ_BYTES)
        except OSError as error:
            return isinstance(error, BlockingIOError)
        if self._counts.is_counting:
            self._counts.bytes += len(data)
        return bool(data)


class Crowd:
    """All readers of a server; without a wire they only drain."""

    def __init__(self, wire: Wire | None, counts: Counts) -> None:
        self._wire, self._counts = wire, counts
        self._epoll = select.epoll()
        self._readers: dict[int, Reader | Drain] = {}

    def open(self, port: int, choices: Sequence[Sequence[str]]) -> None:
        """Open a reader for each choice of symbols; those that are open read meanwhile.

        Raises:
            OSError: the server refuses, or answers no handshake.
        """
        pool = ThreadPoolExecutor(AT_ONCE)
        waiting = {pool.submit(self._opened, port, symbols) for symbols in choices}
        try:
            while waiting:
                done = {opening for opening in waiting if opening.done()}
                waiting -= done
                for opening in done:
                    self._add(opening)
                self.read(LOOK_S)
        finally:
            pool.shutdown(cancel_futures=True)

    def read(self, seconds: float) -> None:
        """Read for so long."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            for number, _ in self._epoll.poll(left_s, AT_A_LOOK):
                if not self._readers[number].read():
                    self._drop(number)

    def close(self) -> None:
        """End all connections."""
        for number in list(self._readers):
            self._epoll.unregister(number)
            self._readers.pop(number).socket.close()
        self._epoll.close()

    def _opened(self, port: int, symbols: Sequence[str]) -> Opening:
        """Open a connection, and again if a busy server was too late with its answer."""
        for _ in range(TRIES - 1):
            with suppress(OSError):
                return self._opened_once(port, symbols)
        return self._opened_once(port, symbols)

    def _opened_once(self, port: int, symbols: Sequence[str]) -> Opening:
        opening = Opening(port)
        try:
            if self._wire is not None:
                self._wire.subscribe(opening, symbols)
        except OSError:
            opening.socket.close()
            raise
        return opening

    def _add(self, opened: Future[Opening]) -> None:
        opening = opened.result()
        wire, counts = self._wire, self._counts
        reader = Reader(opening, wire, counts) if wire else Drain(opening, counts)
        self._readers[opening.socket.fileno()] = reader
        self._epoll.register(opening.socket.fileno(), select.EPOLLIN)

    def _drop(self, number: int) -> None:
        self._epoll.unregister(number)
        self._readers.pop(number).socket.close()
        self._counts.lost += 1
