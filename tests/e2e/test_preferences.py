"""What a person chooses once follows them into every browser, before the page is painted."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open

pytestmark = pytest.mark.slow


def choose(page: Page, **choices: str) -> None:
    page.locator("#account summary").click()
    page.get_by_role("button", name="Appearance").click()
    dialog = page.get_by_role("dialog", name="Appearance")
    for label, value in choices.items():
        with page.expect_response("**/preferences/") as answer:
            dialog.get_by_label(label).select_option(value)
        assert answer.value.ok
    page.keyboard.press("Escape")


def hour(time: Locator) -> int:
    """Return the hour of a time as the page shows it."""
    return int(time.inner_text()[:2])


def hour_utc(*, ahead: int = 0) -> int:
    """Return the hour it is now in a zone that is so many hours ahead of UTC.

    An hour may end between a trade and this look, so it is to be asked again and again.
    """
    return (datetime.now(UTC).hour + ahead) % 24


@pytest.mark.usefixtures("usual")
def test_a_choice_follows_its_person_into_every_browser(
    open_page: Open, eventually: Callable[..., None]
) -> None:
    tokyo = {"timezone_id": "Asia/Tokyo", "color_scheme": "light"}
    page, open_before = open_page("", **tokyo), open_page("alerts/", **tokyo)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    page.locator("#trades summary").click()
    times = page.locator("#trades tbody .tape-time")
    expect(times.first).to_be_visible()
    eventually(lambda: hour(times.first) == hour_utc(ahead=9))
    choose(page, Theme="dark", Lines="compact", Times="utc")
    eventually(lambda: hour(times.last) == hour_utc())

    other = open_page("alerts/", user=None, **tokyo)
    other.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    other.route("**/js/pages/*.js", lambda route: route.abort())
    other.goto(page.url + "alerts/")
    look = "document.documentElement.className"
    assert {"theme-dark", "density-compact"} <= set(other.evaluate(look).split())
    dark = "getComputedStyle(document.body).colorScheme"
    assert "dark" in other.evaluate(dark)

    assert "theme-dark" not in open_before.evaluate(look)
    open_before.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(open_before.locator("html.theme-dark")).to_have_count(1)

    choose(open_before, Theme="auto", Lines="cosy", Times="local")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("html.theme-dark")).to_have_count(0)
    eventually(lambda: hour(times.last) == hour_utc(ahead=9))


def test_a_visitor_without_an_account_chooses_for_this_browser_alone(open_page: Open) -> None:
    page = open_page("accounts/login/", user=None, color_scheme="light")
    page.locator("#theme").click()
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_class("has-script theme-dark")
    page.reload()
    expect(page.locator("html")).to_have_class("theme-dark has-script")
    stranger = open_page("accounts/login/", user=None, color_scheme="light")
    expect(stranger.locator("html")).to_have_class("has-script")
