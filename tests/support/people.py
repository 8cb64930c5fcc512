"""Browsers of people: their sizes, who is signed in, and how they are closed."""

from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


def close(context: BrowserContext) -> None:
    """Close a browser once its pages have left for an empty page.

    Chromium says that it has closed a page which is on its way to another one, and does not close
    it; `BrowserContext.close` then waits for ever (microsoft/playwright, issue 42366).
    """
    for page in context.pages:
        with suppress(Error):  # the page has crashed, or asks whether it may leave
            page.goto("about:blank")
    context.close()


class People:
    """The accounts of a server. Each signs in once, because sign-ins are rationed."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self._browser = browser
        self._served = served
        self._states: dict[str, Any] = {}

    def context(self, user: str | None, **options: Any) -> BrowserContext:
        """Return a browser of its own in which a user, or nobody, is signed in."""
        if user is not None and user not in self._states:
            fresh = self._browser.new_context()
            self.sign_in(fresh.new_page(), user)
            self._states[user] = fresh.storage_state()
            close(fresh)
        state = None if user is None else self._states[user]
        options = {"viewport": DESKTOP} | options
        context = self._browser.new_context(storage_state=state, **options)
        context.set_default_timeout(PATIENCE_S * 1_000)
        return context

    def sign_in(self, page: Page, user: str) -> None:
        """Sign in by the form."""
        page.goto(self._served.url)
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(self._served.passwords[user])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(self._served.url)
