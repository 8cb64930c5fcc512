"""What an admin does is seen in a browser that is open already, without a reload."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, press
from tests.support.price_table import shown

pytestmark = pytest.mark.slow

WATCH = """([selector, text]) => new Promise((resolve) => {
  const look = () => [...document.querySelectorAll(selector)].some(
    (one) => !one.hidden && one.checkVisibility() && one.innerText.toLowerCase().includes(text));
  const observer = new MutationObserver(() => {
    if (!look()) return;
    observer.disconnect();
    resolve();
  });
  const all = {subtree: true, childList: true, characterData: true, attributes: true};
  observer.observe(document.body, all);
})"""


@pytest.fixture
def viewer(open_page: Open) -> Page:
    """Somebody who has the dashboard open."""
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    return page


@pytest.fixture
def await_seen(viewer: Page) -> Callable[[str, str, Callable[[], None]], None]:
    """Do something, and wait until it stands on the viewer's page, if only for a moment."""

    def wait(selector: str, text: str, act: Callable[[], None]) -> None:
        viewer.evaluate(
            f"(args) => {{ globalThis.seen = ({WATCH})(args); }}", [selector, text.lower()]
        )
        act()
        viewer.evaluate("globalThis.seen")

    return wait


def test_pausing_and_starting_a_feed(viewer: Page, admin: Page, await_seen, eventually) -> None:
    pause = lambda: press(admin, "feed", "Demo Exchange", "Pause", reason="lunch")
    await_seen("#feed-banner", "paused", pause)
    expect(viewer.locator("#feed-banner")).to_contain_text("lunch")
    before = shown(viewer)
    press(admin, "feed", "Demo Exchange", "Start")
    expect(viewer.locator("#feed-banner")).not_to_contain_text("paused")
    eventually(lambda: shown(viewer) != before)


def test_halting_and_resuming_an_instrument(viewer: Page, admin: Page, await_seen) -> None:
    symbol = viewer.locator("tbody tr").first.get_attribute("data-symbol")
    assert symbol is not None
    halt = lambda: press(admin, "instrument", symbol, "Halt", reason="news pending")
    row = f"tr[data-symbol={symbol}]"
    await_seen(row, "halted", halt)
    expect(viewer.locator(row)).to_contain_text("news pending")
    press(admin, "instrument", symbol, "Resume")
    expect(viewer.locator(f"{row} .phase")).to_be_hidden()


def test_changing_the_rate(viewer: Page, admin: Page, await_seen, eventually) -> None:
    """Seen as a number, and then as what it does: more ticks in the watchlist.

    After the open there are some three times as many as on average.
    """

    def ticks_per_s() -> float:
        text = viewer.locator(".panel-foot [data-meter=tick_rate]").inner_text()
        return float(text.replace(",", "").strip("–") or 0)

    def set_rate(rate: str) -> None:
        press(admin, "feed", "Demo Exchange", "Set the rate", rate=rate)

    await_seen("#market-rate", "40", lambda: set_rate("40"))
    eventually(lambda: 0 < ticks_per_s() < 120)
    await_seen("#market-rate", "3,000", lambda: set_rate("3000"))
    eventually(lambda: ticks_per_s() > 200)
    await_seen("#market-rate", "200", lambda: set_rate("200"))


def test_sending_a_notification(viewer: Page, admin: Page, await_seen) -> None:
    def send() -> None:
        admin.goto(admin.url.split("/admin/")[0] + "/admin/dashboard/notification/")
        admin.get_by_role("link", name="Send notification").click()
        admin.get_by_label("Title").fill("Maintenance at noon")
        admin.get_by_label("Body").fill("Ten minutes")
        admin.get_by_role("button", name="Send").click()

    await_seen(".toasts", "maintenance at noon", send)
    expect(viewer.locator("#notices [data-part=count]")).to_have_text(re.compile("^[1-9]"))
    viewer.locator("#notices summary").click()
    viewer.get_by_role("button", name="Mark all read").click()
    expect(viewer.locator("#notices [data-part=count]")).to_be_hidden()


def test_editing_instruments_needs_no_restart(viewer: Page, admin: Page, open_page: Open) -> None:
    """A new instrument can be watched at once, and leaves the page when it is deleted."""
    root = admin.url.split("/admin/")[0]
    admin.goto(f"{root}/admin/feeds/instrument/add/")
    admin.get_by_label("Feed").select_option(label="Demo Exchange")
    facts = {"symbol": "QQZ", "name": "Quizzical", "sector": "Technology", "activity": "50"}
    for field, value in (facts | {"reference_price": "50"}).items():
        admin.locator(f"[name={field}]").fill(value)
    admin.get_by_role("button", name="Save", exact=True).click()
    search = viewer.get_by_placeholder("Find or add a symbol")
    search.fill("quizzical")
    expect(viewer.locator("#offers")).to_contain_text("QQZ")
    search.fill("QQZ")
    search.press("Enter")
    expect(viewer.locator("tr[data-symbol=QQZ] [data-field=last]")).not_to_have_text("–")
    admin.goto(f"{root}/admin/feeds/instrument/")
    admin.get_by_role("link", name="QQZ", exact=True).click()
    admin.get_by_role("link", name="Delete").click()
    admin.get_by_role("button", name="Yes").click()
    expect(viewer.locator("tr[data-symbol=QQZ] [data-field=last]")).to_have_text("–")
