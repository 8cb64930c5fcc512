"""A person reads notifications: filters, links, and two tabs that agree."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE

pytestmark = pytest.mark.slow


def test_what_is_read_in_one_tab_is_read_in_the_other(open_page: Open, tmp_path: Path) -> None:
    page = open_page("alerts/?symbol=NVX")
    page.get_by_label("Condition", exact=True).select_option("above")
    page.get_by_label("Value", exact=True).fill("0.02")
    page.get_by_role("button", name="Make the alert").click()
    centre = open_page("notifications/")
    fired = centre.locator("#centre li", has_text="NVX is above 0.02")
    news = centre.get_by_role("link", name="Show them")
    expect(fired.or_(news).first).to_be_visible()
    centre.reload()
    expect(fired).to_have_class(re.compile("is-unread"))
    for where, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for theme in ("light", "dark"):
            centre.set_viewport_size(size)
            centre.emulate_media(color_scheme=theme)
            assert centre.evaluate("document.documentElement.scrollWidth") <= size["width"]
            centre.screenshot(path=tmp_path / f"centre-{where}-{theme}.png", full_page=True)
    page.goto(centre.url)
    page.get_by_role("button", name="Mark read: NVX is above 0.02").click()
    expect(page.locator("#centre li", has_text="NVX is above 0.02")).to_have_class(
        re.compile("is-read")
    )
    expect(fired).to_have_class(re.compile("is-read"))
    fired.get_by_role("link", name="Open NVX").click()
    expect(centre.locator("#instrument [data-part=symbol]")).to_have_text("NVX")
