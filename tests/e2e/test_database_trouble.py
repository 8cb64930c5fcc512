"""Admins read on open pages that the database takes no writes; readers go on and see no banner."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import People, close
from tests.support.price_table import shown
from tests.support.served import Served
from tests.support.unwritable import STATES

pytestmark = [pytest.mark.slow, pytest.mark.embedded("PostgreSQL is limited from outside")]

DECK = "admin/flightdeck/"
BANNER = "#database-trouble"


def refused_pause(deck: Page) -> None:
    """Press a button of the deck: what it wants must not happen, and the page says so."""
    form = deck.locator(".feed form").first
    deck.get_by_role("button", name="Pause").click()
    answer = form.locator("[data-part=answer]")
    expect(answer).to_contain_text("Nothing was changed")
    expect(deck.locator(".feed [data-part=state]").first).to_have_text("Running")


def test_an_open_deck_shows_and_hides_what_is_wrong(
    people: People, served: Served, open_page: Open, eventually
) -> None:
    viewer = open_page()
    expect(viewer.locator("#link-badge")).to_contain_text("Live")
    staff = people.context("admin").new_page()
    staff.goto(served.url)
    live_banner = staff.locator(BANNER)
    expect(live_banner).to_be_hidden()
    deck = staff.context.new_page()  # its console may complain of what is refused here
    deck.goto(served.url + DECK)
    expect(deck.locator("#deck")).to_have_attribute("data-state", "open")
    banner = deck.locator(BANNER)
    expect(banner).to_be_hidden()
    with STATES["locked"](served):
        expect(banner).to_contain_text("The database is locked.")
        expect(banner).to_contain_text("Prices go on.")
        expect(live_banner).to_contain_text("The database is locked.")
        refused_pause(deck)
        before = shown(viewer)
        eventually(lambda: shown(viewer) != before)
    with STATES["read-only"](served):
        expect(banner).to_contain_text("The database is read-only.")
        assert viewer.get_by_text("The database is").count() == 0
    expect(banner).to_be_hidden()
    expect(live_banner).to_be_hidden()
    expect(deck.locator("#deck")).to_have_attribute("data-state", "open")
    close(deck.context)


def test_a_page_of_the_admin_shows_what_is_wrong(admin: Page, served: Served, eventually) -> None:
    banner = admin.locator(BANNER)

    def is_shown(text: str) -> bool:
        admin.reload()
        return text in banner.inner_text()

    with STATES["full"](served):
        eventually(lambda: is_shown("The database is full."))
        admin.goto(f"{served.url}admin/feeds/instrument/")
        expect(banner).to_be_visible()
    eventually(lambda: is_shown("") and not banner.is_visible())
