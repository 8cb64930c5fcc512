"""What a recording says of itself: whose it is, when it was, what is traded, its fingerprint.

Pure. Must not know files. Written by writing, read by reading, shown by the rows.
"""

from enum import StrEnum
from typing import Final, Self

import msgspec

from feeds.exceptions import FeedError, InvalidRecording
from feeds.market.events import Event, Listing, Quote, Trade
from feeds.market.fingerprint import Fingerprint
from feeds.market.instruments import Definition

VERSION: Final = 1
"""Of the columns and of this heading; a reader refuses what it does not know."""


class Origin(StrEnum):
    """How a recording was made."""

    RECORDED = "recorded"
    IMPORTED = "imported"


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a recording; times in UTC ms, `fingerprint` of all its events."""

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
            InvalidRecording: it is no heading, or one of a version that is not known.
        """
        try:
            heading = msgspec.json.decode(content, type=cls)
        except (msgspec.MsgspecError, FeedError, ArithmeticError, ValueError) as error:
            raise InvalidRecording(f"the heading cannot be read: {error}") from None
        if heading.version != VERSION:
            raise InvalidRecording(f"version was {heading.version}, expected {VERSION}")
        return heading

    def encode(self) -> bytes:
        """Return it as bytes."""
        return msgspec.json.encode(self)


class Tally:
    """Count and hash events as they are written."""

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

    def heading(self, *, origin: Origin, feed: str, seed: int | None) -> Heading:
        """Return what is known of the events so far."""
        return Heading(
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
