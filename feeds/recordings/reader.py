"""Recordings read from files: the header at once, the events by row groups, a group ahead.

Must not know rows or feeds.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from feeds.exceptions import InvalidRecording
from feeds.market.events import Event
from feeds.market.fingerprint import Fingerprint
from feeds.recordings.columns import SCHEMA, events_of
from feeds.recordings.header import RecordingHeader
from feeds.recordings.writer import HEADER_KEY

BROKEN = (pa.ArrowException, OSError)
"""What a damaged file raises: some of Arrow's errors are an ArrowException, some an OSError."""


def _all_rows(rows: pa.RecordBatch) -> pa.RecordBatch:
    return rows


class RecordingFile:
    """A complete recording; the file is opened anew for every pass over the events."""

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            InvalidRecording: there is no file, or it is no recording.
        """
        self._path = path
        try:
            with pq.ParquetFile(path) as table:
                self.header = _header_of(table)
                self._groups = table.num_row_groups
        except FileNotFoundError:
            raise InvalidRecording(f"there is no recording {path.name}") from None
        except BROKEN as error:
            raise InvalidRecording(f"{path.name} cannot be read: {error}") from None
        self.first_ms = self.header.first_ms
        self.last_ms = self.header.last_ms

    def groups(
        self, choose: Callable[[pa.RecordBatch], pa.RecordBatch] = _all_rows
    ) -> Iterator[list[Event]]:
        """Yield the events, row group by row group; `choose` may leave rows out.

        Raises:
            InvalidRecording: the file is damaged.
        """
        try:
            with pq.ParquetFile(self._path) as table:
                for number in range(self._groups):
                    for batch in table.read_row_group(number).combine_chunks().to_batches():
                        yield events_of(choose(batch))
        except BROKEN as error:
            raise InvalidRecording(f"{self._path.name} is damaged: {error}") from None

    def events(self) -> Iterator[Event]:
        """Yield single events; a thread reads one group ahead, so that the reader rarely waits.

        Raises:
            InvalidRecording: the file is damaged.
        """
        return chain.from_iterable(_ahead(self.groups()))

    def verify(self) -> None:
        """Read the whole file and compare its fingerprint with the header.

        Raises:
            InvalidRecording: the file is damaged, or has other events than the header says.
        """
        found = Fingerprint()
        for events in self.groups():
            found.add(events)
        if found.hex() != self.header.fingerprint:
            raise InvalidRecording(f"{self._path.name} is not what its fingerprint says")


class OneSymbol:
    """The events of one symbol of a recording, and those that are about all of them.

    Without `has_quotes` its quotes are left out as well. The times are those of the whole file.
    """

    def __init__(self, recording: RecordingFile, symbol: str, *, has_quotes: bool) -> None:
        self.first_ms, self.last_ms = recording.first_ms, recording.last_ms
        self._recording = recording
        self._symbol = symbol
        self._has_quotes = has_quotes

    def events(self) -> Iterator[Event]:
        """Yield single events.

        Raises:
            InvalidRecording: the file is damaged.
        """
        for group in self._recording.groups(self._chosen):
            yield from group

    def _chosen(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        symbols = rows.column("symbol")
        ours = pc.or_kleene(pc.is_null(symbols), pc.equal(symbols, self._symbol))
        if not self._has_quotes:
            ours = pc.and_kleene(ours, pc.not_equal(rows.column("kind"), "quote"))
        return rows.filter(ours)


def _header_of(table: pq.ParquetFile) -> RecordingHeader:
    # Our writer puts the header into the metadata of the file. After a tool has read the table and
    # written it again, the header is in the metadata of the schema.
    metadata = table.schema_arrow.metadata or table.metadata.metadata or {}
    content = metadata.get(HEADER_KEY.encode())
    if content is None:
        raise InvalidRecording("the file is no recording of a feed")
    if not table.schema_arrow.equals(SCHEMA):
        raise InvalidRecording("the file has other columns than a recording")
    return RecordingHeader.parse(content)


def _ahead(groups: Iterator[list[Event]]) -> Iterator[list[Event]]:
    """Yield groups while a thread reads the next one."""
    # A group takes some 30 ms. In the loop's thread that would hold up every connection.
    with ThreadPoolExecutor(1, thread_name_prefix="recording") as reader:
        coming = reader.submit(next, groups, None)
        while (group := coming.result()) is not None:
            coming = reader.submit(next, groups, None)
            yield group
