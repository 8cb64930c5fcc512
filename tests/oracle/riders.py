"""Readers of real servers over bad lines: they come back by themselves and take notes."""

import http.client
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import WebSocketException

from dashboard.loadtest.reader import Gap
from dashboard.wire.registry import Transport
from feeds.bus.redis_link import STREAM
from feeds.market.events import Batch
from feeds.market.packing import unpack_batch
from tests.oracle.audit import ReaderAudit
from tests.support.fault_proxy import FaultProxy
from tests.support.readers import MARKET, Traveller
from tests.support.redis_server import RedisServer

SILENCE_S = 3.0
"""Without a sign of life for this long a reader takes its line for dead."""
POLL_S, RETRY_S = 0.2, 0.1
LOST = (OSError, http.client.HTTPException, WebSocketException, ValueError)
"""How a bad line shows; a piece of an answer is no JSON."""
Note = Callable[[ReaderAudit], None]


class Rider(Traveller):
    """One reader on one transport behind one proxy; `audit` compares its notes with a tape."""

    def __init__(
        self, symbols: list[str], token: str, transport: Transport, proxy: FaultProxy
    ) -> None:
        super().__init__(symbols, token)
        self.patience_s = SILENCE_S
        self.transport = transport
        self.proxy = proxy
        self.lines = self.answers = 0
        self.missing: list[str] = []
        self.failure: BaseException | None = None
        self._notes: list[Note] = []
        self._since: dict[str, str | None] = {}
        self._unanswered: set[str] = set()
        self._goes_on = threading.Event()

    def ride(self, until: Callable[["Rider"], bool]) -> None:
        """Read, and come back after every end of a line, until something is so."""
        try:
            while not until(self):
                self._begin_line()
                try:
                    self.read(self.transport, self.proxy.host, lambda: until(self))
                except LOST:
                    self._goes_on.wait(RETRY_S)
        except BaseException as error:
            self.failure = error
            raise

    def audit(self, audit: ReaderAudit) -> ReaderAudit:
        """Tell an audit everything, in order."""
        for note in self._notes:
            note(audit)
        return audit

    def _begin_line(self) -> None:
        self.lines += 1
        self._since = {channel: self.reader.since(channel) for channel in MARKET}
        self._unanswered = set(MARKET) if self.transport is Transport.WEBSOCKET else set()
        self._notes.append(ReaderAudit.begin_line)

    def _subscribe(self, channel: str) -> None:
        names = () if channel == "status" else tuple(self.symbols)
        is_known = self._since[channel] is not None
        self._notes.append(lambda audit: audit.subscribe(channel, names, has_position=is_known))

    def _query(self, **more: int) -> str:
        self._begin_request()
        return super()._query(**more)

    def _begin_request(self) -> None:
        """A request subscribes anew, from where the reader stands."""
        self._since = {channel: self.reader.since(channel) for channel in MARKET}
        for channel in MARKET:
            self._subscribe(channel)

    def _take(self, frame: dict[str, Any]) -> None:
        if not frame:
            self.answers += 1
            if self.transport is Transport.POLL:
                self._goes_on.wait(POLL_S)
            return
        if "success" in frame:
            assert frame["success"], frame
            self._subscribe(frame["result"]["channel"])
            self._unanswered.discard(frame["result"]["channel"])
            return
        # A heartbeat speaks of what is subscribed. Between two answers it says nothing of the rest,
        # whose positions are those of an earlier line.
        if frame.get("channel") == "heartbeat" and self._unanswered:
            return
        try:
            self.reader.apply(frame)
        except Gap as gap:
            self.missing.append(f"{self.transport} {self.symbols} line {self.lines}: {gap}")
            raise ConnectionError("a frame is missing") from None
        self._notes.append(lambda audit: audit.take(frame))


class Recorder:
    """Writes down everything that the feed says on the bus, from its first word on."""

    def __init__(self, redis: RedisServer) -> None:
        self.batches: list[Batch] = []
        self._client = redis.client()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def reaches(self, position: str) -> bool:
        """Say whether a position is written down."""
        return any(f"{batch.epoch}:{batch.last}" == position for batch in self.batches[-50:])

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _record(self) -> None:
        last: bytes | str = "0-0"
        while not self._ended.is_set():
            for _, entries in self._client.xread({STREAM: last}, count=1000, block=200):
                written = [fields[b"b"] for _, fields in entries if b"b" in fields]
                self.batches += map(unpack_batch, written)
                last = entries[-1][0]
