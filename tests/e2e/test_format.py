"""Pages that the server renders and pages that are alive write every number alike."""

import random
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page

from dashboard.pages.market_display import display_row
from feeds.market.board import ASK, BID, HIGH, LAST, LOW, PREVIOUS_CLOSE, VOLUME, Row
from feeds.market.events import Listing
from feeds.market.instruments import Definition
from tests.e2e.conftest import Open

WRITE = """async (rows) => {
  const {COLUMNS} = await import("/static/js/screen/watchlist/columns.js");
  const written = COLUMNS.filter(({isDrawn}) => !isDrawn);
  return rows.map(([row, digits]) =>
    Object.fromEntries(written.map(({key, text}) => [key, text(row, digits)])));
}"""
PRICES = {"p": LAST, "b": BID, "a": ASK, "h": HIGH, "l": LOW, "pc": PREVIOUS_CLOSE}
CLOSES = [3, 8, 96, 160, 200, 20_000, 20_032, 23_017, 40_000, 1_234_567]
"""Those of few factors make many changes whose percentage is half a hundredth."""
VOLUMES = [None, 0, 999, 1_005, 1_015, 1_205, 8_125, 1_005_000, 2_675_000, 999_999, 1_015_000_000]


FURTHER_TICKS = ("0.05", "0.0001", "1", "0.00000001")


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page("accounts/login/", user=None)


def some_row(chance: random.Random, tick_size: str) -> Row:
    """Return a row at some price, near its previous close."""
    close = chance.choice(CLOSES)
    definition = Definition(
        symbol="NVX", name="Novexa", sector="Tech", tick_size=Decimal(tick_size),
        reference_ticks=close,
    )  # fmt: skip
    row = Row(Listing("main", definition, 0), 1, ticks=0)
    for index in PRICES.values():
        row.values[index] = max(1, close + chance.randint(-close // 8, close // 8))
    row.values[PREVIOUS_CLOSE] = close
    row.values[LAST] = chance.choice([None, row.values[LAST], row.values[LAST], close])
    row.values[VOLUME] = chance.choice([*VOLUMES, chance.randrange(10**7), chance.randrange(10**9)])
    return row


def sent(row: Row) -> dict[str, Any]:
    """Return the row as the wire tells it."""
    values = {key: row.values[index] for key, index in PRICES.items()}
    prices = {
        key: row.price(ticks) if isinstance(ticks, int) else None for key, ticks in values.items()
    }
    return {**prices, "v": row.values[VOLUME]}


@pytest.mark.parametrize(
    "tick_size", ["0.01", *(pytest.param(tick, marks=pytest.mark.slow) for tick in FURTHER_TICKS)]
)
def test_numbers_are_written_alike(page: Page, tick_size: str) -> None:
    chance = random.Random(tick_size)
    rows = [some_row(chance, tick_size) for _ in range(2_000)]
    written = page.evaluate(WRITE, [[sent(row), row.definition.decimals] for row in rows])
    for row, cells in zip(rows, written, strict=True):
        line = dict(display_row("NVX", row))
        assert cells == {key: line[key] for key in cells}, sent(row)
