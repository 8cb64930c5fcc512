"""The flight deck in a browser: what an operator does is on the page at once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE
from tests.support.price_table import shown

pytestmark = pytest.mark.slow

DECK = "admin/flightdeck/"


def number_in(text: str) -> float:
    return float(text.replace(",", ""))


def part(page: Page, name: str) -> Any:
    return page.locator(f".feed [data-part={name}]").first


@pytest.fixture
def deck(open_page: Open) -> Page:
    """The deck of an operator, live."""
    page = open_page(DECK, user="admin")
    expect(page.locator("#deck")).to_have_attribute("data-state", "open")
    return page


def test_what_is_done_is_seen(deck: Page) -> None:
    feed = deck.locator(".feed")
    form = feed.locator("form").first
    expect(part(deck, "rate")).not_to_have_text("0")
    form.locator("[name=reason]").fill("lunch")
    deck.get_by_role("button", name="Pause").click()
    expect(part(deck, "state")).to_have_text("Paused")
    expect(part(deck, "reason")).to_have_text("lunch")
    expect(deck.locator("#entries tr").first).to_contain_text("pause feed demo")
    form.locator("[name=reason]").fill("")
    deck.get_by_role("button", name="Step").click()
    # A step runs for one second, so a busy machine may look only when it is over.
    expect(deck.locator("#entries tr").first).to_contain_text("step feed demo")
    expect(part(deck, "state")).to_have_text("Paused")
    deck.locator("#entries tr").nth(1).get_by_role("button", name="Undo").click()
    expect(part(deck, "state")).to_have_text("Running")
    expect(deck.locator("#entries tr").first).to_contain_text("Undo of pause")
    deck.get_by_role("button", name="Pause").click()
    expect(part(deck, "state")).to_have_text("Paused")
    deck.get_by_role("button", name="Start").click()
    expect(part(deck, "state")).to_have_text("Running")
    form.locator("[name=rate]").fill("300")
    deck.get_by_role("button", name="Set the rate").click()
    expect(part(deck, "target")).to_have_text("300")
    expect(form.locator("[data-part=answer]")).to_have_text("Set the rate: Demo Exchange.")
    form.locator("[name=rate]").fill("200")
    deck.get_by_role("button", name="Set the rate").click()
    expect(part(deck, "target")).to_have_text("200")


def test_a_sector_is_halted_and_resumed(deck: Page) -> None:
    form = deck.locator(".feed form").nth(1)
    form.locator("select").select_option(index=1)
    form.get_by_role("button", name="Halt").click()
    assert form.evaluate("form => !form.checkValidity()"), "a halt needs a reason"
    expect(part(deck, "halted")).to_have_text("0")
    form.locator("[name=reason]").fill("news pending")
    form.get_by_role("button", name="Halt").click()
    expect(part(deck, "halted")).not_to_have_text("0")
    form.locator("[name=reason]").fill("")
    form.get_by_role("button", name="Resume").click()
    expect(part(deck, "halted")).to_have_text("0")


def test_a_shock_takes_the_price_where_its_dry_run_said(
    deck: Page, open_page: Open, eventually: Callable[..., None]
) -> None:
    """Another user sees it on an open page; the market also goes on by itself."""
    viewer = open_page()
    symbol = next(iter(shown(viewer)))
    deck.get_by_role("link", name="Shocks, regimes and scenarios").click()
    for name, value in {"size": "-4", "duration_s": "3", "symbol": symbol, "reason": "x"}.items():
        deck.locator(f"#shock_{name}").fill(value)
    deck.locator("#shock_symbol").press("Enter")
    cells = deck.locator("#dry-run tbody tr td.number")
    expect(cells).to_have_count(3)
    now, after, _ = (number_in(text) for text in cells.all_inner_texts())
    near = (now - after) / 4
    assert after == pytest.approx(now * 0.96, rel=0.002)
    assert number_in(shown(viewer)[symbol]["last"]) > after + near
    deck.get_by_role("button", name="Apply").click()
    expect(deck.locator(".messagelist")).to_contain_text(f"shock -4 % of {symbol} over 3 s.")
    eventually(lambda: abs(number_in(shown(viewer)[symbol]["last"]) - after) <= near)


def test_a_disconnected_user_hears_it_and_stays_away(deck: Page, open_page: Open) -> None:
    """The browser falls back to no other transport; a reload comes back."""
    viewer = open_page()
    viewer.clock.install()
    expect(viewer.locator("#link-badge")).to_contain_text("Live")
    row = deck.locator("#people tr[data-user=viewer]")
    expect(row).to_have_count(1)
    deck.locator("#disconnect [name=reason]").fill("maintenance")
    row.get_by_role("button", name="Disconnect").click()
    expect(viewer.locator("#link-badge")).not_to_contain_text("Live")
    expect(viewer.locator("body")).to_contain_text("disconnected by an operator")
    expect(row).to_have_count(0)
    tries: list[Any] = []
    viewer.on("websocket", lambda socket: tries.append(socket.url))
    viewer.on("request", lambda request: tries.append(request.url))
    viewer.clock.fast_forward(120_000)
    expect(row).to_have_count(0)
    assert tries == []
    viewer.reload()
    expect(viewer.locator("#link-badge")).to_contain_text("Live")
    expect(deck.locator("#disconnect [name=user]")).to_have_value("")
    row.get_by_role("button", name="Everywhere").click()
    expect(viewer.locator("body")).to_contain_text("disconnected by an operator")
    expect(deck.locator("#entries tr").first).to_contain_text("disconnect user viewer")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_deck_fits_its_screen(open_page: Open, size: dict[str, int], theme: str) -> None:
    page = open_page(DECK, user="admin", viewport=size, color_scheme=theme)
    expect(page.locator("#people tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_certificate_says_what_it_waits_for(deck: Page) -> None:
    deck.get_by_role("link", name="Realism").first.click()
    expect(deck.locator("#findings tbody tr")).to_have_count(12)
    verdict = deck.locator("#findings [data-is='cannot judge yet']").first
    expect(verdict).to_be_visible()
    expect(deck.locator("#findings")).to_contain_text("needs 10 whole days")
    expect(deck.locator("h2").first).to_contain_text("cannot judge yet")
    colours = [
        deck.evaluate(
            """(is) => {
                const span = document.querySelector("#findings [data-is]").cloneNode();
                span.dataset.is = is;
                document.querySelector("#deck").append(span);
                return getComputedStyle(span).color;
            }""",
            verdict,
        )
        for verdict in ("in the band", "outside the band", "cannot judge yet")
    ]
    assert len(set(colours)) == 3
    deck.set_viewport_size(PHONE)
    assert deck.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
