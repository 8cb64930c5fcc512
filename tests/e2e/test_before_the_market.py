"""A page that was opened before the market began says so, and comes alive when it begins."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.feed_process import running_feed
from tests.support.people import DESKTOP, PHONE, People, close
from tests.support.redis_server import RedisServer
from tests.support.served import serve

pytestmark = pytest.mark.slow


def test_the_page_of_an_instrument_waits_for_the_market(
    browser: Browser, redis: RedisServer, tmp_path: Path
) -> None:
    with serve(tmp_path, REDIS_URL=redis.url) as served:
        people = People(browser, served)
        pages = []
        for size, theme in ((DESKTOP, "light"), (PHONE, "dark")):
            page = people.context("viewer", viewport=size, color_scheme=theme).new_page()
            answer = page.goto(served.url + "i/NVX/")
            assert answer is not None
            assert answer.status == 200
            expect(page.locator("#feed-banner")).to_contain_text("The market has not begun.")
            page.screenshot(path=tmp_path / f"waits-{theme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            pages.append(page)
        with running_feed(tmp_path, redis):
            for page in pages:
                banner = page.locator("#feed-banner")
                expect(banner).not_to_contain_text("has not begun")
                expect(page.locator("#instrument [data-figure=name]")).not_to_be_empty()
                expect(page.locator("#instrument [data-figure=last]")).to_contain_text(".")
                expect(page.locator("#instrument canvas").first).to_be_visible()
                expect(page.locator("#instrument [data-part=chart-note]")).to_be_hidden()
                close(page.context)
