"""An alert as a person makes it: from the form to the notification."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE

pytestmark = pytest.mark.slow


def test_an_alert_fires_and_becomes_a_notification(open_page: Open, tmp_path: Path) -> None:
    page = open_page("alerts/?symbol=NVX")
    expect(page.get_by_label("Symbol")).to_have_value("NVX")
    page.get_by_label("Condition", exact=True).select_option("above")
    page.get_by_label("Value", exact=True).fill("0.01")
    page.get_by_label("Name").fill("first")
    page.get_by_role("button", name="Make the alert").click()
    alert = page.locator(".alert-list li", has_text="NVX is above 0.01")
    expect(alert).to_contain_text("first")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    dashboard = open_page("")
    dashboard.locator("#notices summary").click()
    expect(dashboard.locator(".notice-list")).to_contain_text("NVX is above 0.01")
    expect(alert.locator("[data-part=last]")).to_have_text(re.compile(r"^[\d,]+\.\d+$"))
    # The page says that something came after it was made, be that before or after it was live.
    news = page.get_by_role("link", name="Show the list as it is now")
    if "Triggered" not in alert.inner_text():
        news.click()
    expect(alert.locator(".alert-state")).to_contain_text("Triggered")
    for where, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for theme in ("light", "dark"):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            page.screenshot(path=tmp_path / f"alerts-{where}-{theme}.png", full_page=True)


def test_a_line_of_the_watchlist_leads_to_a_new_alert(open_page: Open) -> None:
    page = open_page("")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    line = page.locator("tbody tr").first
    symbol = line.get_attribute("data-symbol")
    line.locator("th").focus()
    page.keyboard.press("Alt+a")
    expect(page.get_by_label("Symbol")).to_have_value(symbol or "")
    expect(page.get_by_label("Value", exact=True)).not_to_have_value("")
