"""The pages in both themes, at a desk and on a phone; one picture is README's."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE

pytestmark = pytest.mark.slow

PICTURE = Path(__file__).parents[2] / "static" / "images" / "dashboard.png"
PAGES = {"dashboard": "", "polling": "polling/?interval=1"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("where", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_fits_its_screen(
    open_page: Open, tmp_path: Path, name: str, where: str, size: dict[str, int], theme: str
) -> None:
    page = open_page(PAGES[name], viewport=size, color_scheme=theme)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    expect(page.locator("tbody tr").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    page.screenshot(path=tmp_path / f"{name}-{where}-{theme}.png")
    assert width <= size["width"]
    for button in (".row-alert", ".remove"):
        box = page.locator(f"tbody {button}").first.bounding_box()
        assert box
        assert box["width"] >= 24
        assert box["x"] + box["width"] <= size["width"]
    if name == "dashboard":
        page.keyboard.press("t")
        expect(page.locator("#trades tbody tr").first).to_be_visible()
        page.screenshot(path=tmp_path / f"trades-{where}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_picture_of_readme(open_page: Open, pytestconfig: Any, tmp_path: Path) -> None:
    """Made from the live page; written into the tree with --update-screenshot."""
    page = open_page(viewport={"width": 1200, "height": 760}, color_scheme="dark")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    page.wait_for_function(
        "() => Number(document.querySelector('.panel-foot [data-meter=ticks]').innerText) > 150"
    )
    path = PICTURE if pytestconfig.getoption("--update-screenshot") else tmp_path / PICTURE.name
    page.screenshot(path=path)
    assert path.stat().st_size > 20_000


def test_signing_in_fits_a_phone(open_page: Open) -> None:
    page = open_page("", user=None, viewport=PHONE)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_bar_is_never_too_tight(open_page: Open) -> None:
    """An admin has the most pages; between a phone and a desk there is every width."""
    page = open_page(user="admin")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    for width in range(320, 1100, 20):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_import_of_an_instrument_list_fits_a_phone(open_page: Open, theme: str) -> None:
    page = open_page("admin/feeds/feed/", user="admin", viewport=PHONE, color_scheme=theme)
    page.get_by_role("link", name="Demo Exchange", exact=True).click()
    page.get_by_role("link", name="Import instruments").click()
    for name, shown in (("", "line 2: name: This field"), ("Nova", "Dry run: nothing has")):
        page.get_by_label("Or paste the rows").fill(f"symbol,name\nNVX,{name}\n")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#deck")).to_contain_text(shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
