"""The page of the REST API: our own files, under our own policy, and it answers."""

import pytest

from tests.e2e.conftest import Open


@pytest.mark.slow
def test_the_page_of_the_api_shows_and_tries_it(open_page: Open) -> None:
    page = open_page("api/v1/docs")
    page.get_by_role("button", name="get /api/v1/instruments", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response .response-col_status", has_text="200").wait_for()
