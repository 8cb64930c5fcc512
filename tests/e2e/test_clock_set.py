"""Somebody sets the clock of the machine while pages are open: nothing that is measured follows."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000
SETTABLE = """
window.shift_ms = 0;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) { super(...(parts.length ? parts : [Real.now() + window.shift_ms])); }
  static now() { return Real.now() + window.shift_ms; }
};
"""


def set_clock(page: Page, shift_ms: int) -> None:
    """Set the clock of the page's machine; its steady clock goes on."""
    page.evaluate("shift_ms => { window.shift_ms = shift_ms; }", shift_ms)


@pytest.mark.parametrize("shift_ms", [-HOUR_MS, HOUR_MS])
def test_prices_go_on_and_a_dead_line_is_noticed(
    open_page: Open, line: Proxy, served: Served, shift_ms: int
) -> None:
    page = open_page("accounts/login/", url=line.url)
    page.context.add_init_script(SETTABLE)
    page.goto(line.url)
    badge = page.locator("#link-badge [data-part=label]")
    expect(badge).to_have_text("Live")
    page.evaluate(
        """() => {
          window.lost = [];
          const label = document.querySelector("#link-badge [data-part=label]");
          new MutationObserver(() => window.lost.push(label.textContent))
            .observe(label, {childList: true, characterData: true, subtree: true});
        }"""
    )
    set_clock(page, shift_ms)
    # Ten seconds: longer than the server waits for a page that acknowledges nothing.
    served.wait_for_events(2_000)
    updates = page.locator("[data-meter=updates]").first
    expect(updates).to_have_text(re.compile(r"^([2-9]|\d\d)\.\d$"))
    age = page.locator("[data-meter=age]").first
    expect(age).to_have_text(re.compile(r"^(\d+ ms|[01]\.\d s)$"))
    assert page.evaluate("window.lost") == []
    line.freeze()
    expect(badge).not_to_have_text("Live")
    line.mend()
    expect(badge).to_have_text("Live")
