"""A page that is older than the server offers to reload, and does nothing more by itself."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open
from tests.support.proxy import Proxy

pytestmark = pytest.mark.slow


def answer(build: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(
        body=json.dumps({"build": build}), content_type="application/json"
    )


def offer(page: Page) -> object:
    return page.locator("#new-version")


@pytest.mark.parametrize("path", ["", "?transport=poll"])
def test_after_an_update_the_page_offers_to_reload(open_page: Open, line: Proxy, path: str) -> None:
    page = open_page(path, url=line.url)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    page.route("**/version/", answer("newer"))
    expect(offer(page)).to_be_hidden()
    line.cut()
    expect(page.locator("body")).not_to_have_attribute("data-link", "live", timeout=20_000)
    line.mend()
    expect(offer(page)).to_be_visible(timeout=60_000)
    expect(offer(page)).to_contain_text("new version")
    page.evaluate("window.isOld = true")
    page.unroute("**/version/")
    offer(page).get_by_role("button", name="Reload").click()
    page.wait_for_function("window.isOld === undefined")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(offer(page)).to_be_hidden()


def test_after_a_cut_without_an_update_nothing_is_offered(open_page: Open, line: Proxy) -> None:
    page = open_page(url=line.url)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    with page.expect_response("**/version/", timeout=20_000) as asked:
        line.cut()
        line.mend()
    assert asked.value.ok
    expect(offer(page)).to_be_hidden()


def test_a_page_without_a_connection_asks_when_it_is_looked_at(open_page: Open) -> None:
    page = open_page("developers/")
    page.route("**/version/", answer("newer"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(offer(page)).to_be_visible(timeout=20_000)
