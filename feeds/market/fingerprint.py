"""A running SHA-256 of a tape: two tapes with the same fingerprint are equal to the byte.

Pure. Must not know where the events come from. The fingerprint does not depend on how the events
were cut into batches.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from feeds.market.events import Event

_encoder: Final = msgspec.msgpack.Encoder()
PART: Final = 10_000
"""Events that are encoded together: encoding a list is faster than encoding each event."""


class Fingerprint:
    """Hash events in order, each as tagged MessagePack; `count` is the number of events so far."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, events: Iterable[Event]) -> None:
        """Add the next events of the tape."""
        tape = list(events)
        self.count += len(tape)
        for begin in range(0, len(tape), PART):
            part = tape[begin : begin + PART]
            # Without the header of the list only the events themselves are hashed, so that the
            # size of a part does not matter.
            self._hash.update(memoryview(_encoder.encode(part))[_header_size(len(part)) :])

    def hex(self) -> str:
        """Return the fingerprint of all events so far, as 64 hexadecimal digits."""
        return self._hash.hexdigest()


def _header_size(count: int) -> int:
    """Return how many bytes MessagePack puts before the items of a list (fixarray, array 16)."""
    return 1 if count < 16 else 3
