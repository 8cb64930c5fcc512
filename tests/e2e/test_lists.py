"""Several lists in a browser: made, moved, shared and deleted as a person would do it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open

pytestmark = pytest.mark.slow

LINES = "#watchlist tbody tr[data-symbol]"


def symbols_of(page: Page) -> list[str]:
    return page.locator(LINES).evaluate_all("lines => lines.map((line) => line.dataset.symbol)")


def make_list(page: Page, name: str, text: str) -> None:
    page.get_by_title("New list").click()
    page.locator("#list-new").get_by_label("Name").fill(name)
    page.locator("#list-text").fill(text)
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("#list-name")).to_have_text(name)
    # What moves lines is loaded after the page, and nobody presses a key twice.
    page.wait_for_load_state("networkidle")


def test_a_list_is_made_changed_shared_and_deleted(open_page: Open) -> None:
    page = open_page(user="admin")
    make_list(page, "Mine & yours", "NVX, orb\nAQM")
    expect(page.locator(LINES)).to_have_count(3)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    address = page.url

    line = page.locator(f"{LINES}[data-symbol=AQM] td").first
    line.focus()
    line.press("Alt+Shift+ArrowUp")
    expect(page.locator(LINES).nth(1)).to_have_attribute("data-symbol", "AQM")
    page.locator(f"{LINES}[data-symbol=ORB]").drag_to(page.locator(LINES).first)
    expect(page.locator(LINES).last).not_to_have_attribute("data-symbol", "ORB")
    order = symbols_of(page)
    page.reload()
    assert symbols_of(page) == order

    page.get_by_title("Change this list").click()
    page.get_by_role("button", name="Share by a link").click()
    page.get_by_title("Change this list").click()
    link = page.locator("#list-menu input[readonly]").input_value()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as text").click()
    assert download.value.path().read_text() == "".join(f"{symbol}\n" for symbol in order)

    reader = open_page(user="viewer", url=link)
    expect(reader.locator("#list-name")).to_have_text("Mine & yours")
    assert symbols_of(reader) == order
    expect(reader.locator("#link-badge")).to_contain_text("Live")
    expect(reader.locator("#watchlist .remove").first).to_be_hidden()

    other = open_page(user="admin", url=address)
    page.get_by_label("Name of the list").fill("Ours")
    page.get_by_role("button", name="Rename").click()
    expect(other.locator("#list-name")).to_have_text("Ours")
    expect(other.locator("#own-lists")).to_contain_text("Ours")

    page.get_by_title("Change this list").click()
    page.get_by_text("Delete the list…").click()
    page.get_by_role("button", name="Delete “Ours”").click()
    expect(page.locator("#list-name")).to_have_text("Watchlist")
    expect(other.locator("#list-name")).to_have_text("Watchlist")
    assert reader.request.get(link).status == 404


@pytest.mark.parametrize("key", ["all", "gainers", "active"])
def test_a_list_of_the_market_is_there_for_everybody(open_page: Open, key: str) -> None:
    page = open_page(f"?list={key}")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    expect(page.locator(LINES).first).to_be_visible()
    page.locator(f"{LINES} td").first.focus()
    before = symbols_of(page)
    page.keyboard.press("Delete")  # nothing of the market can be removed
    page.wait_for_function(
        "() => Number(document.querySelector('.panel-foot [data-meter=ticks]').innerText) > 20"
    )
    assert set(before) <= set(symbols_of(page))
    assert "toast" not in page.locator("#toasts-polite").inner_html()


def lines_in(page: Page) -> list[str]:
    """Return symbols, and titles behind a mark."""
    read = "rows => rows.map(({dataset}) => dataset.symbol ?? `# ${dataset.section}`)"
    return page.locator("#watchlist tbody tr").evaluate_all(read)


def test_sections_are_made_renamed_moved_and_removed(open_page: Open) -> None:
    page = open_page(user="admin")
    make_list(page, "Parts", "NVX, ###Food, ORB, AQM")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    assert lines_in(page) == ["NVX", "# Food", "ORB", "AQM"]

    measure = "rows => rows.map((row) => row.getBoundingClientRect().height)"
    assert len(set(page.locator("#watchlist tbody tr").evaluate_all(measure))) == 1

    page.locator(f"{LINES}[data-symbol=AQM] .name").click()
    page.get_by_title("Change this list").click()
    expect(page.get_by_label("begins with the symbol")).to_have_value("AQM")
    page.get_by_label("New section").fill("Water")
    page.get_by_role("button", name="Add the section").click()
    water = page.locator("[data-section=Water]")
    expect(water).to_be_visible()
    assert lines_in(page) == ["NVX", "# Food", "ORB", "# Water", "AQM"]
    expect(page.locator("#link-badge")).to_contain_text("Live")

    water.get_by_role("button", name="Water", exact=True).click()
    page.get_by_label("Name of the section").fill("Rivers")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move the section up: Rivers").click()
    expect(page.locator("#watchlist tbody tr").nth(1)).to_have_attribute("data-section", "Rivers")
    assert lines_in(page) == ["NVX", "# Rivers", "AQM", "# Food", "ORB"]
    page.locator(f"{LINES}[data-symbol=ORB]").drag_to(page.locator(f"{LINES}[data-symbol=AQM]"))
    page.get_by_role("button", name="Symbol", exact=True).click()
    expect(page.locator("[data-section]")).to_have_count(0)
    page.reload()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    page.get_by_role("button", name="Symbol", exact=True).click()
    page.get_by_role("button", name="Symbol", exact=True).click()
    expect(page.locator("#watchlist tbody tr").last).to_have_attribute("data-section", "Food")

    page.get_by_role("button", name="Remove the title, keep the symbols: Food").click()
    expect(page.locator("[data-section=Food]")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-section=Food]")).to_be_visible()
    assert set(lines_in(page)) == {"NVX", "# Rivers", "AQM", "ORB", "# Food"}
