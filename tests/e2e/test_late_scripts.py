"""The line breaks while a page loads its later scripts: they come when it is mended."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open

pytestmark = pytest.mark.slow

LATER = ("trades/panel", "watchlist/search", "notifications/notifications", "notifications/toasts")


def break_once(page: Page, *scripts: str) -> list[str]:
    """Let the first request of each script fail; return those that failed, as they come."""
    broken: list[str] = []

    def answer(route: Route) -> None:
        name = route.request.url.partition("/js/screen/")[2].removesuffix(".js")
        if name in broken:
            route.fallback()
            return
        broken.append(name)
        route.abort()

    for script in scripts:
        page.route(f"**/js/screen/{script}.js", answer)
    return broken


def test_a_page_whose_line_broke_early_has_everything_a_little_later(
    open_page: Open, eventually: Callable[..., None]
) -> None:
    page = open_page("?list=all", user="admin")
    page.unroute_all()
    broken = break_once(page, *LATER)
    page.goto(page.url.partition("?")[0])
    box = page.get_by_label("Find or add a symbol")
    name = page.locator("#watchlist tbody tr[data-symbol]").first.get_attribute("data-symbol")
    box.press_sequentially(str(name))
    box.press("Enter")
    line = page.locator(f"tr[data-symbol='{name}']")
    expect(line.locator(":focus")).to_have_count(1)
    expect(box).to_have_value("")
    page.locator("#trades summary").click()
    expect(page.locator("#trades tbody tr").first).to_be_visible(timeout=20_000)
    # Requests are heard while the page is asked something.
    eventually(lambda: page.title() and set(broken) == set(LATER))
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    line.locator("th").press("Delete")
    toast = page.locator("#toasts-polite", has_text=f"{name} removed")
    toast.get_by_role("button", name="Undo").click(timeout=20_000)
    expect(line).to_be_visible()
