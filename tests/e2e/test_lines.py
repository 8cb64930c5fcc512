"""What a line shows beside its prices: the day so far, receipts, the columns that were chosen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Open
from tests.support.people import PHONE
from tests.support.served import Served

pytestmark = pytest.mark.slow

LINES = "#watchlist tbody tr[data-symbol]"
SPARKLINES = "/api/v1/sparklines"


def test_lines_in_view_have_the_day_so_far_after_one_request(
    open_page: Open, served: Served, eventually: Callable[..., None]
) -> None:
    page = open_page("accounts/sessions/")
    asked: list[str] = []
    page.on("request", lambda request: SPARKLINES in request.url and asked.append(request.url))
    page.goto(served.url)
    count = page.locator(LINES).count()
    expect(page.locator(f"{LINES} .day-prices[d^=M]")).to_have_count(count)
    assert len(asked) == 1
    for line in page.locator(LINES).all()[:5]:
        eventually(lambda line=line: said(line) == f"Day so far: {words(line)}")


def said(line: Locator) -> str | None:
    """Return what a screen reader says of the picture."""
    return line.locator(".day-line").get_attribute("aria-label")


def words(line: Locator) -> str:
    """Return what the change of a line says of its day."""
    sign = line.locator("[data-field=change]").inner_text().strip("\u25b2\u25bc \n")[0]
    return {"+": "rising", "\u2212": "falling"}.get(sign, "unchanged")


def test_a_phone_asks_for_no_picture(
    open_page: Open, served: Served, eventually: Callable[..., None]
) -> None:
    page = open_page("accounts/sessions/", viewport=PHONE)
    asked: list[str] = []
    page.on("request", lambda request: "spark" in request.url and asked.append(request.url))
    page.goto(served.url)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    ticks = page.locator(".panel-foot [data-meter=ticks]")
    eventually(lambda: int(ticks.text_content().replace(",", "").strip("\u2013") or 0) > 150)
    assert asked == []
    # The same page shows them when it gets room for the column.
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(f"{LINES} .day-prices[d^=M]").first).to_be_visible()
    assert any(SPARKLINES in url for url in asked)


def test_a_key_shows_how_many_ticks_an_update_stood_for(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    receipts = page.locator(f"{LINES} th[data-receipt^='1 of ']")
    page.keyboard.press("n")
    expect(receipts.first).to_be_visible()
    page.reload()
    expect(receipts.first).to_be_visible()
    page.keyboard.press("n")
    expect(receipts).to_have_count(0)


def test_the_address_chooses_the_columns(open_page: Open) -> None:
    page = open_page("?columns=day,ask,last")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    fields = page.locator(LINES).first.locator("td[data-field]")
    assert fields.evaluate_all("cells => cells.map(({dataset}) => dataset.field)") == [
        "day", "ask", "last",
    ]  # fmt: skip
    expect(fields.nth(1)).not_to_have_text("\u2013")


def test_a_person_chooses_and_moves_columns_and_finds_them_elsewhere(open_page: Open) -> None:
    page = open_page(user="admin")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    page.locator("#columns > summary").click()
    for name in ("High of the day", "Low of the day", "Change"):
        page.locator("#columns").get_by_label(name, exact=True).uncheck()
    last = "column=volume&column=ask"
    with page.expect_response(lambda got: last in (got.request.post_data or "")) as answer:
        page.get_by_role("button", name="Move Volume to the left").click()
    assert answer.value.ok
    chosen = ["last", "change_percent", "day", "bid", "volume", "ask"]
    read = "cells => cells.map(({dataset}) => dataset.field)"
    other = open_page(user="admin")
    for each in (page, other):
        fields = each.locator(LINES).first.locator("td[data-field]")
        expect(fields).to_have_count(len(chosen))
        assert fields.evaluate_all(read) == chosen
    linked = open_page("?columns=low", user="admin")
    expect(linked.locator(LINES).first.locator("td[data-field]")).to_have_count(1)
    # Others use this account too, so the choice must be gone before the page is.
    with page.expect_response(lambda got: got.url.endswith("/columns/")) as answer:
        page.get_by_role("button", name="Usual columns").click()
    assert answer.value.ok
    expect(page.locator(LINES).first.locator("td[data-field]")).to_have_count(9)
    assert "columns=last%2C" in str(page.locator("#columns a").get_attribute("href"))
