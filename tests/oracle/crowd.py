"""Many lean readers of real servers over bad lines, each compared with the tape at once.

They are the readers of the load test. Nothing is kept of a frame that agrees with the tape.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from dashboard.loadtest.clients import WAIT_S
from dashboard.loadtest.plan import Tally
from dashboard.wire.registry import Transport
from feeds.market.events import Batch
from tests.oracle.audit import ReaderAudit
from tests.oracle.notebook import Notebook
from tests.oracle.tape import Account, EngineTape
from tests.support.mixed_readers import Habits, MixedReaders
from tests.support.readers import MARKET, stands_at
from tests.support.served import Served

LOOK_S: Final = 1.0
SILENCE_S: Final = {
    Transport.WEBSOCKET: 6.0, Transport.SSE: 6.0, Transport.LONGPOLL: WAIT_S + 6.0,
    Transport.POLL: 10.0,
}  # fmt: skip
"""A reader takes its line for dead after so long without a byte; a heartbeat comes every 2 s."""
OPEN_S: Final = 15.0
"""The time that a reader has to connect, more than its silence: others may come before it."""
AT_ONCE: Final = 50
ANSWERS: Final = 3
"""Requests that were begun since: so two were answered, and the reader knows everything."""


class LeanReader(Tally):
    """What a client of the load test fills: one reader with its notes and its audit."""

    def __init__(self, name: str, tape: EngineTape, account: Account) -> None:
        super().__init__()
        self.audit = ReaderAudit(tape, account, name)
        self.notebook = Notebook(name, lambda note: note(self.audit))
        self.reader = self.notebook.reader
        # Trades are compared when they come; a thousand of each reader would be most of the memory.
        for reader in (self.reader, self.audit.reader):
            reader.trades = deque(maxlen=1)
        self.heard_s = 0.0

    def subscriptions(self, symbols: Sequence[str], max_rate: float) -> list[dict[str, object]]:
        """Begin a socket: return what it subscribes to."""
        self.notebook.begin_line(symbols, is_socket=True)
        since: dict[str, Any] = {name: self.reader.since(name) for name in MARKET}
        status: dict[str, Any] = {"channel": "status", "since": since["status"]}
        ticker = {"channel": "ticker", "symbols": symbols, "since": since["ticker"]}
        trades = {"channel": "trades", "symbols": symbols, "since": since["trades"]}
        return [status, ticker | {"max_rate": max_rate}, trades]

    def question(self, symbols: Sequence[str]) -> dict[str, object]:
        """Begin a request: return its parameters."""
        self.notebook.begin_line(symbols, is_socket=False)
        self.notebook.begin_request()
        since = {f"{name}_since": self.reader.since(name) for name in MARKET}
        wanted = {"channels": ",".join(MARKET), "symbols": ",".join(symbols)}
        return {**wanted, **{name: at for name, at in since.items() if at}}

    def take(self, text: bytes, received_ms: float) -> None:
        """Apply a frame, and compare it."""
        frame = msgspec.json.decode(text)
        self.notebook.take(frame)
        if frame.get("channel") == "ticker" and "seq" in frame:
            self.sequence = frame["seq"]

    def stand_at(self, sequence: int) -> None:
        """Take the id of an event like a heartbeat."""
        self.notebook.take({"channel": "heartbeat", "seq": sequence})

    def count(self, *, bytes_in: int = 0, **_: int) -> None:
        """Note that the line lives."""
        if bytes_in:
            self.heard_s = time.monotonic()


class Crowd(MixedReaders):
    """So many lean readers over these lines; feed it the tape with `take`."""

    def __init__(
        self, served: Served, readers: Sequence[LeanReader], habits: Habits, seed: int,
        urls: Sequence[str],
    ) -> None:  # fmt: skip
        super().__init__(
            served, len(readers), habits, seed, urls=urls, tallies=readers, at_once=AT_ONCE
        )
        self.lean = readers
        self.open = 0
        self._asked: Mapping[LeanReader, int] = {}
        self._target = ""

    def take(self, tape: EngineTape, batches: Sequence[Batch]) -> None:
        """Add to the tape, and compare what waited for it."""
        for batch in batches:
            tape.take(batch, 0)
        for reader in self.lean:
            reader.audit.check()

    def aim(self, target: str) -> None:
        """Set the position that everybody must reach."""
        self._target = target
        self._asked = {reader: reader.notebook.requests for reader in self.lean}

    def who_is_away(self) -> list[str]:
        """Return who neither stands at the target nor was answered twice since there is one."""
        return [
            reader.notebook.name
            for reader in self.lean
            if not stands_at(reader.reader, self._target)
            and reader.notebook.requests < self._asked[reader] + ANSWERS
        ]

    async def _wait(
        self, reading: asyncio.Task[None], tally: Tally, transport: Transport, stay_s: float | None
    ) -> None:
        """Wait until a line ends or is silent for too long, or until the reader leaves."""
        assert isinstance(tally, LeanReader)
        begun_s = time.monotonic()
        tally.heard_s = begun_s + OPEN_S
        self.open += 1
        try:
            while not reading.done() and time.monotonic() - tally.heard_s < SILENCE_S[transport]:
                await asyncio.wait({reading}, timeout=LOOK_S)
                if stay_s is not None and time.monotonic() - begun_s >= stay_s:
                    return
        finally:
            self.open -= 1
