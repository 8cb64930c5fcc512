"""Instruments as CSV (RFC 4180): a line each, its columns named like the fields of an instrument.

Must not know rows. A text that a spreadsheet would take for a formula gets an apostrophe in front
(OWASP, CSV injection), which is taken off again.
"""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Final, NamedTuple

from feeds.exceptions import InvalidImport

NEEDED: Final = ("symbol",)
COLUMNS: Final = (
    *NEEDED, "name", "sector", "tick_size", "reference_price", "volatility", "activity",
)  # fmt: skip
"""All but the first may be missing: then the instruments keep what they have."""
MOST_ROWS: Final = 5_000
MOST_CHARACTERS: Final = 1024 * 1024
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "'")


class TableRow(NamedTuple):
    """A line of the table, by its number, and the texts of its columns."""

    line: int
    texts: dict[str, str]


def write_table(rows: Iterable[Mapping[str, object]]) -> str:
    """Return a table of rows, each with every column."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _guarded(str(row[name])) for name in COLUMNS})
    return out.getvalue()


def read_table(text: str) -> list[TableRow]:
    """Return the rows of a table, in their order.

    Raises:
        InvalidImport: there are lines that cannot be taken; all of them are listed.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidImport([(1, f"longer than {MOST_CHARACTERS:,} characters")])
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    faults: list[tuple[int, str]] = []
    rows: list[TableRow] = []
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        faults += [(1, fault) for fault in _faults_of_head(names)]
        if not faults:
            rows = _rows(reader, names, faults)
    except csv.Error as error:
        faults.append((reader.line_num, f"no CSV: {error}"))
    if faults:
        raise InvalidImport(faults)
    return rows


def _faults_of_head(names: list[str]) -> list[str]:
    unknown = [f"unknown column {name[:40]!r}" for name in names if name not in COLUMNS]
    missing = [f"no column {name!r}" for name in NEEDED if name not in names]
    doubled = [f"column {name!r} stands twice" for name in COLUMNS if names.count(name) > 1]
    return unknown + missing + doubled


def _rows(
    reader: Iterable[list[str]], names: list[str], faults: list[tuple[int, str]]
) -> list[TableRow]:
    """Return the rows of which nothing is wrong by itself; note what is of the others."""
    rows: list[TableRow] = []
    lines: dict[str, int] = {}
    for cells in reader:
        line = reader.line_num  # type: ignore[attr-defined]
        if not any(cells):
            continue
        if len(rows) == MOST_ROWS:
            faults.append((line, f"more than {MOST_ROWS:,} rows"))
            break
        if len(cells) != len(names):
            faults.append((line, f"{len(cells)} cells, expected {len(names)}"))
            continue
        if any("\0" in cell for cell in cells):
            faults.append((line, "a character that is none (NUL)"))
            continue
        texts = {name: _plain(cell.strip()) for name, cell in zip(names, cells, strict=True)}
        first = lines.setdefault(texts["symbol"], line)
        if first != line:
            faults.append((line, f"{texts['symbol'][:40]} stands in line {first} already"))
            continue
        rows.append(TableRow(line, texts))
    return rows


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULAS) else cell
