"""Files of tables: CSV text, perhaps packed with gzip, or an Excel workbook; all are bounded.

Must not know what the columns mean.
"""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, cast

from feeds.exceptions import InvalidImport
from feeds.recordings.csv_import import CsvRows, Rows, has_values
from feeds.recordings.recognition import SAMPLE_ROWS, Recognised, recognise, separator_of

MOST_UNPACKED: Final = 128 * 1024 * 1024
"""Characters of a table within a request: some 3 million rows, two minutes of work."""
MOST_SHEET_BYTES: Final = 256 * 1024 * 1024
"""Bytes that the parts of a workbook may become together. Excel holds 1,048,576 rows."""
MOST_SHARED_BYTES: Final = 64 * 1024 * 1024
"""Bytes of the texts of a workbook, which are read into memory at once."""
SHEET_ROWS: Final = 50
"""A table begins within this many rows of its sheet."""
MOST_LINE: Final = 64 * 1024
MOST_COLUMNS: Final = 64
_MARKED: Final = 16
"""Bytes at the beginning that tell what a file is."""
GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
_SNIFFED: Final = 64 * 1024
_SMALL: Final = 1e-3
"""Python writes smaller numbers with an exponent."""


class Container(StrEnum):
    """What a file is."""

    TEXT = "text"
    GZIP = "gzip"
    XLSX = "xlsx"


_FOREIGN: Final = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (xls): save it as xlsx or CSV",
    b"PAR1": "a Parquet file: save it as CSV",
    b"%PDF": "a PDF file",
    b"BZh": "a bzip2 file: unpack it first",
    b"\xfd7zXZ": "an xz file: unpack it first",
    b"7z\xbc\xaf": "a 7-Zip file: unpack it first",
    b"{": "JSON: save it as CSV",
    b"[": "JSON: save it as CSV",
    b"<": "a web page or XML: the download may have failed",
}


def container_of(path: Path) -> Container:
    """Return what a file is, by its content.

    Raises:
        InvalidImport: it is a file of another program.
    """
    with path.open("rb") as file:
        head = file.read(_MARKED)
    if head.startswith(GZIP):
        return Container.GZIP
    if head.startswith(ZIP):
        return Container.XLSX
    if what := _foreign(head):
        raise InvalidImport([(1, f"this is {what}")])
    return Container.TEXT


def _foreign(head: bytes) -> str:
    """Return what kind of file begins like this, "" for a text."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    # <TICKER> and <DATE> begin the headers of Stooq and MetaTrader.
    if text.upper().startswith((b"<TICKER>", b"<DATE>")):
        return ""
    return next((what for mark, what in _FOREIGN.items() if text.startswith(mark)), "")


@contextmanager
def rows_of(path: Path, separator: str, *, most: int = MOST_UNPACKED) -> Iterator[Rows]:
    """Open the rows of a table, which has at most `most` characters when it is unpacked.

    Raises:
        InvalidImport: the file is damaged, of another program, or too large when it is unpacked.
    """
    try:
        if container_of(path) is Container.XLSX:
            with _workbook(path) as rows:
                yield rows
        else:
            with _text(path, most) as lines:
                yield CsvRows(lines, separator)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InvalidImport([(1, f"the file is damaged: {error}")]) from None


def recognise_file(path: Path, name: str, *, now_ms: int) -> Recognised:
    """Return how the table of a file seems to be laid out.

    Raises:
        InvalidImport: the file cannot be read as a table.
    """
    separator = ","
    if container_of(path) is not Container.XLSX:
        try:
            with _text(path, MOST_UNPACKED) as lines:
                separator = separator_of(islice(lines, 50))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InvalidImport([(1, f"the file is damaged: {error}")]) from None
    with rows_of(path, separator) as rows:
        sample = sample_of(rows)
        note = rows.note if isinstance(rows, SheetRows) else ""
    found = recognise(sample, separator=separator, file_name=name, now_ms=now_ms)
    return found._replace(notes=(note, *found.notes)) if note else found


def sample_of(rows: Rows) -> list[list[str]]:
    """Return the first rows that can be read, without empty ones."""
    found: list[list[str]] = []
    for _ in range(SAMPLE_ROWS):
        try:
            row = next(rows, None)
        except ValueError:
            continue
        if row is None:
            break
        found += [row] if has_values(row) else []
    return found


@contextmanager
def _text(path: Path, most: int) -> Iterator[Iterator[str]]:
    is_packed = container_of(path) is Container.GZIP
    with gzip.open(path) if is_packed else path.open("rb") as file:
        head = file.read(_SNIFFED)
    if is_packed:
        _refuse_packed_twice(head)
    encoding = _encoding_of(head)
    with gzip.open(path) if is_packed else path.open("rb") as file:
        yield _lines(file, encoding, most)


def _refuse_packed_twice(head: bytes) -> None:
    """Refuse a gzip file that holds no text.

    Raises:
        InvalidImport: it holds a file of another program.
    """
    packed = "another packed file or an Excel workbook: unpack it first"
    what = packed if head.startswith((GZIP, ZIP)) else _foreign(head)
    if what:
        raise InvalidImport([(1, f"the gzip file holds {what}")])


def _encoding_of(head: bytes) -> str:
    """Return the encoding of a text: what its mark says, UTF-8, or that of Western Windows.

    UTF-16 without a mark is known by its zeros: in Latin letters every second byte is 0.
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[:200].count(0) * 3 > len(head[:200]):
        return "utf-16-be" if head.startswith(b"\0") else "utf-16-le"
    try:
        # Incremental, because the sample may end in the middle of a character.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _lines(file: IO[bytes] | gzip.GzipFile, encoding: str, most: int) -> Iterator[str]:
    """Yield the lines of a file.

    Raises:
        InvalidImport: a line or the text is too long.
    """
    text = io.TextIOWrapper(cast(IO[bytes], file), encoding=encoding, errors="replace", newline="")
    length = 0
    while line := text.readline(MOST_LINE):
        length += len(line)
        if len(line) == MOST_LINE:
            raise InvalidImport([(1, f"a line is longer than {MOST_LINE:,} characters")])
        if length > most:
            raise InvalidImport([(1, f"unpacked, the file has more than {most:,} characters")])
        yield line


class SheetRows:
    """The rows of a sheet of a workbook, as text; `note` says which sheets are not read."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], note: str = "") -> None:
        self.note = note
        self._rows = rows
        self._width = 0
        self.line = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        """Return the next row, as wide as the widest so far; [] for an empty one."""
        cells = [_cell_text(value) for value in next(self._rows)]
        self.line += 1
        while cells and not cells[-1]:
            cells.pop()
        self._width = max(self._width, len(cells))
        return cells + [""] * (self._width - len(cells)) if cells else []


@contextmanager
def _workbook(path: Path) -> Iterator[SheetRows]:
    _refuse_bomb(path)
    from openpyxl import load_workbook

    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True)
            sheet, note = _sheet_of(book)
        except (KeyError, IndexError, ValueError, OSError, SyntaxError) as error:
            raise InvalidImport([(1, f"the workbook cannot be read: {error}")]) from None
        yield SheetRows(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), note)


def _sheet_of(book: Any) -> tuple[Any, str]:
    """Return the first sheet that people see with a table in it, and a note about the others."""
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    sheets = seen or book.worksheets
    for sheet in sheets:
        # The size that a file states may be that of an endless sheet; rows are read as they come.
        sheet.reset_dimensions()
    chosen = next(filter(_has_table, sheets), sheets[0])
    others = ", ".join(repr(sheet.title) for sheet in sheets if sheet is not chosen)
    return chosen, f"the sheet {chosen.title!r} is read, these are not: {others}" if others else ""


def _has_table(sheet: Any) -> bool:
    rows = sheet.iter_rows(max_row=SHEET_ROWS, max_col=MOST_COLUMNS, values_only=True)
    return any(sum(value is not None for value in row) > 1 for row in rows)


def _refuse_bomb(path: Path) -> None:
    """Refuse a workbook that unpacks to too much. zipfile never unpacks more than is stated."""
    with zipfile.ZipFile(path) as parts:
        infos = parts.infolist()
    if "[Content_Types].xml" not in {info.filename for info in infos}:
        raise InvalidImport([(1, "this is a zip file, not a workbook: unpack it first")])
    total = sum(info.file_size for info in infos)
    in_memory = [i for i in infos if not i.filename.startswith("xl/worksheets/")]
    shared = sum(info.file_size for info in in_memory)
    if total > MOST_SHEET_BYTES or shared > MOST_SHARED_BYTES:
        raise InvalidImport([(1, f"unpacked, the workbook has {total:,} bytes, which is too much")])


def _cell_text(value: Any) -> str:
    """Return a cell as CSV would have it."""
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(sep=" ")
        case float() if value.is_integer():
            return f"{value:.0f}"
        case float():
            return f"{value:.15f}".rstrip("0") if abs(value) < _SMALL else repr(value)
    return str(value)
