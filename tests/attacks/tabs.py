"""Tabs that stand still for a while, as in a machine that sleeps, and then wake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from tests.attacks.changes import change
from tests.attacks.figures import Stopwatch, as_s
from tests.attacks.registry import Outcome, attack
from tests.support import chromium
from tests.support.people import People
from tests.support.price_table import TABLE, agrees
from tests.support.readers import for_seconds
from tests.support.served import Served
from tests.support.waiting import wait_until

ASLEEP_S: Final = 20.0
RIGHT_S: Final = 2.0
PAINTED: Final = f"""() => new Promise((tell) => requestAnimationFrame(() => setTimeout(() => tell(
  [document.querySelector("#link-badge").innerText.trim(), JSON.stringify(({TABLE})())],
))))"""
PAUSE: Final = (
    "from feeds.services import feeds; from feeds.models import Feed; "
    "feeds.pause_feed(Feed.objects.get(), actor=None)"
)


@attack(
    "browser tab that sleeps for 20 s and wakes; the market goes on",
    expected="it does not say Live with old prices; new ones within 2 s",
    source="fault: tab sleeps",
)
def sleeping_tab(served: Served) -> Outcome:
    with _open_page(served) as page:
        before = _painted(page)[1]
        _sleep(lambda: None)
        watch = Stopwatch()
        badge, table = _painted(page)
        wait_until(lambda: _painted(page)[1] != before)
        expect(page.locator("#link-badge")).to_contain_text("Live")
        moved_s = watch.s
    is_honest = badge != "Live" or table != before
    text = f'said "{badge}" at first; new prices after {as_s(moved_s)}'
    return Outcome(text, is_honest and moved_s <= RIGHT_S)


@attack(
    "browser tab that sleeps for 20 s, in which an admin pauses the market",
    expected="within 2 s every price is that of the market, and the page says Paused",
    source="fault: tab sleeps",
)
def sleeping_tab_of_a_paused_market(served: Served) -> Outcome:
    with _open_page(served) as page:
        _sleep(lambda: change(served, PAUSE))
        watch = Stopwatch()
        wait_until(lambda: agrees(page, served))
        right_s = watch.s
        expect(page.get_by_text("Paused").first).to_be_visible()
        paused_s = watch.s
    change(served, PAUSE.replace("pause_feed", "start_feed"))
    text = f"right after {as_s(right_s)}, says Paused after {as_s(paused_s)}"
    return Outcome(text, max(right_s, paused_s) <= RIGHT_S)


@contextmanager
def _open_page(served: Served) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium)
        try:
            page = People(browser, served).context("viewer").new_page()
            page.goto(served.url)
            expect(page.locator("#link-badge")).to_contain_text("Live")
            yield page
        finally:
            browser.close()


def _painted(page: Page) -> tuple[str, str]:
    """Return what the badge and the table of prices say once the page has painted."""
    badge, table = page.evaluate(PAINTED)
    return badge, table


def _sleep(meanwhile: Callable[[], object]) -> None:
    """Stop the processes that run pages, as a machine does that sleeps, and let them go on.

    A browser that nobody looks at does not freeze a page when it is asked to.
    """
    over, renderers = for_seconds(ASLEEP_S), _renderers()
    for each in renderers:
        each.suspend()
    meanwhile()
    wait_until(over, ASLEEP_S * 2)
    for each in renderers:
        each.resume()


def _renderers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    found = [child for child in children if "--type=renderer" in child.cmdline()]
    assert found
    return found
