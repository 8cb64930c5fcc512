"""The text of an instrument list as rows: pasted from a spreadsheet, or a file of one.

The first line names the columns. Tabs, semicolons or commas separate the cells, and numbers may
have decimal commas. Pure. Must not know what a column means.
"""

import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from feeds.exceptions import InvalidImport

MOST_ROWS: Final = 5_000
MOST_CHARACTERS: Final = 1024 * 1024
_SEPARATORS: Final = "\t;,"
_WITH_COMMA: Final = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(0*|\d{4,}|\d+(?=,(\d{1,2}$|\d{4,}))),\d+", re.ASCII)
"""A comma that separates no thousands: those are groups of three digits, and no number begins
with a zero."""


@dataclass(frozen=True)
class InstrumentText:
    """The columns of a list, its rows that are not blank, and the line on which each ends."""

    names: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_text(text: str, columns: Sequence[str], numbers: Collection[str]) -> InstrumentText:
    """Read a list with some of these columns, the first of which it must have.

    Those in `numbers` hold numbers: a decimal comma in them becomes a point.

    Raises:
        InvalidImport: the columns are wrong, a row has not as many cells as there are columns, or a
            comma in a number may mean two things. All such lines are named.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidImport([(1, f"longer than {MOST_CHARACTERS:,} characters")])
    found = _rows_of(text.removeprefix("\ufeff"), columns)
    _put_points(found, [index for index, name in enumerate(found.names) if name in numbers])
    return found


def _rows_of(text: str, columns: Sequence[str]) -> InstrumentText:
    delimiter = _separator_of(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[tuple[int, str]] = []
    try:
        names = [_column(name) for name in next(filter(_has_text, reader), [])]
        at = max(1, reader.line_num)
        faults += [(at, fault) for fault in _faults_of_columns(names, columns)]
        for cells in () if faults else filter(None, reader):
            rows.append(cells)
            lines.append(reader.line_num)
            if len(cells) != len(names):
                faults.append((reader.line_num, f"{len(cells):,} cells, expected {len(names)}"))
            if len(rows) > MOST_ROWS:
                faults.append((reader.line_num, f"more than {MOST_ROWS:,} rows"))
                break
    except csv.Error as error:
        faults.append((reader.line_num, f"not a valid list: {error}"))
    if faults:
        raise InvalidImport(faults)
    kept = [index for index, cells in enumerate(rows) if any(cells)]
    return InstrumentText(names, [rows[index] for index in kept], [lines[index] for index in kept])


def _separator_of(text: str) -> str:
    """Return what separates the cells of the first line: a tab if there is one, else the mark that
    it has more of."""
    first = next((line for line in text.splitlines() if line.strip().strip(_SEPARATORS)), "")
    if "\t" in first:
        return "\t"
    return ";" if first.count(";") > first.count(",") else ","


def _has_text(cells: list[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _column(name: str) -> str:
    """Return a column as the fields are named: `Tick size` is `tick_size`."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _faults_of_columns(names: list[str], columns: Sequence[str]) -> list[str]:
    counts, key = Counter(names), columns[0]
    if names and not counts.keys() & set(columns):
        return [f"no column is known; the first line must name them: {', '.join(columns)}"]
    unknown = [name for name in counts if name not in columns][: len(columns)]
    return [
        *(f"unknown column {name[:40]!r}" for name in unknown),
        *(f"no column {key!r}" for _ in range(key not in counts)),
        *(f"column {name!r} is there twice" for name in columns if counts[name] > 1),
    ]


def _put_points(found: InstrumentText, numbers: list[int]) -> None:
    """Put points in the place of decimal commas.

    Raises:
        InvalidImport: commas may separate thousands, or other numbers have points.
    """
    cells = [(place, index) for place in range(len(found.rows)) for index in numbers]
    texts = [found.rows[place][index].strip() for place, index in cells]
    commas = [
        (place, index, text)
        for (place, index), text in zip(cells, texts, strict=True)
        if _WITH_COMMA.fullmatch(text)
    ]
    has_points = any("." in text for text in texts)
    is_decimal = any(_DECIMAL.fullmatch(text) for *_, text in commas) and not has_points
    if commas and not is_decimal:
        raise InvalidImport(
            [
                (found.lines[place], f"{found.names[index]}: {_doubt(text, has_points=has_points)}")
                for place, index, text in commas
            ]
        )
    for place, index, text in commas:
        found.rows[place][index] = text.replace(",", ".")


def _doubt(text: str, *, has_points: bool) -> str:
    if has_points:
        return f"{text[:40]} has a comma, and other numbers of this list have a point."
    return f"the comma in {text[:40]} may be a decimal comma or separate thousands."
