"""What the page says of itself: its connection, a gap, first steps; and that it is installed."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import PHONE
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.slow

SYMBOLS = "lines => lines.map((line) => line.dataset.symbol)"


def is_live(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", "live")


def test_the_badge_has_details_for_pointer_keyboard_and_touch(open_page: Open) -> None:
    page = open_page()
    is_live(page)
    tip, badge = page.locator("#link-tip"), page.locator("#link summary")
    expect(tip).to_be_hidden()
    badge.hover()
    expect(tip).to_be_visible()
    expect(tip.locator("[data-meter=latency]")).to_contain_text(" ms")
    expect(tip).to_contain_text("WebSocket")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(5, 400)
    badge.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Enter")
    expect(tip).to_be_hidden()
    expect(page.locator("#link dl")).to_contain_text("Latency")
    phone = open_page(viewport=PHONE, has_touch=True)
    is_live(phone)
    phone.locator("#link summary").tap()
    expect(phone.locator("#link dl [data-meter=latency]")).to_contain_text(" ms")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_gap_is_announced_when_the_line_is_back(
    open_page: Open, line: Proxy, served: Served
) -> None:
    page = open_page(url=line.url)
    is_live(page)
    line.cut()
    expect(page.locator("#link-banner")).to_contain_text("Connection lost")
    served.wait_for_events(400)
    line.mend()
    toast = page.locator("#toasts-polite")
    expect(toast).to_contain_text("Reconnected after")
    is_live(page)


def test_first_steps_stay_away_once_they_are_dismissed(open_page: Open) -> None:
    page = open_page(user="admin")
    hints = page.locator("#hints")
    expect(hints.get_by_role("listitem")).to_have_count(3)
    hints.get_by_role("button", name="Got it").click()
    expect(page.locator("#hints")).to_have_count(0)
    other = open_page(user="admin")
    is_live(other)
    expect(other.locator("#hints")).to_have_count(0)


def test_the_site_can_be_installed(open_page: Open) -> None:
    page = open_page()
    href = str(page.locator("link[rel=manifest]").get_attribute("href"))
    answer = page.request.get(page.url.rstrip("/") + href)
    assert answer.headers["content-type"].startswith("application/manifest+json")
    manifest = json.loads(answer.text())
    folder = page.url.rstrip("/") + href.rpartition("/")[0]
    for icon in manifest["icons"]:
        found = page.request.get(f"{folder}/{icon['src']}")
        assert (found.status, found.headers["content-type"]) == (200, icon["type"])
    session = page.context.new_cdp_session(page)
    seen = session.send("Page.getAppManifest")
    assert (seen["errors"], bool(seen["data"])) == ([], True)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Each browser of a test is a private one.
    assert [each["errorId"] for each in errors] == ["in-incognito"]


def test_a_list_is_seen_as_a_heat_map_and_as_a_table_again(open_page: Open) -> None:
    page = open_page("?list=all")
    is_live(page)
    assert page.evaluate(
        "!performance.getEntriesByType('resource').some(({name}) => name.includes('heat_map'))"
    )
    page.get_by_role("button", name="Heat map").click()
    tiles = page.locator("#heatmap .heat-tile")
    expect(tiles).to_have_count(60)
    expect(page.locator("#watchlist table")).to_be_hidden()
    sized = page.locator(".heat-tile[aria-label*='volume']").first
    expect(sized).to_have_attribute("aria-label", re.compile(r"[+−0].*%, volume \d"))
    overlap = """
    (tiles) => {
      const boxes = tiles.map((tile) => tile.getBoundingClientRect());
      const touch = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
      return boxes.some((box, at) => boxes.slice(0, at).some((other) => touch(box, other)));
    }
    """
    assert not tiles.evaluate_all(overlap)
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    symbol = str(page.evaluate("document.activeElement.dataset.symbol"))
    page.keyboard.press("Enter")
    expect(page.locator("#instrument [data-part=symbol]")).to_have_text(symbol)
    page.reload()
    expect(tiles).to_have_count(60)
    page.keyboard.press("m")
    expect(page.locator("#watchlist table")).to_be_visible()
    assert "picture" not in page.url
    page.set_viewport_size(PHONE)
    page.keyboard.press("m")
    expect(tiles).to_have_count(60)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_line_of_the_market_is_put_on_an_own_list(open_page: Open) -> None:
    page = open_page("?list=active")
    is_live(page)
    own = page.context.new_page()
    own.goto(page.url.partition("?")[0])
    is_live(own)
    mine = set(own.locator("#watchlist tr[data-symbol]").evaluate_all(SYMBOLS))
    symbol = next(
        each
        for each in page.locator("#watchlist tr[data-symbol]").evaluate_all(SYMBOLS)
        if each not in mine
    )
    page.get_by_role("button", name=f"Add {symbol} to my list").click()
    expect(page.locator("#toasts-polite")).to_contain_text(f"{symbol} is on Watchlist")
    line = own.locator(f"#watchlist tr[data-symbol='{symbol}']")
    expect(line).to_have_count(1)
    expect(line.get_by_role("button", name=f"Remove {symbol}")).to_have_count(1)
    own.get_by_role("button", name=f"Remove {symbol}").click()
    expect(line).to_have_count(0)


def test_a_kiosk_shows_prices_alone_and_what_is_wrong_with_them(
    open_page: Open, line: Proxy
) -> None:
    page = open_page("?list=active", url=line.url)
    is_live(page)
    page.locator("#watchlist tr[data-symbol] .symbol").first.click()
    expect(page.locator("#instrument")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_label("Go to or do").fill("kiosk")
    page.keyboard.press("Enter")
    page.wait_for_url("**kiosk=*")
    is_live(page)
    panel = page.locator("#watchlist").bounding_box()
    assert panel is not None
    assert panel["width"] > 1200, "the list has the whole screen"
    expect(page.locator("#watchlist tr[data-symbol]").first).to_be_visible()
    for part in (".topbar", "#hints", ".lists", "#add-form", "#pause", ".col-remove >> nth=0"):
        expect(page.locator(part)).to_be_hidden()
    line.cut()
    expect(page.locator("#link-banner")).to_be_visible(timeout=20_000)
    line.mend()
    is_live(page)
    page.get_by_role("link", name="Leave the kiosk").click()
    expect(page.locator(".topbar")).to_be_visible()
    expect(page.locator("#list-name")).to_have_text("Most active")
