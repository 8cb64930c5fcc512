"""Which list a page shows: one of the person's own, one that was shared, or one of the market.

Lists of the market are not stored: they are the board in an order. Their twin in the browser is
static/js/market/market_lists.js.
Must not know requests or templates.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.pages.market_display import DisplayRow
from dashboard.personal.list_text import write_list
from dashboard.wire.personal import NamedList, Section
from feeds.market.board import LAST, PREVIOUS_CLOSE, VOLUME, Row

MOVERS: Final = 30
"""The most symbols on a list of movers."""
ROWS_RENDERED: Final = 100
"""The most rows of the whole market that the server renders; the script adds the others."""
SECTOR_MARK: Final = "sector:"


@dataclass(frozen=True)
class ShownList:
    """A list as a page shows it. `key` is what its address says.

    `list_id` is None for a list that this person cannot change.
    """

    key: str
    name: str
    symbols: tuple[str, ...]
    list_id: int | None = None
    sections: tuple[Section, ...] = ()
    share: str = ""

    @property
    def text(self) -> str:
        """The list as text, to make another one of it."""
        return write_list(NamedList(0, self.name, self.symbols, self.sections))

    @property
    def is_sector(self) -> bool:
        """Say whether it is a sector of the market."""
        return self.key.startswith(SECTOR_MARK)

    @property
    def is_market(self) -> bool:
        """Say whether the market makes the list."""
        return self.key in MARKET_LISTS or self.is_sector


def own_list(lists: Sequence[NamedList], asked: str) -> ShownList:
    """Return the list with this id, or the first one."""
    named = next((each for each in lists if str(each.id) == asked), lists[0])
    return ShownList(
        key=str(named.id),
        name=named.name,
        symbols=named.symbols,
        list_id=named.id,
        sections=named.sections,
        share=named.share,
    )


def place_of(shown: ShownList, lists: Sequence[NamedList]) -> int | None:
    """Return how many of the person's lists stand before this one; None for one of others."""
    places = {named.id: place for place, named in enumerate(lists)}
    return None if shown.list_id is None else places.get(shown.list_id)


def lent_list(named: NamedList) -> ShownList:
    """Return a list that somebody shared, as others see it."""
    return ShownList("", named.name, named.symbols, None, named.sections)


def lines_of(shown: ShownList, rows: Sequence[DisplayRow]) -> list[dict[str, Any]]:
    """Return the lines of a page: each has a `row`, or is the title of a `section`."""
    by_symbol = {row["symbol"]: row for row in rows}
    titles = list(shown.sections)
    lines: list[dict[str, Any]] = []
    for before, symbol in enumerate([*shown.symbols, ""]):
        is_end = before == len(shown.symbols)
        while titles and (is_end or titles[0].at <= before):
            lines.append({"section": titles.pop(0).name})
        if symbol in by_symbol:
            lines.append({"row": by_symbol[symbol]})
    return lines


def market_list(asked: str, rows: Mapping[str, Row]) -> ShownList | None:
    """Return a list of the market, or None if none is called like this.

    `rows` are those that the person sees, by the symbol they are shown with.
    """
    if asked.startswith(SECTOR_MARK):
        sector = asked.removeprefix(SECTOR_MARK)
        found = sorted(s for s, row in rows.items() if sector == row.definition.sector != "")
        return ShownList(asked, sector, tuple(found[:ROWS_RENDERED])) if found else None
    if asked not in MARKET_LISTS:
        return None
    name, choose = MARKET_LISTS[asked]
    return ShownList(asked, name, tuple(choose(rows)))


def sectors_of(rows: Mapping[str, Row]) -> list[str]:
    """Return the sectors of these rows by name."""
    return sorted({row.definition.sector for row in rows.values()} - {""})


def _all(rows: Mapping[str, Row]) -> Iterable[str]:
    return sorted(rows)[:ROWS_RENDERED]


def _gainers(rows: Mapping[str, Row]) -> Iterable[str]:
    return _highest(rows, _change)


def _losers(rows: Mapping[str, Row]) -> Iterable[str]:
    return _highest(rows, lambda row: -_change(row))


def _active(rows: Mapping[str, Row]) -> Iterable[str]:
    return _highest(rows, _volume)


def _highest(rows: Mapping[str, Row], value: Callable[[Row], float]) -> list[str]:
    """Return the symbols with the highest values above 0; of equal ones the first by name."""
    found = sorted((-value(row), symbol) for symbol, row in rows.items() if value(row) > 0)
    return [symbol for _, symbol in found[:MOVERS]]


def _change(row: Row) -> float:
    """Return the change from the previous close as a share of it; 0 without one."""
    last, close = row.values[LAST], row.values[PREVIOUS_CLOSE]
    return (last - close) / close if isinstance(last, int) and isinstance(close, int) else 0.0


def _volume(row: Row) -> float:
    volume = row.values[VOLUME]
    return volume if isinstance(volume, int) else 0


MARKET_LISTS: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Row]], Iterable[str]]]]] = {
    "all": ("Whole market", _all),
    "gainers": ("Gainers", _gainers),
    "losers": ("Losers", _losers),
    "active": ("Most active", _active),
}
