"""People go back and forward and find the page as they left it. An address shows all of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import PHONE
from tests.support.served import Served
from tests.support.synthetic_market import give_market, wait_for_prices
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

ROWS = 2000
LINES = "#watchlist tbody tr[data-symbol]"
OPENED = "#instrument [data-part=symbol]"
SEARCH = "#add-form input[name=symbol]"


def is_live(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", "live")


def is_sorted(page: Page, column: str, direction: str) -> None:
    expect(page.locator(f"th[data-sort={column}]")).to_have_attribute("aria-sort", direction)


def is_at(page: Page, place: float) -> None:
    """Wait until the page is scrolled to a place, within a part of a line."""
    wait_until(lambda: abs(float(page.evaluate("scrollY")) - place) < 4)


def scroll(page: Page, far: int) -> float:
    """Scroll with the wheel, as a person does. Return the place once the page has kept it."""
    page.mouse.move(300, 600)
    end = page.evaluate("scrollY") + far
    page.mouse.wheel(0, far)
    is_at(page, end)
    wait_until(lambda: page.evaluate("history.state.y === scrollY"))
    return float(page.evaluate("scrollY"))


def prepared(open_page: Open) -> tuple[Page, float]:
    """Open the whole market, sorted backwards, with the panel of a line, and scroll it."""
    page = open_page("?list=all", user="admin")
    is_live(page)
    for _ in range(2):
        page.locator("th[data-sort=symbol] button").click()
    page.locator(f"{LINES} .symbol").nth(2).click()
    expect(page.locator("#instrument")).to_be_visible()
    return page, scroll(page, 700)


def test_other_pages_lead_back_to_the_list_as_it_was(open_page: Open) -> None:
    page, place = prepared(open_page)
    symbol = page.locator(OPENED).inner_text()
    first = str(page.locator(LINES).first.get_attribute("data-symbol"))

    def is_as_it_was() -> None:
        is_live(page)
        is_sorted(page, "symbol", "descending")
        expect(page.locator(LINES).first).to_have_attribute("data-symbol", first)
        expect(page.locator(OPENED)).to_have_text(symbol)
        is_at(page, place)

    page.get_by_role("link", name="Open page").click()
    expect(page.locator("h1 [data-part=symbol]")).to_have_text(symbol)
    page.go_back()
    is_as_it_was()
    page.go_forward()
    expect(page.locator("h1 [data-part=symbol]")).to_have_text(symbol)
    page.locator(".tabs").get_by_role("link", name="Alerts").click()
    page.goto(page.url.split("/alerts/")[0] + "/notifications/")
    for _ in range(3):
        page.go_back()
    is_as_it_was()
    page.reload()
    is_as_it_was()


def test_what_was_searched_is_searched_again(open_page: Open) -> None:
    page = open_page("?list=all", user="admin")
    is_live(page)
    page.locator(SEARCH).press_sequentially("in")
    page.wait_for_url("**find=in*")
    found = page.locator(LINES).count()
    assert 0 < found < 60
    page.locator(".tabs").get_by_role("link", name="Alerts").click()
    page.go_back()
    expect(page.locator(SEARCH)).to_have_value("in")
    expect(page.locator(LINES)).to_have_count(found)
    expect(page.locator("#offers")).to_be_hidden()
    page.locator(SEARCH).press("Escape")
    expect(page.locator("table.grid")).to_have_attribute("aria-rowcount", "61")
    wait_until(lambda: "find" not in page.evaluate("location.search"))
    # What was typed last counts, also by somebody who is quick.
    page.locator(SEARCH).fill("air")
    page.locator(".tabs").get_by_role("link", name="Alerts").click()
    page.go_back()
    expect(page.locator(SEARCH)).to_have_value("air")
    # The text does what it would do for somebody who has just typed it.
    page.locator(SEARCH).fill("NVX")
    page.wait_for_url("**find=NVX*")
    page.reload()
    is_live(page)
    page.locator(SEARCH).press("Enter")
    # The script of the box may come after the first prices; it carries out what was pressed.
    expect(page.locator("#watchlist tr[data-symbol=NVX] :focus")).to_have_count(1)


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "phone"])
def test_the_back_button_closes_what_was_opened(open_page: Open, size: dict[str, int]) -> None:
    page = open_page("alerts/", user="admin", viewport=size)
    page.goto(page.url.replace("alerts/", "?list=all"))
    is_live(page)
    panel = page.locator("#instrument")
    page.locator(f"{LINES} .symbol").nth(4).click()
    expect(panel).to_be_visible()
    symbol = page.locator(OPENED).inner_text()
    page.go_back()
    expect(panel).to_be_hidden()
    assert "i=" not in page.url
    page.go_forward()
    expect(panel).to_be_visible()
    expect(page.locator(OPENED)).to_have_text(symbol)
    page.locator("[data-part=close]").first.click()
    expect(panel).to_be_hidden()
    wait_until(lambda: "i=" not in page.evaluate("location.search"))
    page.keyboard.press("m")
    expect(page.locator("#heatmap")).to_be_visible()
    page.go_back()
    expect(page.locator("#heatmap")).to_be_hidden()
    # No step is left that does nothing.
    page.go_back()
    page.wait_for_url("**/alerts/")


def test_the_chart_of_each_step_has_its_own_interval(open_page: Open) -> None:
    page = open_page("?list=all&i=NVX&bars=15m", user="admin")
    is_live(page)
    chosen = page.locator("[name=chart-interval]:checked")
    expect(chosen).to_have_value("15m")
    page.keyboard.press("m")
    expect(page.locator("#heatmap")).to_be_visible()
    page.locator("[name=chart-interval][value='1h']").check()
    page.locator("[name=chart-kind][value=line]").check()
    page.go_back()
    expect(page.locator("#heatmap")).to_be_hidden()
    expect(chosen).to_have_value("15m")
    expect(page.locator("[name=chart-kind]:checked")).to_have_value("candles")
    expect(page.locator("#instrument [data-part=chart]")).to_have_attribute(
        "aria-label", re.compile("bars of 15m, newest close")
    )
    page.go_forward()
    expect(chosen).to_have_value("1h")
    expect(page.locator("#instrument [data-part=chart]")).to_have_attribute(
        "aria-label", re.compile("bars of 1h, newest close")
    )


def test_a_symbol_that_leaves_the_movers_keeps_its_panel(open_page: Open, served: Served) -> None:
    page = open_page("?list=losers", user="admin")
    is_live(page)
    symbol = str(page.locator(LINES).first.get_attribute("data-symbol"))
    page.goto(page.url.replace("losers", f"gainers&i={symbol}"))
    is_live(page)
    expect(page.locator(OPENED)).to_have_text(symbol)
    expect(page.locator("#instrument [data-part=chart-note]")).to_be_hidden()
    served.wait_for_events(600)  # the list follows the market once a second
    expect(page.locator(OPENED)).to_have_text(symbol)
    assert f"i={symbol}" in page.url
    page.locator("[data-part=close]").first.click()
    expect(page.locator("#instrument")).to_be_hidden()


def test_a_panel_that_is_closed_leaves_the_order_that_was_chosen_meanwhile(open_page: Open) -> None:
    page, _ = prepared(open_page)
    page.locator("th[data-sort=last] button").click()
    is_sorted(page, "last", "descending")
    place = scroll(page, 100)
    page.locator("[data-part=close]").first.click()
    expect(page.locator("#instrument")).to_be_hidden()
    is_sorted(page, "last", "descending")
    assert "sort=-last" in page.evaluate("location.search")
    # Lines have another height now, so the place differs a little.
    assert page.evaluate("scrollY") > place / 2
    page.go_back()
    is_sorted(page, "symbol", "descending")


def test_a_long_list_is_scrolled_to_where_it_was(
    open_page: Open, eventually: Callable[..., None]
) -> None:
    page = open_page("accounts/sessions/", bypass_csp=True)
    home = page.url.replace("accounts/sessions/", "")
    give_market(page, rows=ROWS, updates=1000)
    page.goto(home)
    wait_for_prices(page, ROWS)
    for _ in range(2):
        page.locator("th[data-sort=symbol] button").click()
    place = scroll(page, 40_000)
    seen = in_view(page)
    assert seen[0] < "S1500"
    page.goto(home + "i/NVX/")
    page.go_back()
    wait_for_prices(page, ROWS)
    is_at(page, place)
    eventually(lambda: in_view(page) == seen)


def in_view(page: Page) -> list[str]:
    """Return the symbols of the lines that are on the screen."""
    return list(
        page.locator(LINES).evaluate_all(
            "(lines) => lines.filter((line) => {"
            " const {top, bottom} = line.getBoundingClientRect();"
            " return top >= 200 && bottom <= innerHeight;"
            "}).map((line) => line.dataset.symbol)"
        )
    )


def test_an_address_shows_all_of_a_page_to_somebody_else(open_page: Open) -> None:
    page, _ = prepared(open_page)
    symbol = page.locator(OPENED).inner_text()
    page.locator("[name=chart-interval][value='5m']").check()
    page.locator("[name=chart-kind][value=area]").check()
    page.locator("#trades summary").click()
    page.locator(SEARCH).fill("in")
    page.wait_for_url("**find=in*")
    other = open_page(page.url.split("/", 3)[3])
    is_live(other)
    is_sorted(other, "symbol", "descending")
    expect(other.locator(SEARCH)).to_have_value("in")
    expect(other.locator(LINES)).to_have_count(page.locator(LINES).count())
    expect(other.locator(OPENED)).to_have_text(symbol)
    expect(other.locator("[name=chart-interval]:checked")).to_have_value("5m")
    expect(other.locator("[name=chart-kind]:checked")).to_have_value("area")
    expect(other.locator("#trades")).to_have_attribute("open", "")
