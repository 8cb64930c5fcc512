"""People go somewhere, do something and choose a look by the keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import PHONE
from tests.support.price_table import shown

pytestmark = pytest.mark.slow


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.tagName"))


def test_a_command_is_typed_from_anywhere(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    box = page.get_by_role("combobox", name="Go to or do")
    page.get_by_placeholder("Find or add a symbol").focus()
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_placeholder("Find or add a symbol")).to_be_focused()
    page.keyboard.press("Control+k")
    box.fill("pause")
    page.keyboard.press("Enter")
    expect(page.locator("#link-badge")).to_contain_text("Paused")
    page.get_by_role("button", name="Commands").click()
    expect(page.locator("#commands [role=option]").first).to_contain_text(
        "Pause or resume the prices"
    )
    symbol = next(iter(shown(page)))
    box.fill(symbol.lower())
    expect(page.locator("#commands [role=option]").first).to_contain_text(symbol)
    page.locator("#commands").get_by_text(f"Make an alert on {symbol}", exact=True).click()
    page.wait_for_url(f"**/alerts/?symbol={symbol}")
    expect(page.get_by_label("Symbol")).to_have_value(symbol)
    page.keyboard.press("Control+k")
    box.fill(symbol)
    expect(page.locator("#commands [role=option]").first).to_contain_text(symbol)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/i/{symbol}/")
    page.keyboard.press("Control+k")
    box.fill("gainers")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?list=gainers")


def test_the_help_names_the_keys_of_the_page(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    page.locator("tbody th").first.focus()
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard")
    expect(help_).to_contain_text("Pause or resume the prices")
    help_.get_by_label("Use single keys").uncheck()
    page.keyboard.press("Escape")
    assert focused(page) == "TH"
    page.keyboard.press("p")
    page.keyboard.press("?")
    page.locator("#account summary").click()
    page.get_by_role("button", name="Keyboard").click()
    expect(help_).to_be_visible()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    help_.get_by_label("Use single keys").check()
    help_.get_by_role("button", name="Close").click()
    assert page.locator("#account summary, #help-open").evaluate_all(
        "all => all.includes(document.activeElement)"
    )
    page.goto(page.url + "alerts/")
    page.keyboard.press("?")
    expect(help_).to_contain_text("Go to an instrument")
    expect(help_).not_to_contain_text("Pause or resume")


@pytest.mark.usefixtures("usual")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_look_is_chosen_and_kept_in_every_tab(open_page: Open, theme: str) -> None:
    page = open_page(color_scheme=theme)
    other = page.context.new_page()
    other.goto(page.url)
    row = page.locator("tbody tr").first
    height = row.bounding_box()["height"]  # type: ignore[index]
    text = "getComputedStyle(document.body).color"
    soft = page.evaluate(text)
    page.locator("#account summary").click()
    page.get_by_role("button", name="Appearance").click()
    dialog = page.get_by_role("dialog", name="Appearance")
    dialog.get_by_label("Contrast").select_option("high")
    dialog.get_by_label("Colours of up and down").select_option("blue-orange")
    # The choices before this one are answered too, and perhaps only now.
    with page.expect_response(lambda got: "name=density" in (got.request.post_data or "")):
        dialog.get_by_label("Lines").select_option("compact")
    assert page.evaluate(text) == ("rgb(0, 0, 0)" if theme == "light" else "rgb(255, 255, 255)")
    assert page.evaluate(text) != soft
    for each in (page, other):
        for name in ("contrast-high", "palette-blue-orange", "density-compact"):
            each.wait_for_function(
                "name => document.documentElement.classList.contains(name)", arg=name
            )
    assert row.bounding_box()["height"] < height  # type: ignore[index]
    page.reload()
    assert row.bounding_box()["height"] < height  # type: ignore[index]


def test_commands_and_help_fit_a_phone(open_page: Open) -> None:
    page = open_page("alerts/", viewport=PHONE)
    page.get_by_role("button", name="Commands").click()
    page.get_by_role("combobox", name="Go to or do").fill("n")
    expect(page.locator("#commands [role=option]").nth(8)).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = page.locator("#commands").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def test_the_demonstrations_have_one_entry_and_lead_to_each_other(open_page: Open) -> None:
    page = open_page()
    pages = page.get_by_role("navigation", name="Pages")
    assert pages.get_by_role("link").all_inner_texts() == [
        *("Dashboard", "Alerts", "Transports", "Developers"),
    ]
    pages.get_by_role("link", name="Transports").click()
    page.get_by_role("link", name="Polling", exact=True).click()
    page.wait_for_url("**/polling/")
    expect(pages.get_by_role("link", name="Transports")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Lab", exact=True).click()
    page.wait_for_url("**/lab/")
