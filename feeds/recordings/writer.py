"""A recording while it is written: row groups into a file that gets its name when it is whole.

Must not know where events come from. Parquet can only be read once its end is written, so a crash
leaves a `.part` and no recording.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow.parquet as pq

from feeds.exceptions import InvalidRecording
from feeds.market.events import Event
from feeds.recordings.columns import SCHEMA, batch_of
from feeds.recordings.header import Heading, Origin, Tally

GROUP_EVENTS: Final = 16_384
"""Events of a row group: some 30 ms of work to read, and a replay holds two of them."""
HEADING_KEY: Final = "market.recording"
FIRST_GROUP_EVENTS: Final = 1024
"""The first group is what a replay waits for when it begins."""
PART: Final = ".part"


class RecordingWriter:
    """Write one recording; leaving the `with` block by an exception leaves nothing behind."""

    def __init__(self, path: Path, *, origin: Origin, feed: str, seed: int | None = None) -> None:
        """Begin a file.

        Raises:
            InvalidRecording: there is a recording of this name already, or no place to write.
        """
        if path.exists():
            raise InvalidRecording(f"there is a recording {path.name} already")
        self._path, self._part = path, path.with_suffix(path.suffix + PART)
        self._origin, self._feed, self._seed = origin, feed, seed
        self._tally = Tally()
        self._waiting: list[Event] = []
        self._group_events = FIRST_GROUP_EVENTS
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb")
        except OSError as error:
            raise InvalidRecording(f"{path.name} cannot be written: {error.strerror}") from None
        self._table = pq.ParquetWriter(self._file, SCHEMA, compression="zstd")

    def add(self, events: list[Event]) -> None:
        """Take the next events; a full row group is written at once.

        Raises:
            InvalidRecording: an event cannot stand in a recording, or the disk is full.
        """
        self._tally.add(events)
        self._waiting += events
        while len(self._waiting) >= (size := self._group_events):
            self._write(self._waiting[:size])
            del self._waiting[:size]
            self._group_events = GROUP_EVENTS

    def close(self) -> Heading:
        """End the file and give it its name.

        Raises:
            InvalidRecording: nothing happened, or the disk is full.
        """
        heading = self._tally.heading(origin=self._origin, feed=self._feed, seed=self._seed)
        if not heading.events:
            raise InvalidRecording("nothing happened, so there is nothing to keep")
        if self._waiting:
            self._write(self._waiting)
        self._table.add_key_value_metadata({HEADING_KEY: heading.encode().decode()})
        self._table.close()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._part, self._path)
        return heading

    def abandon(self) -> None:
        """Give up: nothing stays."""
        self._table.is_open = False
        self._file.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._file.closed:
            self.abandon()

    def _write(self, events: list[Event]) -> None:
        try:
            self._table.write_batch(batch_of(events))
        except OSError as error:
            raise InvalidRecording(f"{self._path.name} cannot be written: {error}") from None
