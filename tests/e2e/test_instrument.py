"""A person looks at one instrument: its page, its chart, and the panel beside the list."""

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.slow


OUTAGE_EVENTS: Final = 2000
"""At the rate of the tests, 200 ticks/s, an outage of ten seconds: two bars or three."""
CLOSED_BARS: Final = """
() => [...document.querySelectorAll("#instrument tr[data-closed]")].reverse().map((row) => [
  Number(row.dataset.t),
  ...[...row.querySelectorAll("td")].map((cell) => Number(cell.textContent.replaceAll(",", ""))),
])
"""
"""The closed bars of the table: time, open, high, low, close, volume, trades."""


def expect_chart(page: Page) -> None:
    """Wait until the chart shows bars."""
    expect(page.locator("#link-badge")).to_contain_text("Live")
    expect(page.locator("#instrument canvas").first).to_be_visible()
    expect(page.locator("#instrument [data-part=legend]")).to_be_visible()
    expect(page.locator("#instrument [data-part=chart-note]")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("where", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_page_of_an_instrument_fits_its_screen(
    open_page: Open, tmp_path: Path, where: str, size: dict[str, int], theme: str
) -> None:
    page = open_page("i/NVX/", viewport=size, color_scheme=theme)
    expect_chart(page)
    page.screenshot(path=tmp_path / f"instrument-{where}-{theme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize(("where", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_a_line_of_the_list_opens_the_chart_beside_it(
    open_page: Open, tmp_path: Path, where: str, size: dict[str, int]
) -> None:
    page = open_page(viewport=size)
    line = page.locator("#watchlist tbody tr").nth(2)
    line.locator("[data-field=last]").click()
    expect_chart(page)
    symbol = line.get_attribute("data-symbol")
    expect(page.locator("#instrument [data-part=symbol]")).to_have_text(symbol or "")
    page.screenshot(path=tmp_path / f"panel-{where}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.reload()
    expect_chart(page)
    page.locator("#instrument").get_by_role("button", name="Close the chart").click()
    expect(page.locator("#instrument")).to_be_hidden()
    line.locator("a.symbol").click()
    expect_chart(page)
    page.locator("#instrument").get_by_role("link", name="Open page").click()
    page.wait_for_url(f"**/i/{symbol}/")
    expect_chart(page)


def test_a_closed_bar_is_the_stored_one_also_through_a_reconnect(
    open_page: Open, line: Proxy, served: Served
) -> None:
    """The live bar becomes the stored bar, history joins it, and an outage leaves no hole."""
    page = open_page("i/NVX/", url=line.url)
    expect_chart(page)
    page.get_by_role("button", name="Table").click()
    page.wait_for_function(f"() => ({CLOSED_BARS})().length > 0")
    before = page.evaluate(CLOSED_BARS)[-1][0]
    line.cut()
    expect(page.locator("#link-badge")).not_to_contain_text("Live")
    served.wait_for_events(OUTAGE_EVENTS)
    line.mend()
    expect(page.locator("#link-badge")).to_contain_text("Live", timeout=30_000)
    page.wait_for_function(
        f"() => ({CLOSED_BARS})().at(-1)[0] >= {before + 3 * 60_000}", timeout=60_000
    )
    shown = page.evaluate(CLOSED_BARS)
    assert shown == stored_bars(page, shown[0][0], shown[-1][0])


def stored_bars(page: Page, first_ms: int, last_ms: int) -> list[list[Any]]:
    """Return what REST answers, which has closed bars from the database."""
    query = f"symbol=NVX&interval=1m&from={first_ms}&to={last_ms + 1}&limit=1000"
    bars = page.evaluate("(url) => fetch(url).then((r) => r.json())", f"/api/v1/bars?{query}")[
        "data"
    ]
    return [[bar[key] for key in ("t", "o", "h", "l", "c", "v", "n")] for bar in bars]


def test_the_kinds_and_intervals_of_a_chart(open_page: Open) -> None:
    page = open_page("i/NVX/")
    expect_chart(page)
    for name in ("Line", "Area", "Candles"):
        page.get_by_role("radio", name=name).check(force=True)
        expect_chart(page)
    for interval in ("1s", "5m", "1d"):
        page.get_by_role("radio", name=interval, exact=True).check(force=True)
        chart = page.get_by_role("img", name=f"Chart of NVX, bars of {interval}, newest close")
        expect(chart).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="1d", exact=True)).to_be_checked()
    expect_chart(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text()
    assert text.startswith("time,open,high,low,close,volume,trades\n")
    assert text.count("\n") > 20
    with page.expect_download() as download:
        page.get_by_role("button", name="Image").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


RESTRICT: Final = "from feeds.models import Feed; Feed.objects.update(is_restricted={})"


def test_an_instrument_that_is_taken_away_leaves_its_page(open_page: Open, served: Served) -> None:
    """Nobody sees it any more: open charts lose it, and the page is not found."""
    page = open_page("i/NVX/")
    expect_chart(page)
    page.get_by_role("button", name="Table").click()
    served.manage("shell", "-v0", "-c", RESTRICT.format(True))
    try:
        note = page.locator("#instrument [data-part=chart-note]")
        expect(note).to_contain_text("you may not see it")
        expect(page.locator("#instrument .bars tbody tr")).to_have_count(0)
        expect(page.locator("#instrument [data-figure=last]")).to_have_text("–")
        answer = page.request.get(f"{served.url}i/NVX/")
        assert answer.status == 404
    finally:
        served.manage("shell", "-v0", "-c", RESTRICT.format(False))
    expect(page.locator("#instrument .bars tbody tr").first).to_be_visible(timeout=20_000)
