"""Somebody who gets a feed late sees nothing early, in whatever picture."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.people import People
from tests.support.served import Served, serve

pytestmark = pytest.mark.slow

RESTRICT: Final = """
import django
django.setup()
from django.contrib.auth.models import User
from feeds.models import Feed
from tests.support.entitlements import entitle
slug = Feed.objects.get().slug
entitle(User.objects.get(username="viewer"), 15, feed=slug)
entitle(User.objects.get(username="admin"), 0, feed=slug)
Feed.objects.update(is_restricted=True)
"""
PRICE: Final = re.compile(r"[+−]\d+\.\d\d%, volume [\d.]+[KMB]?$")
NOTHING_YET: Final = re.compile(r", –, volume 0, 15 min late$")


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site whose feed the admin sees at once, and the viewer 15 minutes late."""
    with serve(tmp_path_factory.mktemp("late"), "--instruments", "12") as served:
        served.run(RESTRICT)
        yield served


def opened(people: People, user: str, address: str) -> Page:
    page = people.context(user).new_page()
    page.goto(address)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    return page


def labels_of(page: Page) -> list[str]:
    tiles = page.locator("#heatmap .heat-tile")
    expect(tiles).to_have_count(12)
    # The instruments come before their prices, and a heat map may be drawn in between.
    expect(page.locator("#heatmap .heat-tile[aria-label*='volume –']")).to_have_count(0)
    return [str(tile.get_attribute("aria-label")) for tile in tiles.all()]


def test_a_late_reader_sees_nothing_early(browser: Browser, restricted: Served) -> None:
    people = People(browser, restricted)
    at_once = opened(people, "admin", f"{restricted.url}?list=all&picture=map")
    expect(
        at_once.locator("#heatmap .heat-tile[data-shade]:not([data-shade='0'])").first
    ).to_be_visible()
    symbol = next(label for label in labels_of(at_once) if PRICE.search(label)).split(",")[0]

    late = opened(people, "viewer", f"{restricted.url}?list=all&picture=map")
    assert [label for label in labels_of(late) if not NOTHING_YET.search(label)] == []
    expect(late.locator("#heatmap [data-part=note]")).to_have_text(
        "Tiles with a ring are 15 min late."
    )
    for key in ("gainers", "active"):
        late.goto(f"{restricted.url}?list={key}")
        expect(late.locator("#watchlist [data-part=empty]")).to_be_visible()
    late.goto(f"{restricted.url}i/{symbol}/")
    expect(late.locator("#link-badge")).to_contain_text("Live")
    expect(late.locator("#instrument [data-figure=delay]")).to_have_text("15 min late")
    for name in ("last", "bid", "ask", "high"):
        expect(late.locator(f"#instrument [data-figure={name}]")).to_have_text("–")
    expect(late.locator("#instrument .ladder-bid").first).to_have_text("–")
