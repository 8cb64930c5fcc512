"""What one reader asked, and which frames it applied, noted for its audit in that order."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from dashboard.loadtest.reader import Gap, Reader
from tests.oracle.audit import ReaderAudit
from tests.oracle.check import Kind
from tests.support.readers import MARKET

Note = Callable[[ReaderAudit], None]


class Notebook:
    """The notes of one reader of ticker, trades and status; `note` gets each of them.

    `counts` has the frames that did not follow the last one, `missing` the first of them in words.
    `refused` answers to a position said that the tape no longer reaches back to it.
    """

    def __init__(self, name: str, note: Callable[[Note], object]) -> None:
        self.name = name
        self.reader = Reader()
        self.lines = self.requests = self.refused = 0
        self.counts: Counter[Kind] = Counter()
        self.missing: list[str] = []
        self._note = note
        self._symbols: Collection[str] = ()
        self._since: dict[str, str | None] = {}
        self._unanswered: set[str] = set()

    def begin_line(self, symbols: Collection[str], *, is_socket: bool) -> None:
        """Begin a connection; over a socket each channel is confirmed by an answer."""
        self.lines += 1
        self._symbols = symbols
        self._unanswered = set(MARKET) if is_socket else set()
        self._look_where_it_stands()
        self._note(ReaderAudit.begin_line)

    def begin_request(self) -> None:
        """Begin a request: it subscribes anew, from where the reader stands."""
        self.requests += 1
        self._look_where_it_stands()
        for channel in MARKET:
            self._subscribe(channel)

    def take(self, frame: dict[str, Any]) -> None:
        """Apply a frame.

        Raises:
            ConnectionError: the frame does not follow, or the server refused something.
        """
        if "success" in frame:
            self._take_answer(frame)
            return
        # A heartbeat speaks of what is subscribed. Between two answers it says nothing of the rest,
        # whose positions are those of an earlier line.
        if frame.get("channel") == "heartbeat" and self._unanswered:
            return
        try:
            self.reader.apply(frame)
        except Gap as gap:
            self._miss(frame, gap)
            raise ConnectionError("a frame is missing") from None
        self._note(lambda audit: audit.take(frame))

    def _take_answer(self, frame: dict[str, Any]) -> None:
        if not frame["success"]:
            raise ConnectionError(f"refused: {frame}")
        channel = frame["result"]["channel"]
        is_back = frame["result"].get("resumed", True)
        self.refused += self._since[channel] is not None and not is_back
        self._subscribe(channel)
        self._unanswered.discard(channel)

    def _subscribe(self, channel: str) -> None:
        names = () if channel == "status" else tuple(self._symbols)
        is_known = self._since[channel] is not None
        self._note(lambda audit: audit.subscribe(channel, names, has_position=is_known))

    def _look_where_it_stands(self) -> None:
        self._since = {channel: self.reader.since(channel) for channel in MARKET}

    def _miss(self, frame: dict[str, Any], gap: Gap) -> None:
        mine = self.reader.positions.get(frame["channel"])
        is_again = mine is not None and frame["seq"] <= mine.sequence
        self.counts[Kind.DOUBLED if is_again else Kind.SKIPPED] += 1
        self.missing.append(f"{self.name} line {self.lines}: {gap}")
