"""A person sees what another exchange corrects: in the trades, in the chart, without a jump."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.people import DESKTOP, PHONE, People, close
from tests.support.served import serve
from tests.support.vendor import Vendor, running_vendor

pytestmark = pytest.mark.slow

ADD_FEED: Final = """
import django
django.setup()
from decimal import Decimal
from feeds.models import Feed, Instrument
from feeds.services.feeds import save_feed, start_feed
from feeds.services.instruments import save_instrument
feed = Feed(slug="live", name="Live", kind="upstream", exchange="{exchange}")
save_feed(feed, actor=None)
instrument = Instrument(
    feed=feed, symbol="ACME", name="Acme", sector="Energy", reference_price=Decimal(100)
)
save_instrument(instrument, actor=None)
start_feed(feed, actor=None)
"""
NEW_YORK_MIDNIGHT: Final = (3, 4, 5)
"""The hours of UTC around midnight in New York, in summer and in winter."""
OPEN_TRADES: Final = "localStorage.setItem('market.trades', 'open')"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with running_vendor() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def people(
    vendor: Vendor, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[People]:
    keys = {"MARKET_UPSTREAM_KEY": "key", "MARKET_UPSTREAM_SECRET": "secret"}
    folder = tmp_path_factory.mktemp("corrections")
    with serve(folder, MARKET_UPSTREAM_URL=vendor.url, **keys) as served:
        # A trade of two minutes ago must be one of today, so midnight is far away.
        exchange = "XLON" if datetime.now(UTC).hour in NEW_YORK_MIDNIGHT else "XNYS"
        served.run(ADD_FEED.format(exchange=exchange))
        vendor.wait_for_reader()
        yield People(browser, served)


def said(number: int, price: float, at: datetime, size: int = 100) -> dict[str, Any]:
    moment = at.isoformat().replace("+00:00", "Z")
    return {
        "T": "t", "S": "ACME", "i": number, "x": "V", "p": price, "s": size, "t": moment,
        "c": ["@"], "z": "C",
    }  # fmt: skip


def corrected(number: int, price: float, right: float) -> dict[str, Any]:
    return {
        "T": "c", "S": "ACME", "x": "V", "z": "C", "oi": number, "op": price, "os": 100,
        "oc": ["@"], "ci": number, "cp": right, "cs": 100, "cc": ["@"],
    }  # fmt: skip


def cancelled(number: int, price: float) -> dict[str, Any]:
    return {"T": "x", "S": "ACME", "i": number, "x": "V", "p": price, "s": 100, "a": "C", "z": "C"}


WIDER: Final = "cells => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).length"


def shown(page: Page) -> list[list[str]]:
    """Return the lines of the trades: mark, price, size."""
    rows = page.locator("#trades tbody tr").all()
    parts = ("mark", "price", "size")
    return [[row.locator(f"[data-part={part}]").inner_text() for part in parts] for row in rows]


@pytest.mark.parametrize(
    ("where", "size", "theme"), [("desktop", DESKTOP, "light"), ("phone", PHONE, "dark")]
)
def test_a_correction_is_seen_where_the_trade_stands(
    people: People, vendor: Vendor, tmp_path: Path, where: str, size: dict[str, int], theme: str
) -> None:
    context = people.context("viewer", viewport=size, color_scheme=theme)
    context.add_init_script(OPEN_TRADES)
    page = context.new_page()
    page.goto(people._served.url + "i/ACME/")
    rows = page.locator("#trades tbody tr")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    now, first = datetime.now(UTC), rows.count()
    base = 1000 * len(theme) + 100 * len(where)
    vendor.say(
        said(base + 1, 100.0, now - timedelta(minutes=2)),
        said(base + 2, 101.0, now - timedelta(seconds=2)),
        said(base + 3, 109.0, now - timedelta(seconds=1)),
        said(base + 4, 102.0, now),
    )
    expect(rows.nth(0).locator("[data-part=price]")).to_have_text("102.00")
    page.get_by_role("button", name="Table").click()
    expect(page.locator("#instrument [data-part=bars-table] tbody tr").first).to_be_visible()
    before = rows.evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().top)")
    vendor.say(corrected(base + 2, 101.0, 101.5), cancelled(base + 3, 109.0))
    expect(rows.nth(1)).to_have_attribute("data-fix", "cancelled")
    expect(rows.nth(1).locator("[data-part=price]")).to_have_css(
        "text-decoration-line", "line-through"
    )
    assert shown(page)[:3] == [
        ["", "102.00", "100"],
        ["X", "109.00", "100"],
        ["C", "101.50", "100"],
    ]
    expect(rows.nth(2)).to_have_attribute("title", "Corrected: before, 100 at 101.00")
    assert before == rows.evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().top)")
    vendor.say(corrected(base + 1, 100.0, 90.0))
    mended = page.locator("#instrument tr[data-rev]").filter(has_text="90.00").first
    expect(mended).to_be_visible()
    assert page.locator("#trades tbody .tape-price").evaluate_all(WIDER) == 0
    page.reload()
    expect(page.locator("#trades [data-fix=cancelled]").first).to_be_visible()
    page.screenshot(path=tmp_path / f"corrections-{where}-{theme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert rows.count() >= first
    close(context)
