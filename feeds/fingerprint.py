"""A running SHA-256 of a tape: two tapes with one fingerprint are the same to the byte.

Pure. Must not know where the events come from. Called by the command market_tape and by whoever
compares a replay with its recording. How events were cut into batches makes no difference.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from feeds.events import Event

_encoder: Final = msgspec.msgpack.Encoder()


class Fingerprint:
    """Hash events in their order, each as tagged MessagePack; `count` says how many."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events of the tape."""
        parts = list(map(_encoder.encode, events))
        self.count += len(parts)
        self._hash.update(b"".join(parts))

    def hex(self) -> str:
        """Return the fingerprint of everything so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()
