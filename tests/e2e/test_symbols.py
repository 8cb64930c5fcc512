"""Symbols as the world writes them, and sizes that are fractions, on every page of a browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.people import DESKTOP, PHONE, People, close
from tests.support.served import Served, serve

pytestmark = pytest.mark.slow

LIST = """
from decimal import Decimal
from feeds.models import Feed, Instrument
from feeds.services.instruments import save_instrument
for symbol in ("BTC/USD", "M&M", "^GSPC", "A_B", "A/B"):
    lot = Decimal("0.0001" if symbol == "BTC/USD" else "1")
    row = Instrument(feed=Feed.objects.get(), symbol=symbol, name=f"World {symbol}", sector="World",
        reference_price=100, lot_size=lot, activity=20)
    save_instrument(row, actor=None)
"""
FRACTION = re.compile(r"\d+\.\d+")


@pytest.fixture
def site(tmp_path: Path, eventually: Callable[..., None]) -> Iterator[Served]:
    """A server whose feed trades BTC/USD in lots of 0.0001, M&M and others."""
    with serve(tmp_path) as served:
        served.manage("shell", "-v0", "-c", LIST)
        eventually(lambda: {"BTC/USD", "M&M", "^GSPC"} <= set(served.board()["rows"]))
        yield served


def look(page: Page, folder: Path, name: str) -> None:
    """Check that a page fits its screen, and take its picture."""
    for where, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
        page.screenshot(path=folder / f"{name}-{where}.png")
    page.set_viewport_size(DESKTOP)


def test_the_pages_show_symbols_of_the_world(
    browser: Browser, site: Served, tmp_path: Path
) -> None:
    people, complaints = People(browser, site), list[str]()
    context = people.context("viewer")
    page = context.new_page()
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site.url)
    box = page.get_by_role("combobox", name="Find or add a symbol")
    box.fill("btc/usd, m&m, ^gspc")
    box.press("Enter")
    expect(line_of(page, "M&M").locator("[data-field=last]")).to_have_text(FRACTION)
    line = line_of(page, "BTC/USD")
    expect(line.locator("[data-field=volume]")).to_have_text(re.compile(r"^\d"))
    look(page, tmp_path, "list")
    line.locator("[data-field=last]").click()
    panel = page.locator("#instrument")
    expect(panel.locator("[data-part=symbol]").first).to_have_text("BTC/USD")
    expect(panel.locator("[data-figure=volume]").first).to_have_text(FRACTION)
    look(page, tmp_path, "panel")
    panel.get_by_role("link", name="Open page").click()
    page.wait_for_url("**/i/BTC/USD/")
    expect(page.locator("h1 [data-part=symbol]")).to_have_text("BTC/USD")
    page.get_by_role("button", name="Table").click()
    expect(page.locator("#instrument tr[data-t] td").nth(4)).to_have_text(FRACTION)
    look(page, tmp_path, "page")
    assert saved_name(page) == "BTC_USD-1m.csv"
    page.goto(f"{site.url}i/m%26m/")
    expect(page.locator("h1 [data-part=symbol]")).to_have_text("M&M")
    assert page.url.endswith("/i/M&M/")
    page.goto(site.url)
    line_of(page, "M&M").locator(".row-alert").dispatch_event("click")
    expect(page.get_by_label("Symbol")).to_have_value("M&M")
    page.get_by_label("Value", exact=True).fill("0.01")
    page.get_by_role("button", name="Make the alert").click()
    expect(page.locator(".alert-text")).to_contain_text("M&M is above 0.01")
    look(page, tmp_path, "alerts")
    close(context)
    assert complaints == []


def line_of(page: Page, symbol: str) -> Locator:
    """Return a line of the list, in view: others may have no cells."""
    line = page.locator(f'tr[data-symbol="{symbol}"]')
    line.scroll_into_view_if_needed()
    return line


def saved_name(page: Page) -> str:
    with page.expect_download() as download:
        page.locator("#instrument [data-part=csv]").click()
    return download.value.suggested_filename


def test_the_admin_lists_and_changes_them(browser: Browser, site: Served, tmp_path: Path) -> None:
    page = People(browser, site).context("admin").new_page()
    page.goto(f"{site.url}admin/feeds/instrument/?q=world")
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    expect(page.locator("tr", has_text="BTC/USD").locator(".field-lot")).to_have_text("0.0001")
    look(page, tmp_path, "admin-list")
    page.get_by_role("link", name="BTC/USD", exact=True).click()
    expect(page.get_by_label("Lot size")).to_have_value(re.compile(r"^0\.0001"))
    look(page, tmp_path, "admin-form")
    page.goto(f"{site.url}admin/feeds/instrument/add/")
    fields: dict[str, Any] = {"symbol": " eth/usd ", "name": "Ether", "sector": "World"}
    for name, value in (fields | {"reference_price": "50", "lot_size": "0.00000001"}).items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=feed]").select_option(index=1)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("ETH/USD")
