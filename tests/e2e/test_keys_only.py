"""A person without a mouse: all of a visit by keys, with the focus always in sight."""

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.people import People, close
from tests.support.served import Served

pytestmark = pytest.mark.slow

MOST_STEPS: Final = 150
"""More presses of Tab than any page has places."""
FAULT_OF_FOCUS: Final = """
() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return "lost";
  const name = `${element.tagName} ${element.id} ${element.className}`;
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return `${name}: has no size`;
  if (box.bottom <= 0 || box.top >= innerHeight) return `${name}: out of sight`;
  if (box.right <= 0 || box.left >= innerWidth) return `${name}: out of sight`;
  if (!element.matches(":focus-visible")) return `${name}: not shown`;
  const near = [element, element.parentElement, element.nextElementSibling];
  const isMarked = (each) => {
    const style = getComputedStyle(each);
    const hasOutline = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
    return hasOutline || style.boxShadow !== "none";
  };
  return near.some((each) => each !== null && isMarked(each)) ? "" : `${name}: has no mark`;
}
"""
"""What is wrong with the place that the keyboard is at; nothing: the empty text."""


def go_to(page: Page, place: Locator, key: str = "Tab") -> None:
    """Press Tab until a place has the focus; every place on the way must be seen."""
    expect(place).to_be_visible()
    faults = set()
    for _ in range(MOST_STEPS):
        page.keyboard.press(key)
        fault = page.evaluate(FAULT_OF_FOCUS)
        # After the last place of a page the focus leaves for the browser's own buttons.
        if fault != "lost":
            faults.add(fault)
        if place.evaluate("(element) => element === document.activeElement"):
            break
    assert faults <= {""}
    expect(place).to_be_focused()


@pytest.mark.usefixtures("usual")
def test_a_day_without_a_mouse(people: People, served: Served) -> None:
    """It has a browser of its own, because a 401 after signing out is no complaint here."""
    context = people.context(None)
    page = context.new_page()
    page.goto(served.url)
    spend_a_day(page, served.passwords["viewer"])
    close(context)


def spend_a_day(page: Page, password: str) -> None:
    """Sign in, change the list, open a chart, make an alert, look around, and sign out."""
    keys = page.keyboard
    go_to(page, page.get_by_label("Username"))
    keys.type("viewer")
    go_to(page, page.get_by_label("Password"))
    keys.type(password)
    keys.press("Enter")
    expect(page.locator("#link-badge")).to_contain_text("Live")

    # The list: a symbol that it lacks is added, and its chart opened.
    lines = page.locator("#watchlist tbody tr[data-symbol]")
    symbol = str(lines.last.get_attribute("data-symbol"))
    keys.press("/")
    expect(page.get_by_role("combobox", name="Find or add a symbol")).to_be_focused()
    keys.press("Escape")
    go_to(page, page.locator("#watchlist table [tabindex='0']").first)
    keys.press("Control+End")
    keys.press("Home")
    expect(lines.last.locator(":focus")).to_have_count(1)
    keys.press("Delete")
    expect(page.locator(f"#watchlist tr[data-symbol={symbol}]")).to_have_count(0)
    assert page.evaluate(FAULT_OF_FOCUS) == ""
    keys.press("/")
    keys.type(symbol)
    keys.press("Enter")
    line = page.locator(f"#watchlist tr[data-symbol={symbol}]")
    expect(line).to_be_visible()
    assert page.evaluate(FAULT_OF_FOCUS) == ""
    keys.press("Escape")
    go_to(page, page.locator("#watchlist table [tabindex='0']").first)
    keys.press("Control+End")
    keys.press("Home")
    expect(line.locator(":focus")).to_have_count(1)
    keys.press("Enter")
    expect(page.locator("#instrument [data-part=symbol]")).to_have_text(symbol)
    expect(page.locator("#instrument canvas").first).to_be_visible()
    expect(page.locator("#instrument [data-part=chart-note]")).to_be_hidden()
    assert page.evaluate(FAULT_OF_FOCUS) == ""

    # An alert on the chart, by the button.
    go_to(page, page.locator("#instrument [data-part=alert]"))
    keys.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Alert (above|below)"))).to_be_focused()
    keys.press("Enter")
    # Its line has the focus until it fires, which may be at once: it waits for the last price.
    made = page.locator("#instrument [role=slider]:focus, #instrument [data-part=alert]:focus")
    expect(made).to_have_count(1)
    assert page.evaluate(FAULT_OF_FOCUS) == ""

    # The bell, the look, the lab, and out.
    bell = page.locator("#notices summary")
    go_to(page, bell, "Shift+Tab")
    keys.press("Enter")
    expect(page.locator("#notices .menu-panel")).to_be_visible()
    keys.press("Escape")
    expect(bell).to_be_focused()
    theme = page.locator("#theme")
    go_to(page, theme)
    before = theme.get_attribute("data-theme")
    keys.press("Enter")
    expect(theme).not_to_have_attribute("data-theme", before or "")
    expect(theme).to_be_focused()
    go_to(page, page.get_by_role("link", name="Transports"), "Shift+Tab")
    keys.press("Enter")
    page.wait_for_url("**/lab/**")
    account = page.locator("#account summary")
    go_to(page, account)
    keys.press("Enter")
    go_to(page, page.get_by_role("button", name="Sign out"))
    keys.press("Enter")
    page.wait_for_url("**/accounts/login/**")
