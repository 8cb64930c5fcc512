"""The header of a recording: feed, times, instruments and the fingerprint of the events.

Pure. Must not know files.
"""

from enum import StrEnum
from typing import Final, Self

import msgspec

from feeds.exceptions import FeedError, InvalidRecording
from feeds.market.events import Event, Listing, Quote, Trade
from feeds.market.fingerprint import Fingerprint
from feeds.market.instruments import Definition

VERSION: Final = 1
"""Version of the columns and of this header; readers refuse any other."""


class Origin(StrEnum):
    """How a recording was made."""

    RECORDED = "recorded"
    IMPORTED = "imported"


class RecordingHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a recording: times in UTC ms, `fingerprint` (hex) of all events in their order."""

    version: int
    origin: Origin
    feed: str
    seed: int | None
    first_ms: int
    last_ms: int
    events: int
    ticks: int
    fingerprint: str
    definitions: tuple[Definition, ...]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read what `encode` wrote.

        Raises:
            InvalidRecording: the content is no header, or has an unknown version.
        """
        try:
            header = msgspec.json.decode(content, type=cls)
        except (msgspec.MsgspecError, FeedError, ArithmeticError, ValueError) as error:
            raise InvalidRecording(f"the header cannot be read: {error}") from None
        if header.version != VERSION:
            raise InvalidRecording(f"version was {header.version}, expected {VERSION}")
        return header

    def encode(self) -> bytes:
        """Return the header as JSON."""
        return msgspec.json.encode(self)


class HeaderBuilder:
    """Count and hash events while they are written."""

    def __init__(self) -> None:
        self.ticks = 0
        self._fingerprint = Fingerprint()
        self._definitions: dict[str, Definition] = {}
        self._first_ms = self._last_ms = 0

    def add(self, events: list[Event]) -> None:
        """Take the next events.

        Raises:
            InvalidRecording: a number does not fit into 64 bits.
        """
        if not events:
            return
        times = [event.ts_event for event in events]
        if not self._fingerprint.count:
            self._first_ms = self._last_ms = times[0]
        self._first_ms = min(self._first_ms, *times)
        self._last_ms = max(self._last_ms, *times)
        try:
            self._fingerprint.add(events)
        except OverflowError as error:
            raise InvalidRecording(f"events cannot be written: {error}") from None
        for event in events:
            if isinstance(event, Quote | Trade):
                self.ticks += 1
            elif isinstance(event, Listing):
                self._definitions[event.definition.symbol] = event.definition

    def build(self, *, origin: Origin, feed: str, seed: int | None) -> RecordingHeader:
        """Return the header of the events that were added so far."""
        return RecordingHeader(
            version=VERSION,
            origin=origin,
            feed=feed,
            seed=seed,
            first_ms=self._first_ms,
            last_ms=self._last_ms,
            events=self._fingerprint.count,
            ticks=self.ticks,
            fingerprint=self._fingerprint.hex(),
            definitions=tuple(self._definitions.values()),
        )
