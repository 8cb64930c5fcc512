"""A watchlist as text, for files and the clipboard: symbols, and titles of sections behind `###`.

Between them stand commas, semicolons or line ends, as in the lists that other programs export.
Pure. Must not know rows.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dashboard.wire.personal import NamedList
from feeds.market.symbols import symbols_in

SECTION_MARK: Final = "###"
SEPARATORS: Final = frozenset(",;\r\n")
_BETWEEN: Final = re.compile(f"[{''.join(sorted(SEPARATORS))}]+")


@dataclass(frozen=True)
class ListLine:
    """A symbol, or the title of a section; the other one is empty."""

    symbol: str = ""
    section: str = ""


@dataclass(frozen=True)
class ListText:
    """The lines of a list, in order."""

    lines: tuple[ListLine, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, each once."""
        return tuple(dict.fromkeys(line.symbol for line in self.lines if line.symbol))


def read_list(text: str) -> ListText:
    """Read a list; symbols become upper case, and lose the exchange before them."""
    parts = (part.strip() for part in _BETWEEN.split(text))
    return ListText(tuple(line for part in parts if part for line in _lines_of(part)))


def _lines_of(part: str) -> Iterator[ListLine]:
    if part.startswith(SECTION_MARK):
        if name := part.removeprefix(SECTION_MARK).strip():
            yield ListLine(section=name)
        return
    for symbol in symbols_in(part):
        yield ListLine(symbol=symbol)


def write_list(named: NamedList) -> str:
    """Return a list as text that `read_list` reads: one symbol or title a line."""
    return "".join(f"{line}\n" for line in _written(named))


def _written(named: NamedList) -> Iterable[str]:
    titles = list(named.sections)
    for index, symbol in enumerate(named.symbols):
        while titles and titles[0].at <= index:
            yield SECTION_MARK + titles.pop(0).name
        yield symbol
    for title in titles:
        yield SECTION_MARK + title.name
