"""A page that is older than the server offers to reload, and does nothing more by itself."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from dashboard.servers.serving import SERVERS
from dashboard.static_files.sources import SCRIPTS
from tests.e2e.conftest import Open
from tests.support.people import People, close
from tests.support.places import ROOT
from tests.support.proxy import Proxy
from tests.support.served import serve

pytestmark = pytest.mark.slow


def answer(build: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(
        body=json.dumps({"build": build}), content_type="application/json"
    )


def offer(page: Page) -> Locator:
    return page.locator("#new-version")


@pytest.mark.parametrize("path", ["", "?transport=poll"])
def test_after_an_update_the_page_offers_to_reload(open_page: Open, line: Proxy, path: str) -> None:
    page = open_page(path, url=line.url)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    page.route("**/version/", answer("newer"))
    expect(offer(page)).to_be_hidden()
    line.cut()
    expect(page.locator("body")).not_to_have_attribute("data-link", "live")
    line.mend()
    expect(offer(page)).to_be_visible(timeout=60_000)
    expect(offer(page)).to_contain_text("new version")
    page.evaluate("window.isOld = true")
    page.unroute("**/version/")
    offer(page).get_by_role("button", name="Reload").click()
    page.wait_for_function("window.isOld === undefined")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(offer(page)).to_be_hidden()


def test_after_a_cut_without_an_update_nothing_is_offered(open_page: Open, line: Proxy) -> None:
    page = open_page(url=line.url)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    with page.expect_response("**/version/") as asked:
        line.cut()
        line.mend()
    assert asked.value.ok
    expect(offer(page)).to_be_hidden()


def test_a_page_without_a_connection_asks_when_it_is_looked_at(
    open_page: Open, eventually: Callable[..., None]
) -> None:
    page = open_page("developers/")
    page.route("**/version/", answer("newer"))

    def is_offered_when_looked_at() -> bool:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return offer(page).is_visible()

    eventually(is_offered_when_looked_at)  # the watch comes after the page


NEWER = """
from dashboard.settings import *
STATICFILES_DIRS = [{folder!r}, *STATICFILES_DIRS]
"""
"""The settings of a site whose scripts have changed."""


@pytest.mark.parametrize("server", SERVERS)
def test_an_old_page_finds_its_scripts_on_a_newer_server(
    browser: Browser, tmp_path: Path, server: str
) -> None:
    """The page offers to reload, keeps what was typed, and loads what it had not needed before."""
    data, changed = tmp_path / "data", tmp_path / "changed"
    data.mkdir()
    script = changed / "js" / "pages" / "lab.js"
    script.parent.mkdir(parents=True)
    script.write_text("// newer\n" + (SCRIPTS / "js" / "pages" / "lab.js").read_text())
    (tmp_path / "newer.py").write_text(NEWER.format(folder=str(changed)))
    newer = {"DJANGO_SETTINGS_MODULE": "newer", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    with serve(data, "--server", server) as old:
        port = str(old.port)
        context = People(browser, old).context("viewer")
        page = context.new_page()
        page.goto(old.url)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        build = str(page.locator("html").get_attribute("data-build"))
        page.get_by_label("Find or add a symbol").fill("typed before")
    with serve(data, "--server", server, "--port", port, **newer) as served:
        expect(offer(page)).to_be_visible(timeout=60_000)
        expect(page.get_by_label("Find or add a symbol")).to_have_value("typed before")
        assert page.locator("html").get_attribute("data-build") == build
        late = f"/static/{build}/js/lab/measure/csv.js"
        assert page.evaluate("(late) => import(late).then(({csvOf}) => typeof csvOf)", late)
        page.get_by_role("button", name="Reload").click()
        expect(page.locator("html")).not_to_have_attribute("data-build", build)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        assert page.goto(f"{served.url}lab/").ok
        assert (
            "// newer"
            in page.request.get(
                f"{served.url}static/js/pages/lab.js", headers={"Accept-Encoding": "identity"}
            ).text()
        )
    close(context)
