"""A list of 2,000 instruments: people scroll it, walk it by keyboard, sort it and search in it.

Its frames are synthetic, as a list of a person holds fewer: see tests/support/synthetic_market.py.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import PHONE
from tests.support.synthetic_market import give_market, wait_for_prices

pytestmark = pytest.mark.slow

ROWS = 2000
LINES = "#watchlist tbody tr[data-symbol]"
NEAR_PX = 100
END_OF_SCROLL = """(far) => Math.min(
  Math.max(0, scrollY + far), document.documentElement.scrollHeight - innerHeight)"""
"""Where a wheel that turns so far leads."""
FOCUSED = "document.activeElement.closest('tr')?.dataset.symbol"
IN_VIEW = """(selector) => {
  const top = document.querySelector("#watchlist thead th").getBoundingClientRect().bottom;
  const lines = [...document.querySelectorAll(selector)];
  const inView = lines.filter((line) => {
    const box = line.getBoundingClientRect();
    return box.top >= top - 1 && box.bottom <= innerHeight + 1;
  });
  return inView.map((line) => [line.dataset.symbol, line.querySelector("[data-field=bid]").textContent]);
}"""  # noqa: E501


PICTURES = """(selector) => [...document.querySelectorAll(selector)].every((line) =>
  line.querySelector("[data-field=day]").dataset.of === line.dataset.symbol
  && line.querySelector(".day-prices")?.getAttribute("d"))"""
"""Whether each line has the picture of its own symbol."""


def open_long(open_page: Open, url: str, **options: object) -> Page:
    """Open the dashboard with 2,000 instruments that move."""
    page = open_page("accounts/sessions/", bypass_csp=True, **options)
    give_market(page, rows=ROWS, updates=1000)
    page.goto(url)
    wait_for_prices(page, ROWS)
    return page


@pytest.fixture
def page(open_page: Open, served: object) -> Page:
    return open_long(open_page, served.url)


def in_view(page: Page) -> list[str]:
    """Return the symbols of the lines that can be seen whole; each must have its prices."""
    lines = page.evaluate(IN_VIEW, LINES)
    assert all(text.strip("\u2013") for _, text in lines)
    return [symbol for symbol, _ in lines]


def is_without_holes(symbols: list[str]) -> bool:
    """Say whether these are several lines of the person's own order, one after the other."""
    numbers = [int(symbol[1:]) for symbol in symbols]
    return len(numbers) > 5 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_lines_in_view_have_prices_wherever_somebody_scrolls(
    page: Page, eventually: Callable[..., None]
) -> None:
    page.locator(f"{LINES} th").first.focus()
    page.mouse.move(600, 500)
    for far in (40_000, 25_000, -64_000, 10_000):
        end = page.evaluate(END_OF_SCROLL, far)
        page.mouse.wheel(0, far)
        # The wheel is answered before the page has moved, and no lines are drawn by then.
        eventually(lambda end=end: abs(page.evaluate("scrollY") - end) < NEAR_PX)
        eventually(lambda: is_without_holes(in_view(page)))
        eventually(lambda: page.evaluate(PICTURES, LINES))
        assert page.evaluate(FOCUSED) == "S0000"
        assert page.locator(LINES).count() < 80
    assert "S0000" not in in_view(page)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED) == "S0001"
    eventually(lambda: "S0001" in in_view(page))


def test_the_keyboard_leads_to_the_far_end_and_back(
    page: Page, eventually: Callable[..., None]
) -> None:
    page.locator(f"{LINES} th").first.focus()
    for key, symbol, place in (
        ("Control+End", "S1999", 2001),
        ("PageUp", "S1989", 1991),
        ("Control+Home", "S0000", 2),
        ("PageDown", "S0010", 12),
    ):
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == symbol
        eventually(lambda symbol=symbol: symbol in in_view(page))
        line = page.locator(f"tr[data-symbol={symbol}]")
        expect(line).to_have_attribute("aria-rowindex", str(place))
    expect(page.locator("table.grid")).to_have_attribute("aria-rowcount", "2001")


def test_a_sorted_and_a_filtered_list_keep_the_focus(
    page: Page, eventually: Callable[..., None]
) -> None:
    line = page.locator("tr[data-symbol=S1996]")
    for _ in range(2):
        page.locator("th[data-sort=symbol] button").click()
    expect(page.locator(LINES).first).to_have_attribute("data-symbol", "S1999")
    line.locator("th").focus()
    page.keyboard.press("Enter")
    expect(line).to_have_attribute("aria-selected", "true")
    search = page.get_by_placeholder("Find or add a symbol")
    search.fill("S123")
    expect(page.locator(LINES)).to_have_count(10)
    search.fill("")
    eventually(lambda: page.locator(LINES).count() > 10)
    page.locator("th[data-sort=last] button").click()
    page.locator(f"{LINES} th").first.focus()
    focused = page.evaluate(FOCUSED)
    resort = page.locator("[data-part=resort]")
    expect(resort).to_contain_text("moved")
    resort.click()
    assert page.evaluate(FOCUSED) is None, "the button has the focus"
    page.locator("table.grid [tabindex='0']").focus()
    assert page.evaluate(FOCUSED) == focused


def test_cards_of_a_phone_are_scrolled_alike(
    open_page: Open, served: object, eventually: Callable[..., None]
) -> None:
    page = open_long(open_page, served.url, viewport=PHONE)
    page.evaluate("scrollTo(0, 30000)")
    eventually(lambda: is_without_holes(in_view(page)))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    eventually(lambda: "S1999" in in_view(page))
