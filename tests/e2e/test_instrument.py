"""A person looks at one instrument: its page, its chart, and the panel beside the list."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, Route, expect

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


SCROLL_TO_END: Final = """
(panel) => { for (const part of [panel, panel.parentElement]) part.scrollTop = 10_000; }
"""


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
    for width in (size["width"], 1160, 1400, 1600) if where == "desktop" else ():
        page.set_viewport_size({"width": width, "height": size["height"]})
        head = page.locator("#watchlist tbody th.col-symbol").first.bounding_box()
        assert head is not None
        assert head["width"] > 80, f"the symbols have {head['width']} px in a window of {width} px"
    page.set_viewport_size(size)
    page.reload()
    expect_chart(page)
    page.locator("#instrument").get_by_role("button", name="Close the chart").click()
    expect(page.locator("#instrument")).to_be_hidden()
    line.locator("a.symbol").click()
    expect_chart(page)
    page.locator("#instrument").get_by_role("link", name="Open page").click()
    page.wait_for_url(f"**/i/{symbol}/")
    expect_chart(page)


@pytest.mark.parametrize(("width", "how"), [(390, "click"), (1280, "Enter"), (1600, "click")])
def test_the_chart_of_the_last_line_is_in_view(open_page: Open, width: int, how: str) -> None:
    """Also with the trades open, and after another chart was scrolled."""
    page = open_page(viewport={"width": width, "height": 560})
    page.evaluate("localStorage.setItem('market.trades', 'open')")
    page.reload()
    lines = page.locator("#watchlist tbody tr[data-symbol]")
    # On a phone the chart is a sheet over the list.
    for line in [lines.nth(lines.count() - 2), lines.last][width < 400 :]:
        cell = line.locator("[data-field=last]")
        if how == "click":
            cell.click()
        else:
            cell.focus()
            page.keyboard.press("Enter")
        expect_chart(page)
        symbol = line.get_attribute("data-symbol") or ""
        expect(page.locator("#instrument [data-part=symbol]")).to_have_text(symbol)
        for part in ("#instrument-title", "#instrument [data-part=chart]"):
            expect(page.locator(part)).to_be_in_viewport()
        page.locator("#instrument").evaluate(SCROLL_TO_END)


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
    expect(page.locator("#link-badge")).to_contain_text("Live")
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


def test_an_alert_is_made_at_a_place_of_the_chart_and_dragged(open_page: Open) -> None:
    page = open_page("i/QBT/")
    expect_chart(page)
    chart = page.locator("#instrument [data-part=chart]")
    box = chart.bounding_box()
    assert box is not None
    # Above the bars: a price that was not reached lately.
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
    page.get_by_role("button", name="Alert above").click()
    line = page.get_by_role("slider", name="Alert above")
    expect(line).to_be_focused()
    made = price_of(line)
    line.hover()
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 60, steps=4)
    page.mouse.move(box["x"] + 40, box["y"] + 2, steps=4)
    page.mouse.up()
    expect(line).not_to_have_attribute("aria-valuenow", str(made))
    dragged = price_of(line)
    page.keyboard.press("PageUp")
    assert price_of(line) > dragged  # also while the drag is being stored
    page.keyboard.press("Enter")
    moved = price_of(line)
    expect(page.locator("#announcer")).to_contain_text(f"The alert waits for {moved}")
    page.reload()
    expect_chart(page)
    expect(line).to_have_attribute("aria-valuenow", f"{moved:g}")
    page.keyboard.press("Alt+a")
    offer = page.get_by_role("button", name=re.compile("Alert (above|below)"))
    expect(offer).to_be_focused()
    page.keyboard.press("Escape")
    expect(offer).to_be_hidden()
    page.goto(page.url.split("/i/")[0] + "/alerts/")
    expect(page.locator(".alert-text", has_text=f"QBT is above {moved:,g}")).to_be_visible()


LADDER_IS_REST: Final = """
async () => {
  const quote = (await (await fetch("/api/v1/quotes?symbols=NVX")).json()).data.NVX;
  const rows = [...document.querySelectorAll("#instrument .ladder tbody tr")];
  const number = (cell) => Number(cell.textContent.replaceAll(",", ""));
  const shown = (name) => rows.map((row) => number(row.querySelector(`.ladder-${name}`)));
  const told = (side, part) => quote[side].map((level) => level[part]);
  const cells = ["bid", "bid-size", "ask", "ask-size"].map(shown);
  const levels = [told("bids", 0), told("bids", 1), told("asks", 0), told("asks", 1)];
  return rows.length === 5 && JSON.stringify(cells) === JSON.stringify(levels);
}
"""


def test_the_ladder_is_live_and_has_the_book_that_rest_tells(open_page: Open) -> None:
    page = open_page("i/NVX/")
    expect_chart(page)
    page.wait_for_function(LADDER_IS_REST, polling=100)
    best = page.locator("#instrument .ladder tbody tr").first.locator(".ladder-bid")
    before = best.text_content() or ""
    expect(best).not_to_have_text(before)


def price_of(line: Locator) -> float:
    return float(line.get_attribute("aria-valuenow") or "nan")


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


def drag_back(page: Page, pixels: int) -> None:
    """Drag the chart to the right, so that older bars come into view."""
    box = page.locator("#instrument [data-part=chart]").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 40, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 40 + pixels, y, steps=5)
    page.mouse.up()


def pointed_bar(page: Page) -> str:
    """Return the values of the bar under a place in the middle of the chart."""
    box = page.locator("#instrument [data-part=chart]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    return page.locator("#instrument [data-part=legend] [data-part=time]").inner_text()


def saved_times(page: Page) -> list[str]:
    """Return when the bars of the saved file begin."""
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    return [line.split(",")[0] for line in download.value.path().read_text().splitlines()[1:]]


def test_a_chart_that_is_dragged_shows_older_bars_in_their_place(
    open_page: Open, eventually: Callable[..., None]
) -> None:
    """They join without a hole, what is seen stays in its place, and a page is one request."""
    page = open_page("i/NVX/")
    expect_chart(page)
    at_first = saved_times(page)
    waiting: list[Route] = []
    page.route("**/api/v1/bars?*", lambda route: waiting.append(route))
    for _ in range(40):
        if not waiting:
            drag_back(page, 400)
    note = page.locator("#instrument [data-part=chart-note]")
    expect(note).to_have_text("Loading older bars…")
    assert len(waiting) == 1
    waiting.pop().abort()
    expect(note).to_contain_text("Older bars cannot be read now")
    with page.expect_request("**/api/v1/bars?*"):
        page.mouse.wheel(-60, 0)
    expect(note).to_have_text("Loading older bars…")
    # The route is asked after the page has said so; each look lets it be heard.
    eventually(lambda: page.title() and waiting)
    assert len(waiting) == 1
    seen = pointed_bar(page)
    waiting.pop().continue_()
    expect(note).to_be_hidden()
    assert pointed_bar(page) == seen
    assert waiting == []
    page.unroute("**/api/v1/bars?*")
    times = saved_times(page)
    query = f"symbol=NVX&interval=1m&to={ms_of(at_first[0])}&limit=900"
    before = page.evaluate("(url) => fetch(url).then((r) => r.json())", f"/api/v1/bars?{query}")
    older = [ms_of(time) for time in times if time < at_first[0]]
    assert older == [bar["t"] for bar in before["data"]]
    assert times[len(older) :][: len(at_first)] == at_first
    page.get_by_role("button", name="Newest").click()
    page.get_by_role("radio", name="5m", exact=True).check(force=True)
    expect(page.get_by_role("img", name="Chart of NVX, bars of 5m, newest close")).to_be_visible()
    expect(note).to_be_hidden()
    assert len(saved_times(page)) < len(times)


def test_the_oldest_bars_of_a_chart_say_so(open_page: Open) -> None:
    """By the button, which needs no drag."""
    page = open_page("i/NVX/?bars=1s")
    expect_chart(page)
    asked: list[str] = []
    page.on("request", lambda request: "/api/v1/bars" in request.url and asked.append(request.url))
    older = page.get_by_role("button", name="Older", exact=True)
    older.focus()
    note = page.locator("#instrument [data-part=chart-note]")
    for _ in range(20):
        page.keyboard.press("Enter")
    expect(note).to_have_text("These are the oldest bars.")
    expect(older).to_be_focused()
    assert len(asked) <= 1


SCROLLED: Final = "() => scrollY + document.querySelector('#instrument').scrollTop"
"""How far the page is scrolled, and the sheet that the chart is in on the dashboard of a phone."""


def drag_by_finger(page: Page, right: int, down: int) -> None:
    """Put a finger on the chart and draw it so many pixels."""
    box = page.locator("#instrument [data-part=chart]").bounding_box()
    assert box is not None
    begin = box["x"] + 40, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for step in range(9):
        point = {"x": begin[0] + right * step / 8, "y": begin[1] + down * step / 8}
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


@pytest.mark.parametrize("path", ["i/NVX/", "?i=NVX"])
def test_a_finger_drags_the_chart_to_the_side_and_the_page_up(
    open_page: Open, eventually: Callable[..., None], path: str
) -> None:
    page = open_page(path, viewport=PHONE, has_touch=True)
    expect_chart(page)
    at_first = saved_times(page)
    waiting: list[Route] = []
    page.route("**/api/v1/bars?*", lambda route: waiting.append(route))
    before = page.evaluate(SCROLLED)
    for _ in range(40):
        if not waiting:
            drag_by_finger(page, 250, 10)
    assert len(waiting) == 1
    assert page.evaluate(SCROLLED) == before
    waiting.pop().continue_()
    eventually(lambda: len(saved_times(page)) > len(at_first))
    drag_by_finger(page, 0, -150)
    eventually(lambda: page.evaluate(SCROLLED) > before)


def ms_of(time: str) -> int:
    """Return a time of a saved file in ms since 1970."""
    return round(datetime.fromisoformat(time).timestamp() * 1000)
