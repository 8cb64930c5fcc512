"""What is wrong with the rows of a table: one line per cause, however many rows have it.

Pure. Must not know what the rows are.
"""

from dataclasses import dataclass, field
from typing import Final

from feeds.exceptions import InvalidImport

MOST_VALUES: Final = 5
"""Different values that are shown of one cause."""


class Fault(ValueError):
    """What is wrong with a row. `cause` is the same for all rows with the same mistake."""

    def __init__(self, cause: str, message: str, value: str = "") -> None:
        super().__init__(message)
        self.cause = cause
        self.value = value[:40]


@dataclass
class _Cause:
    """The rows with one mistake: the first of them is the example."""

    line: int
    message: str
    rows: int = 0
    last_line: int = 0
    values: list[str] = field(default_factory=list)

    def add(self, line: int, value: str) -> None:
        self.rows += 1
        self.last_line = line
        if value and value not in self.values and len(self.values) < MOST_VALUES:
            self.values.append(value)

    def text(self) -> str:
        if self.rows == 1:
            return self.message
        others = ", ".join(map(repr, self.values[1:]))
        also = f", also {others}" if others else ""
        return f"{self.message} ({self.rows:,} rows like this to line {self.last_line:,}{also})"


class Faults:
    """Count the wrong rows by their causes."""

    def __init__(self) -> None:
        self._causes: dict[str, _Cause] = {}

    def __bool__(self) -> bool:
        return bool(self._causes)

    def add(self, line: int, fault: Fault) -> None:
        """Take a row."""
        cause = self._causes.setdefault(fault.cause, _Cause(line, str(fault)))
        cause.add(line, fault.value)

    def error(self) -> InvalidImport:
        """Return all causes as an error."""
        rows = sum(cause.rows for cause in self._causes.values())
        return InvalidImport([(c.line, c.text()) for c in self._causes.values()], rows)
