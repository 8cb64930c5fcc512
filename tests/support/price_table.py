"""The table of prices as a page shows it, and as the engine's board would have it."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.served import Served

FIELDS = ("last", "change", "change_percent", "bid", "ask", "volume", "high", "low")
TABLE = """() => Object.fromEntries(
  [...document.querySelectorAll("tbody tr[data-symbol]")].map((row) => [
    row.dataset.symbol,
    Object.fromEntries(
      [...row.querySelectorAll("[data-field]")].map((cell) => [cell.dataset.field, cell.innerText]),
    ),
  ]),
)"""


def shown(page: Page) -> dict[str, dict[str, str]]:
    """Return the table as people read it, without the glyphs of direction."""
    table = page.evaluate(TABLE)
    return {
        symbol: {field: cells[field].strip("▲▼■ \n") for field in FIELDS}
        for symbol, cells in table.items()
    }


def truth(served: Served, symbols: list[str]) -> dict[str, dict[str, str]]:
    display = served.board()["display"]
    return {symbol: {field: display[symbol][field] for field in FIELDS} for symbol in symbols}


def agrees(page: Page, served: Served) -> bool:
    table = shown(page)
    return bool(table) and table == truth(served, list(table))


def moving(page: Page) -> Callable[[], bool]:
    """Return a question: have prices changed since now?"""
    before = shown(page)
    return lambda: shown(page) != before
