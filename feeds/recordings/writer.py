"""A recording while it is written: row groups in a file that gets its name when it is complete.

Must not know where events come from. A Parquet file cannot be read before its footer is written, so
a crash leaves a `.part` file and never a recording that looks complete.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow.parquet as pq

from feeds.exceptions import InvalidRecording
from feeds.file_modes import FILE_MODE, FOLDER_MODE
from feeds.market.events import Event
from feeds.recordings.columns import SCHEMA, batch_of
from feeds.recordings.header import HeaderBuilder, Origin, RecordingHeader

GROUP_EVENTS: Final = 16_384
"""Events of a row group: reading one takes some 30 ms, and a replay holds two in memory."""
FIRST_GROUP_EVENTS: Final = 1024
"""A replay waits for the first group when it begins, so that one is small."""
HEADER_KEY: Final = "market.recording"
"""Key of the header in the metadata of the file; it stands in every recording, so it stays."""
PART: Final = ".part"


class RecordingWriter:
    """Write one recording; a `with` block that raises leaves no file behind."""

    def __init__(self, path: Path, *, origin: Origin, feed: str, seed: int | None = None) -> None:
        """Create the `.part` file, with the folders above it.

        Raises:
            InvalidRecording: a recording of this name exists, or the folder cannot be written.
        """
        if path.exists():
            raise InvalidRecording(f"there is a recording {path.name} already")
        self._path, self._part = path, path.with_suffix(path.suffix + PART)
        self._origin, self._feed, self._seed = origin, feed, seed
        self._header = HeaderBuilder()
        self._waiting: list[Event] = []
        self._group_events = FIRST_GROUP_EVENTS
        try:
            # Recordings of restricted feeds are among them.
            path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            self._file = os.fdopen(os.open(self._part, flags, FILE_MODE), "wb")
        except OSError as error:
            raise InvalidRecording(f"{path.name} cannot be written: {error.strerror}") from None
        self._table = pq.ParquetWriter(self._file, SCHEMA, compression="zstd")

    def add(self, events: list[Event]) -> None:
        """Take the next events; full row groups are written at once.

        Raises:
            InvalidRecording: a number does not fit into 64 bits, or the disk is full.
        """
        self._header.add(events)
        self._waiting += events
        while len(self._waiting) >= (size := self._group_events):
            self._write(self._waiting[:size])
            del self._waiting[:size]
            self._group_events = GROUP_EVENTS

    def close(self) -> RecordingHeader:
        """Finish the file, give it its name, and return its header.

        Raises:
            InvalidRecording: there was no event, or the disk is full.
        """
        header = self._header.build(origin=self._origin, feed=self._feed, seed=self._seed)
        if not header.events:
            raise InvalidRecording("nothing happened, so there is nothing to keep")
        if self._waiting:
            self._write(self._waiting)
        self._table.add_key_value_metadata({HEADER_KEY: header.encode().decode()})
        self._table.close()
        # The content must be on the disk before the name is: after a power cut a recording is
        # either complete or not there. Renaming within a folder is atomic.
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._part, self._path)
        return header

    def abandon(self) -> None:
        """Remove the unfinished file."""
        self._table.is_open = False  # or Arrow would write a footer when it is collected
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
