"""What an admin does is seen in a browser that is open already, within a second."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, press
from tests.support.price_table import shown

pytestmark = pytest.mark.slow

WITHIN_MS = 1000
WATCH = """([selector, text]) => new Promise((resolve) => {
  const look = () => [...document.querySelectorAll(selector)].some(
    (one) => !one.hidden && one.checkVisibility() && one.innerText.toLowerCase().includes(text));
  const observer = new MutationObserver(() => {
    if (!look()) return;
    observer.disconnect();
    resolve(Date.now());
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
def seen_ms(viewer: Page) -> Iterator[Callable[[str, str, Callable[[], float]], float]]:
    """Do something, and return after how many ms it stood on the viewer's page."""

    def measure(selector: str, text: str, act: Callable[[], float]) -> float:
        viewer.evaluate(
            f"(args) => {{ globalThis.seen = ({WATCH})(args); }}", [selector, text.lower()]
        )
        acted_s = act()
        return viewer.evaluate("globalThis.seen") - acted_s * 1000

    return measure


def test_pausing_and_starting_a_feed(viewer: Page, admin: Page, seen_ms, eventually) -> None:
    pause = lambda: press(admin, "feed", "Demo Exchange", "Pause", reason="lunch")
    assert seen_ms("#feed-banner", "paused", pause) < WITHIN_MS
    expect(viewer.locator("#feed-banner")).to_contain_text("lunch")
    before = shown(viewer)
    press(admin, "feed", "Demo Exchange", "Start")
    expect(viewer.locator("#feed-banner")).not_to_contain_text("paused")
    eventually(lambda: shown(viewer) != before)


def test_halting_and_resuming_an_instrument(viewer: Page, admin: Page, seen_ms) -> None:
    symbol = viewer.locator("tbody tr").first.get_attribute("data-symbol")
    assert symbol is not None
    halt = lambda: press(admin, "instrument", symbol, "Halt", reason="news pending")
    row = f"tr[data-symbol={symbol}]"
    assert seen_ms(row, "halted", halt) < WITHIN_MS
    expect(viewer.locator(row)).to_contain_text("news pending")
    press(admin, "instrument", symbol, "Resume")
    expect(viewer.locator(f"{row} [data-part=badge]")).to_be_hidden()


def test_changing_the_rate(viewer: Page, admin: Page, seen_ms, eventually) -> None:
    """Seen as a number within a second, and then as what it does: more ticks in the watchlist.

    After the open there are some three times as many as on average.
    """

    def ticks_per_s() -> float:
        text = viewer.locator(".panel-foot [data-meter=tick_rate]").inner_text()
        return float(text.replace(",", "").strip("–") or 0)

    def set_rate(rate: str) -> float:
        return press(admin, "feed", "Demo Exchange", "Set the rate", rate=rate)

    assert seen_ms("#market-rate", "40", lambda: set_rate("40")) < WITHIN_MS
    eventually(lambda: 0 < ticks_per_s() < 120)
    assert seen_ms("#market-rate", "3,000", lambda: set_rate("3000")) < WITHIN_MS
    eventually(lambda: ticks_per_s() > 200)
    assert seen_ms("#market-rate", "200", lambda: set_rate("200")) < WITHIN_MS


def test_sending_a_notification(viewer: Page, admin: Page, seen_ms) -> None:
    def send() -> float:
        import time

        admin.goto(admin.url.split("/admin/")[0] + "/admin/dashboard/notification/")
        admin.get_by_role("link", name="Send notification").click()
        admin.get_by_label("Title").fill("Maintenance at noon")
        admin.get_by_label("Body").fill("Ten minutes")
        sent_s = time.time()
        admin.get_by_role("button", name="Send").click()
        return sent_s

    assert seen_ms(".toasts", "maintenance at noon", send) < WITHIN_MS
    expect(viewer.locator("#notices [data-part=count]")).to_have_text("1")
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
    expect(viewer.locator("tr[data-symbol=QQZ] [data-field=last]")).not_to_have_text("50.00")
