"""Recordings read back: the heading at once, the events group by group, a group ahead.

Must not know rows or feeds.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from feeds.exceptions import InvalidRecording
from feeds.market.events import Event
from feeds.market.fingerprint import Fingerprint
from feeds.recordings.columns import SCHEMA, events_of
from feeds.recordings.header import Heading
from feeds.recordings.writer import HEADING_KEY

BROKEN = (pa.ArrowException, OSError)
"""What a damaged file raises; Arrow's own errors are some of one, some of the other."""


class Recording:
    """A file of events that is whole; `heading` says what is in it."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            InvalidRecording: there is none, or it is not one of ours.
        """
        self._path = path
        try:
            with pq.ParquetFile(path) as table:
                self.heading = _heading_of(table)
                self._groups = table.num_row_groups
        except FileNotFoundError:
            raise InvalidRecording(f"there is no recording {path.name}") from None
        except BROKEN as error:
            raise InvalidRecording(f"{path.name} cannot be read: {error}") from None

    def groups(self) -> Iterator[list[Event]]:
        """Yield the events, row group by row group.

        Raises:
            InvalidRecording: the file is damaged.
        """
        try:
            with pq.ParquetFile(self._path) as table:
                for number in range(self._groups):
                    for batch in table.read_row_group(number).combine_chunks().to_batches():
                        yield events_of(batch)
        except BROKEN as error:
            raise InvalidRecording(f"{self._path.name} is damaged: {error}") from None

    def events(self) -> Iterator[Event]:
        """Yield the events one by one; a thread reads a group ahead, so that who asks never waits
        long for the disk.

        Raises:
            InvalidRecording: the file is damaged.
        """
        return chain.from_iterable(_ahead(self.groups()))

    def verify(self) -> None:
        """Read all of it.

        Raises:
            InvalidRecording: the events are not those of the heading.
        """
        found = Fingerprint()
        for events in self.groups():
            found.add(events)
        if found.hex() != self.heading.fingerprint:
            raise InvalidRecording(f"{self._path.name} is not what its fingerprint says")


def _heading_of(table: pq.ParquetFile) -> Heading:
    content = (table.schema_arrow.metadata or table.metadata.metadata or {}).get(
        HEADING_KEY.encode()
    )
    if content is None:
        raise InvalidRecording("the file is no recording of a feed")
    if not table.schema_arrow.equals(SCHEMA):
        raise InvalidRecording("the file has other columns than a recording")
    return Heading.parse(content)


def _ahead(groups: Iterator[list[Event]]) -> Iterator[list[Event]]:
    """Yield groups, the next of which is read meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="recording") as reader:
        coming = reader.submit(next, groups, None)
        while (group := coming.result()) is not None:
            coming = reader.submit(next, groups, None)
            yield group
