"""A real browser, people signed in, and no console error or CSP complaint left unread."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.support.people import People, close
from tests.support.proxy import Proxy
from tests.support.served import Served

EXPECTED = ("net::ERR_", "WebSocket connection to", "502 (Bad Gateway)")
"""What the console says when a test cuts or blocks the line."""

Open = Callable[..., Page]

FORGET = """
async (names) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  for (const name of names) {
    const body = new URLSearchParams({name, value: ""});
    await fetch("/preferences/", {method: "POST", body, headers: {"X-CSRFToken": token}});
  }
}
"""
"""Let a person have the usual preferences."""


@pytest.fixture
def open_page(people: People, served: Served) -> Iterator[Open]:
    """Open pages in browsers of their own; whatever they complain of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(text: str) -> None:
        if not any(expected in text for expected in EXPECTED):
            complaints.append(text)

    def open_page(
        path: str = "", *, user: str | None = "viewer", url: str | None = None, **options: Any
    ) -> Page:
        context = people.context(user, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and hear(message.text))
        page.on("pageerror", lambda error: hear(str(error)))
        page.goto((url or served.url) + path)
        return page

    yield open_page
    for context in contexts:
        close(context)
    assert complaints == []


@pytest.fixture
def line(served: Served) -> Iterator[Proxy]:
    """A line to the server that can be cut."""
    proxy = Proxy(served.port)
    yield proxy
    proxy.close()


@pytest.fixture
def admin(open_page: Open) -> Page:
    """The Django admin in a browser of its own."""
    return open_page("admin/", user="admin")


@pytest.fixture
def usual(open_page: Open) -> Iterator[None]:
    """Let the viewer have the usual preferences in the end."""
    yield
    page = open_page("alerts/")
    page.evaluate(FORGET, ["theme", "contrast", "palette", "density", "zone"])


def press(page: Page, model: str, name: str, button: str, **fields: str) -> None:
    """Press a button of a feed's or an instrument's page in the admin."""
    page.goto(page.url.split("/admin/")[0] + f"/admin/feeds/{model}/")
    page.get_by_role("link", name=name, exact=True).click()
    form = page.locator("form").filter(has=page.get_by_role("button", name=button, exact=True)).last
    for field, value in fields.items():
        form.locator(f"[name={field}]").fill(value)
    with page.expect_navigation():
        form.get_by_role("button", name=button, exact=True).click()
