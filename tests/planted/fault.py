"""A small fault in a source file: where it stands, what it does, and the source that has it."""

from typing import NamedTuple


class Fault(NamedTuple):
    """The characters [start, end) of a file give way to `becomes`; `line` counts from 1."""

    path: str
    line: int
    start: int
    end: int
    kind: str
    was: str
    becomes: str

    def planted_in(self, source: str) -> str:
        """Return the source with this fault.

        Raises:
            ValueError: the source is not the text in which the fault was found.
        """
        if source[self.start : self.end] != self.was:
            raise ValueError(f"{self.path}:{self.line} is not what it was: {self.was!r}")
        return source[: self.start] + self.becomes + source[self.end :]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}: {short(self.was)} -> {short(self.becomes)}"


class Edit(NamedTuple):
    """What a fault does to a text, without the file and the line."""

    start: int
    end: int
    kind: str
    becomes: str


def fault_of(path: str, source: str, edit: Edit) -> Fault:
    """Return the fault that an edit is in the source of a file."""
    line = source.count("\n", 0, edit.start) + 1
    was = source[edit.start : edit.end]
    return Fault(path, line, edit.start, edit.end, edit.kind, was, edit.becomes)


def short(text: str) -> str:
    """Return a text on one line, cut to what a table shows."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else f"{flat[:37]}..."
