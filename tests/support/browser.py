"""Fixtures of tests in a real browser. Both folders of such tests share one browser per process."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.chromium import NoChromium, launch
from tests.support.people import People
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium, or a skip that says how to have one."""
    expect.set_options(timeout=PATIENCE_S * 1_000)
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright.chromium)
        except NoChromium as error:
            pytest.skip(str(error))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def people(browser: Browser, served: Served) -> People:
    """The accounts of the demo."""
    return People(browser, served)
