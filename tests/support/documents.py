"""The documents of the project, and the tables in them that tests hold equal to the code."""

from tests.support.places import ROOT


def document(name: str) -> str:
    """Return the text of a file of docs/."""
    return (ROOT / "docs" / name).read_text()


def table(text: str, first: str) -> list[list[str]]:
    """Return the body of the table whose first head cell is `first`, without backticks."""
    lines = text.split(f"\n| {first} |", 1)[1].splitlines()[2:]
    ends = (i for i, line in enumerate(lines) if not line.startswith("|"))
    return [cells(line) for line in lines[: next(ends, None)]]


def cells(line: str) -> list[str]:
    """Return the cells of one line of a table."""
    return [cell.replace("`", "").strip() for cell in line.strip("|").split("|")]
