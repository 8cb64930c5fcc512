"""The pages in both themes, at a desk and on a phone; two pictures are README's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE, People, close
from tests.support.served import Served

pytestmark = pytest.mark.slow

PICTURES = Path(__file__).parents[2] / "static" / "images"
PICTURE_SIZE = {"width": 1200, "height": 760}
PAGES = {"dashboard": "", "polling": "polling/?interval=1"}
FOLLOW_PLACES = """(selector) => {
  globalThis.places = new Set();
  (function look() {
    const all = [...document.querySelectorAll(selector)];
    const boxes = all.map((each) => each.getBoundingClientRect());
    const place = String(boxes.map(({x, y}) => [Math.round(x), Math.round(y)]));
    if (document.readyState !== "loading") places.add(place);
    requestAnimationFrame(look);
  })();
}"""
"""Note in each frame of a whole page where some elements are."""


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


@pytest.fixture
def keep(pytestconfig: Any, tmp_path: Path) -> Callable[[Page, str], None]:
    """Return how to take a picture; --update-screenshot writes it into the tree, for README."""
    folder = PICTURES if pytestconfig.getoption("--update-screenshot") else tmp_path

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size > 20_000

    return keep


def test_the_picture_of_the_dashboard(open_page: Open, keep: Callable[[Page, str], None]) -> None:
    page = open_page(viewport=PICTURE_SIZE, color_scheme="dark")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    page.wait_for_function(
        "() => Number(document.querySelector('.panel-foot [data-meter=ticks]').innerText) > 150"
    )
    keep(page, "dashboard")


def test_the_picture_of_a_chart_with_an_alert(
    open_page: Open, keep: Callable[[Page, str], None]
) -> None:
    page = open_page("i/AQM/", viewport=PICTURE_SIZE, color_scheme="dark")
    expect(page.locator("#instrument [data-part=legend]")).to_be_visible()
    expect(page.locator("#instrument [data-part=chart-note]")).to_be_hidden()
    box = page.locator("#instrument [data-part=chart]").bounding_box()
    assert box is not None
    # The chart leaves 8 % of its height above its highest price.
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 16)
    page.get_by_role("button", name="Alert above").click()
    expect(page.get_by_role("slider", name="Alert above")).to_be_focused()
    page.mouse.move(0, 0)
    keep(page, "chart")


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


@pytest.mark.parametrize(
    ("path", "size", "theme"), [("", DESKTOP, "light"), ("polling/?interval=10", PHONE, "dark")]
)
def test_a_removal_is_undone_without_a_script(
    open_page: Open, tmp_path: Path, path: str, size: dict[str, int], theme: str
) -> None:
    page = open_page(path, viewport=size, color_scheme=theme, java_script_enabled=False)
    symbols = page.locator("#watchlist a.symbol")
    before = symbols.all_inner_texts()
    page.get_by_role("button", name=f"Remove {before[2]}").click()
    expect(page.locator(".banner-undo")).to_contain_text(f"{before[2]} is removed.")
    assert page.locator("meta[http-equiv=refresh][content='30']").count() == ("polling" in path)
    page.screenshot(path=tmp_path / f"undo-{theme}.png")
    expect(symbols).to_have_text([*before[:2], *before[3:]])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".flash-messages")).to_contain_text(f"{before[2]} is back on the list.")
    expect(symbols).to_have_text(before)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize(
    ("path", "selector", "last"),
    [
        ("", "#notices > summary, #commands-open, #theme", "[data-link=live] #theme[title]"),
        ("alerts/", "#notices > summary, #commands-open, #theme", "[data-link=live] #theme[title]"),
        ("lab/", "#commands-open, #theme, #lab-form", "#lab-plot path[d]"),
        ("developers/", "#commands-open, #theme", "#theme[title]"),
        ("notifications/", "#push-title, #email", "#push button:enabled"),
        (
            "i/{symbol}/",
            "#instrument [data-part=chart], #trades",
            "#instrument .chart-legend:not(.is-empty)",
        ),
    ],
)
def test_what_people_press_stays_where_it_is(
    people: People, served: Served, path: str, selector: str, last: str, size: dict[str, int]
) -> None:
    """A button that moves between press and release is not pressed."""
    context = people.context("viewer", viewport=size)
    context.add_init_script(f"({FOLLOW_PLACES})({json.dumps(selector)})")
    page = context.new_page()
    page.goto(served.url + path.format(symbol=next(iter(served.board()["rows"]))))
    page.locator(last).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle" if path == "developers/" else "load")
    places = page.evaluate("[...places]")
    close(context)
    assert len(places) == 1
