"""Readers that stay: after every fault they come back by themselves, on the same transport."""

import http.client
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any, Final

from websockets.exceptions import ConnectionClosed, WebSocketException

from dashboard.wire.registry import Transport
from feeds.market.events import Position
from tests.support.nginx import Nginx
from tests.support.readers import Traveller, for_seconds
from tests.support.waiting import wait_until
from tests.support.witness import Witness

BACK_S: Final = 0.25
"""Pause before a reader comes back, and between its polls."""
FAULTS: Final = (OSError, EOFError, ValueError, WebSocketException, http.client.HTTPException)
"""What a line that breaks raises, at any place of a frame."""


class _Collector(Traveller):
    """A reader that keeps each trade with its epoch, and what it has at one position."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lock = Lock()
        self.tape: list[tuple[str, int]] = []
        self.named_gaps: list[str] = []

    def _take(self, frame: dict[str, Any]) -> None:
        if not frame.get("success", True):
            raise ConnectionError(f"refused for now: {frame}")
        with self.lock:
            super()._take(frame)
            if frame.get("channel") == "trades":
                self._collect(frame)

    def _collect(self, frame: dict[str, Any]) -> None:
        epoch = frame.get("epoch") or self.reader.positions["trades"].epoch
        sent = [(epoch, trade["i"]) for trade in frame["data"]]
        if frame.get("type") == "snapshot":
            # The newest trades, for readers that begin here: earlier ones are no news.
            known = set(self.tape)
            sent = [trade for trade in sent if trade not in known]
            if frame.get("gap"):
                self.named_gaps.append(f"{epoch}:{frame['seq']}")
        self.tape += sent


class ReturningReader(Thread):
    """A reader on one transport, behind a proxy with TLS; `codes` are those of closed sockets."""

    def __init__(self, transport: Transport, nginx: Nginx, symbols: list[str], token: str) -> None:
        super().__init__(daemon=True, name=transport)
        self.transport = transport
        self.returns = 0
        self.codes: list[int] = []
        self._host = nginx.url.removeprefix("https://")
        self._end = Flag()
        self._collector = _Collector(symbols, token, tls=nginx.tls, pause_s=BACK_S)

    @property
    def tape(self) -> list[tuple[str, int]]:
        """Return epoch and sequence of each trade that came, in that order."""
        return list(self._collector.tape)

    @property
    def named_gaps(self) -> list[str]:
        """Return the positions at which a frame said that trades are missing."""
        return list(self._collector.named_gaps)

    @property
    def missed(self) -> int:
        """Return the number of frames that did not follow the last one."""
        return self._collector.gaps

    def run(self) -> None:
        """Read until the end is asked for."""
        while not self._end.is_set():
            try:
                self._collector.read(self.transport, self._host, self._end.is_set)
            except FAULTS as error:
                if isinstance(error, ConnectionClosed) and error.rcvd is not None:
                    self.codes.append(error.rcvd.code)
            self.returns += 1
            wait_until(for_seconds(BACK_S))

    def end(self) -> None:
        """Stop reading."""
        self._end.set()
        self.join()

    def state(self) -> tuple[Position | None, dict[str, Any]]:
        """Return the position of the ticker, and the rows as of it."""
        with self._collector.lock:
            reader = self._collector.reader
            return reader.positions.get("ticker"), {s: dict(row) for s, row in reader.rows.items()}


def missing_trades(reader: ReturningReader, witness: Witness) -> list[tuple[str, int]]:
    """Return the trades between the first and the last of a reader that it did not get."""
    tape = reader.tape
    sent = set(tape)
    published = [(epoch, i) for epoch in witness.epochs for i in witness.trades[epoch]]
    first, last = published.index(tape[0]), published.index(tape[-1])
    return [trade for trade in published[first:last] if trade not in sent]
