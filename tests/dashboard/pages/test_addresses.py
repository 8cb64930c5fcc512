"""Whatever address the site has, a browser that goes there finds a page and no blank refusal."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from feeds.models import Feed
from tests.support.operators import make_market

SAMPLES: Final = {"int": "1", "slug": "demo", "path": "NVX", "str": "demo"}
"""A value for each kind of argument of an address."""


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Return the addresses of the site for people; those of programs have tests of their own.

    Those that are written as regular expressions are left out.
    """
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        route = before + re.sub(r"<(?:(\w+):)?\w+>", _sample, str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif not route.startswith(("/api/", "/udf/")):
            yield route


def _sample(argument: re.Match[str]) -> str:
    return SAMPLES[argument[1] or "str"]


ADDRESSES: Final = sorted(set(addresses(get_resolver().url_patterns)))


@pytest.fixture
def browser(db: None) -> Client:
    make_market()
    client = Client(headers={"accept": "text/html"})
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_the_addresses_are_those_of_the_site() -> None:
    known = {"/", "/alerts/1/demo/", "/accounts/tokens/1/revoke/", "/admin/flightdeck/disconnect/"}
    assert known <= set(ADDRESSES)
    assert len(ADDRESSES) > 80


@pytest.mark.slow
def test_no_address_refuses_a_browser_that_goes_there(browser: Client) -> None:
    """A form's address comes back by reloading, from the history and after a sign-in."""
    assert Feed.objects.exists()
    refused = {}
    for address in ADDRESSES:
        for ask in (browser.get, browser.head):
            if (status := ask(address).status_code) == 405:
                refused[address] = status
    assert not refused


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/alerts/1/delete/", "alerts"),
        ("/accounts/tokens/1/revoke/", "account_tokens"),
        ("/accounts/sessions/1/end/", "account_sessions"),
        ("/accounts/sessions/end-others/", "account_sessions"),
        ("/admin/logout/", "account_logout"),
        ("/watchlist/add/", "dashboard"),
        ("/watchlist/remove/", "dashboard"),
        ("/notifications/read/", "dashboard"),
    ],
)
def test_the_address_of_a_form_leads_to_its_page(browser: Client, address: str, page: str) -> None:
    answer = browser.get(address)
    assert (answer.status_code, answer["Location"]) == (302, reverse(page))
    assert browser.get(address, headers={"accept": "application/json"}).status_code == 405
    assert browser.put(address).status_code == 405
