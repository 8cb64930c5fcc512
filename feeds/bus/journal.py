"""What was published since the newest checkpoint, in files: kill -9 loses nothing of it.

Must not know events. A batch is written by one write before any reader sees it, and not synced: the
pages of a file outlive its process, and only a crash of the machine loses them. A part of the
journal ends where the state of a checkpoint was taken. When that checkpoint is stored, the parts up
to there may go. A journal that cannot be written costs a line in the log, and never a tick.
Records are written where batches are published, in the loop. Files are opened and deleted by a
thread, as a disk may take its time for that.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

from feeds.file_modes import FILE_MODE, FOLDER_MODE

HEADER: Final = b"market journal 1\n"
"""How every part begins. Records of another form get another number."""
LIMIT_BYTES: Final = 256 * 1024 * 1024
"""Most bytes that are kept, some 20 minutes of 2,000 ticks/s: the database may be away that long
before a crash takes something back."""
_PREFIX: Final = Struct(">II")
"""Stands before each record: its length and checksum. The last record may be torn."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
log = logging.getLogger(__name__)


class Journal:
    """Records in the files of a folder, in order; nothing is opened before the first record."""

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._number = 0
        self._sizes: dict[int, int] = {}
        self._file: int | None = None
        self._next: tuple[int, int] | None = None
        """Number and file of the next part, opened in advance."""
        self._is_broken = False
        self._trouble = ""

    def append(self, content: bytes) -> None:
        """Write a record; after a failure nothing is written until the next part."""
        # What follows a missing record is of no use: a market goes on only up to the first hole.
        if self._is_broken:
            return
        record = _PREFIX.pack(len(content), crc32(content)) + content
        try:
            self._write(record)
        except OSError as error:
            self._give_up(str(error))

    def prepare_part(self) -> None:
        """Open the file of the next part. A thread may call it between two parts."""
        if self._next is None:
            number = self._following()
            # What is wrong is said when a record cannot be written.
            with suppress(OSError):
                self._next = number, self._open(number)

    def begin_part(self) -> int:
        """Begin a new part with the next record; return its number, above all former ones."""
        self._close()
        self._is_broken = False
        self._number, self._file = self._next or (self._following(), None)
        self._next = None
        return self._number

    def forget_before(self, number: int) -> None:
        """Delete the parts with lower numbers, also those of an earlier process."""
        for part, path in self._parts():
            if part < number:
                with suppress(OSError):
                    path.unlink()
        for part in [known for known in self._sizes if known < number]:
            self._sizes.pop(part, None)

    def records(self) -> Iterator[bytes]:
        """Yield every record that can be read, oldest first; a part ends where it is damaged."""
        for _, path in self._parts():
            try:
                content = path.read_bytes()
            except OSError as error:
                log.warning("journal cannot be read file=%s error=%s", path.name, error)
                continue
            yield from _records_of(path.name, content)

    def _write(self, record: bytes) -> None:
        if not self._number:
            self.begin_part()
        if self._file is None:
            self._file = self._open(self._number)
        self._check_room(len(record))
        written = os.write(self._file, record)
        self._sizes[self._number] += written
        # A full disk may take a part of a record.
        if written < len(record):
            raise OSError("no space left")
        if self._trouble:
            log.info("journal is written again")
            self._trouble = ""

    def _open(self, number: int) -> int:
        """Return a new file with the header in it."""
        self._check_room(len(HEADER))
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        # With the process: two processes that overlap must not write into one file.
        path = self._folder / f"{number:010d}-{os.getpid()}.part"
        file = os.open(path, _FLAGS, FILE_MODE)
        try:
            if os.write(file, HEADER) < len(HEADER):
                raise OSError("no space left")
        except OSError:
            os.close(file)
            path.unlink()  # another try opens a file of this name
            raise
        self._sizes[number] = len(HEADER)
        return file

    def _check_room(self, more_bytes: int) -> None:
        if sum(self._sizes.values()) + more_bytes > self._limit_bytes:
            raise OSError("no checkpoint was stored for too long, so it is full")

    def _following(self) -> int:
        """Return the number of the part after the present one."""
        return (self._number or self._highest()) + 1

    def _parts(self) -> list[tuple[int, Path]]:
        """Return the number and the file of each part, in order."""
        found: list[tuple[int, Path]] = []
        with suppress(OSError):
            for path in self._folder.glob("*.part"):
                number = path.name.partition("-")[0]
                if number.isdecimal():
                    found.append((int(number), path))
        return sorted(found)

    def _highest(self) -> int:
        return max((number for number, _ in self._parts()), default=0)

    def _give_up(self, trouble: str) -> None:
        self._close()
        self._is_broken = True
        if trouble != self._trouble:
            log.error("journal cannot be written, a crash may take ticks back error=%s", trouble)
        self._trouble = trouble

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _records_of(name: str, content: bytes) -> Iterator[bytes]:
    if not content.startswith(HEADER):
        log.warning("journal is of another version, or damaged file=%s", name)
        return
    at = len(HEADER)
    while at < len(content):
        begin = at + _PREFIX.size
        prefix = content[at:begin]
        length, checksum = _PREFIX.unpack(prefix) if len(prefix) == _PREFIX.size else (0, -1)
        record = content[begin : begin + length]
        if len(record) < length or crc32(record) != checksum:
            log.warning("journal ends within a record file=%s byte=%d", name, at)
            return
        yield record
        at = begin + length
