"""axe finds nothing serious or critical on any page, in any theme, also with menus open."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.support.axe import Inspector
from tests.support.people import PHONE, People, close
from tests.support.ports import free_port
from tests.support.served import Served, serve
from tests.support.site_pages import addresses, is_page, make_rows

pytestmark = pytest.mark.slow

WIDTHS = (390, 768, 1280)
WHO = ("admin", "viewer", None)
"""Whose page is looked at: of the first who is shown one."""
PAGES = {
    *("", "accounts/login/", "accounts/signup/", "admin/", "admin/feeds/instrument/"),
    *("admin/feeds/feed/1/change/", "admin/flightdeck/", "alerts/", "api/v1/docs", "developers/"),
}
"""Some that must be among those that are found."""


class Site(NamedTuple):
    """A site with a row of every kind, and a browser for each person."""

    served: Served
    rows: dict[str, str]
    contexts: dict[str | None, BrowserContext]

    def open(self, address: str, who: str | None = "admin") -> Page:
        """Return a page that has settled."""
        page = self.contexts[who].new_page()
        page.goto(self.served.url + address)
        settle(page)
        return page


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: the rows would be in the way of other tests."""
    folder, port = tmp_path_factory.mktemp("axe"), free_port()
    settings = {
        "MARKET_OPEN_SIGNUP": "1",
        "MARKET_PUBLIC_ORIGINS": f"http://127.0.0.1:{port}",
        "EMAIL_URL": f"file://{folder}/mail",
    }
    with serve(folder, "--port", str(port), "--instruments", "12", **settings) as served:
        people = People(browser, served)
        contexts = {who: people.context(who, reduced_motion="reduce") for who in WHO}
        yield Site(served, make_rows(served), contexts)
        for context in contexts.values():
            close(context)


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    """One for all pages, so that it looks at nothing twice."""
    return Inspector()


def settle(page: Page) -> None:
    """Wait until a page shows what it loads after itself."""
    if page.locator("[data-link]").count():
        expect(page.locator("#link-badge")).to_contain_text("Live")
    if page.locator("#deck[data-state]").count():
        expect(page.locator("#people tr").first).to_be_visible()
    if page.locator("#swagger-ui").count():
        expect(page.locator(".opblock").first).to_be_visible()


def who_sees(site: Site, address: str) -> str | None:
    """Return the first who is shown a page at an address; "" where there is none."""
    asked = WHO if address.startswith("accounts/") else WHO[:1]
    url = site.served.url + address
    return next((who for who in asked if is_page(site.contexts[who].request, url)), "")


TWICE = """() => [...document.querySelectorAll("[id]")]
  .map(({id}) => id)
  .filter((id, at, ids) => ids.indexOf(id) < at)"""
"""Name the ids that another element before has, too; axe looks at those of labels alone."""


def test_every_page_in_every_theme(site: Site, inspector: Inspector) -> None:
    found: list[str] = []
    seen = set()
    pages = {who: context.new_page() for who, context in site.contexts.items()}
    for address in [*addresses(site.rows), "admin/feeds/feed/add/?_popup=1"]:
        if (who := who_sees(site, address)) == "":
            continue
        seen.add(address)
        pages[who].goto(site.served.url + address)
        settle(pages[who])
        found += inspector.violations(pages[who], f"/{address} as {who or 'nobody'}")
        found += [f"/{address} has the id {name} twice" for name in pages[who].evaluate(TWICE)]
    assert seen >= PAGES
    assert not found, "\n".join(found)


def show(text: str, route: Route) -> None:
    route.fulfill(body=text, content_type="text/html")


def test_refusals_in_every_theme(site: Site, inspector: Inspector) -> None:
    """The page of a fault and that of a busy person are drawn here: neither is easily had."""
    page = site.contexts["viewer"].new_page()
    found: list[str] = []
    for address, status in {"nothing/": 404, "i/NOTHING/": 404, "admin/flightdeck/": 403}.items():
        answer = page.goto(site.served.url + address)
        assert answer is not None
        assert answer.status == status, address
        found += inspector.violations(page, f"/{address}")
    for name in ("403_csrf.html", "429.html", "500.html"):
        text = render_to_string(name)
        page.route(f"**/{name}", partial(show, text))
        page.goto(site.served.url + name)
        found += inspector.violations(page, name)
    assert not found, "\n".join(found)


def test_the_page_of_the_code_in_every_theme(
    site: Site, inspector: Inspector, browser: Browser
) -> None:
    """The admin has a second factor here, and gets this page between password and dashboard."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(site.served.url)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(site.served.passwords["admin"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    found = inspector.violations(page, "the page of the code")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".errorlist, .form-error").first).to_be_visible()
    found += inspector.violations(page, "the page of a wrong code")
    close(context)
    assert not found, "\n".join(found)


def test_the_panel_of_e_mail_in_every_theme(site: Site, inspector: Inspector) -> None:
    page = site.open("notifications/")
    panel = page.locator("#email")
    panel.get_by_role("button", name="Send my notifications by e-mail").click()
    panel.get_by_role("button", name="Send a test by e-mail").click()
    panel.locator("summary").click()
    expect(panel.get_by_role("list", name="Messages by e-mail")).to_be_visible()
    found = inspector.violations(page, "notifications with e-mail", "#email")
    assert not found, "\n".join(found)


def test_what_opens_on_the_dashboard_in_every_theme(site: Site, inspector: Inspector) -> None:
    page = site.open("")
    found: list[str] = []
    for key in ("Control+k", "?"):
        page.keyboard.press(key)
        page.locator("dialog[open]").wait_for()
        found += inspector.violations(page, f"dashboard after {key}", "dialog")
        page.keyboard.press("Escape")
    for menu in ("#account", "#link", "#notices", "#columns", "#list-menu"):
        page.locator(f"{menu} > summary").click()
        found += inspector.violations(page, f"dashboard with {menu}", menu)
        page.keyboard.press("Escape")
    page.locator("#account > summary").click()
    page.get_by_role("button", name="Appearance").click()
    found += inspector.violations(page, "dashboard with the appearance", "dialog")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("#trades tbody tr").first).to_be_visible()
    found += inspector.violations(page, "dashboard with trades", "#trades")
    page.locator("#watchlist [data-field=last]").first.click()
    expect(page.locator("#instrument [data-part=chart-note]")).to_be_hidden()
    found += inspector.violations(page, "dashboard with a chart", "#instrument")
    page.get_by_role("button", name="Table", exact=True).click()
    found += inspector.violations(page, "dashboard with bars", "#instrument")
    assert not found, "\n".join(found)


def test_what_the_admin_asks_before_it_acts_in_every_theme(
    site: Site, inspector: Inspector
) -> None:
    page = site.open("admin/feeds/feed/")
    found: list[str] = []
    page.locator("#action-toggle").check()
    for action in ("close", "delete_selected"):
        page.goto(site.served.url + "admin/feeds/feed/")
        page.locator("#action-toggle").check()
        page.locator("select[name=action]").select_option(action)
        page.get_by_role("button", name="Go", exact=True).click()
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("Select")
        found += inspector.violations(page, f"the admin before {action}")
    page.goto(f"{site.served.url}admin/feeds/feed/{site.rows['feeds_feed']}/instruments/import/")
    page.get_by_label("Or paste the rows").fill(f"symbol,name\n{site.rows['symbol']},Nova\n")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#dry-run")).to_be_visible()
    found += inspector.violations(page, "the dry run of an import")
    page.goto(f"{site.served.url}admin/flightdeck/feeds/{site.rows['slug']}/interventions/")
    for name, value in {"size": "-4", "duration_s": "3", "reason": "drill"}.items():
        page.locator(f"#shock_{name}").fill(value)
    page.locator("#shock_reason").press("Enter")
    expect(page.locator("#dry-run")).to_be_visible()
    found += inspector.violations(page, "the dry run of a shock")
    assert not found, "\n".join(found)


CUT = """() => [...document.querySelectorAll("#content :is(input, select, textarea, .help)")]
  .filter((each) => each.checkVisibility() && !each.closest("table"))
  .filter((each) => {
    const panel = each.closest(".module, form");
    return panel && each.getBoundingClientRect().right > panel.getBoundingClientRect().right;
  })
  .map(({id, name, className}) => id || name || className)"""
"""Name the fields, and the help of fields, that reach beyond their panel; a table may be moved."""


def test_no_page_of_the_admin_is_wider_than_the_window(site: Site) -> None:
    page = site.contexts["admin"].new_page()
    wide = []
    for address in addresses(site.rows):
        if not address.startswith("admin/") or who_sees(site, address) == "":
            continue
        page.goto(site.served.url + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
                wide.append(f"/{address} is {found} px wide in a window of {width} px")
            if cut := page.evaluate(CUT):
                wide.append(f"/{address} cuts {cut} in a window of {width} px")
    assert not wide, "\n".join(wide)


@pytest.mark.parametrize("address", ["", "alerts/", "admin/flightdeck/", "admin/feeds/feed/"])
def test_a_page_on_a_phone(site: Site, inspector: Inspector, address: str) -> None:
    page = site.contexts["admin"].new_page()
    # So high that the menu at the bottom covers nothing, wherever the page begins.
    page.set_viewport_size({"width": PHONE["width"], "height": 3000})
    page.goto(site.served.url + address)
    settle(page)
    found = inspector.violations(page, f"/{address} on a phone")
    assert not found, "\n".join(found)
