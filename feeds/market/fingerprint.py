"""A running SHA-256 of a tape: two tapes with one fingerprint are the same to the byte.

Pure. Must not know where the events come from. How events were cut into batches makes no
difference.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from feeds.market.events import Event

_encoder: Final = msgspec.msgpack.Encoder()
PART: Final = 10_000
"""Events that are encoded together, as a list is encoded faster than each of its events."""


class Fingerprint:
    """Hash events in their order, each as tagged MessagePack; `count` says how many."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events of the tape."""
        told = list(events)
        self.count += len(told)
        for begin in range(0, len(told), PART):
            part = told[begin : begin + PART]
            self._hash.update(memoryview(_encoder.encode(part))[_head_of(len(part)) :])

    def hex(self) -> str:
        """Return the fingerprint of everything so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()


def _head_of(count: int) -> int:
    """Return the bytes that MessagePack puts before a list of so many, which are no event's."""
    return 1 if count < 16 else 3
