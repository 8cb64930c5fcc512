"""Every page says who may load and cache it, whoever asks, also when it is refused."""

from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient, Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.support.security_headers import NEEDED


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """Yield every address that has no part to fill in."""
    for entry in patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, address)
        elif not set(address) & set("<(^\\"):
            yield address


POLICY = {
    *("default-src 'self'", "form-action 'self'"),
    *("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"),
}
MORE = {"/api/v1/docs": {"img-src 'self' data:"}}
"""The style of the API's documentation has pictures in it."""
ADDRESSES = sorted({*addresses(get_resolver().url_patterns), "/nothing/", "/admin/nothing/"})


@pytest.fixture(params=["nobody", pytest.param("viewer", marks=pytest.mark.slow), "admin"])
def client(request: pytest.FixtureRequest, db: None) -> AsyncClient:
    client = AsyncClient(raise_request_exception=False)  # the API needs a request over ASGI
    if request.param != "nobody":
        user = User.objects.create_user("ada", is_superuser=request.param == "admin")
        user.is_staff = user.is_superuser
        user.save()
        client.force_login(user)
    return client


def test_there_are_addresses_to_look_at() -> None:
    assert len(ADDRESSES) > 40
    assert {"/", "/lab/", "/accounts/login/", "/admin/feeds/feed/"} <= set(ADDRESSES)


def connections_in_use() -> int:
    """Count the connections that the pool of this process has given out; a file has no pool."""
    pool = getattr(connection, "pool", None)
    counts = pool.get_stats() if pool else {}
    return counts.get("pool_size", 0) - counts.get("pool_available", 0)


@pytest.mark.parametrize("method", ["get", pytest.param("post", marks=pytest.mark.slow)])
def test_every_page_has_the_headers(client: AsyncClient, method: str) -> None:
    before = connections_in_use()
    for address in ADDRESSES:
        answer = async_to_sync(getattr(client, method))(address)
        found = {name: answer.headers.get(name) for name in NEEDED}
        assert found == NEEDED, f"{method} {address} {answer.status_code}"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            policy = answer.headers["Content-Security-Policy"]
            assert set(policy.split("; ")) - MORE.get(address, set()) == POLICY, address
    assert connections_in_use() == before


@pytest.mark.slow
def test_what_is_shown_to_somebody_is_not_cached(client: AsyncClient) -> None:
    for address in ADDRESSES:
        answer = async_to_sync(client.get)(address)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            cache = answer.headers.get("Cache-Control", "")
            assert "no-store" in cache or "private" in cache, address


def test_a_browser_forgets_what_it_stored_at_the_sign_out(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    assert "Clear-Site-Data" not in client.get("/accounts/logout/").headers
    answer = client.post("/accounts/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cookies", "storage"'
    assert answer.status_code == 302


def test_no_script_and_no_other_site_can_use_the_cookies(db: None) -> None:
    User.objects.create_user("ada", password="correct horse battery")
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "ada", "password": "correct horse battery"})
    assert {"sessionid", "csrftoken"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key
