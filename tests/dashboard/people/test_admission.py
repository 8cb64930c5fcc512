"""A session counts only on requests of our own pages; a refusal names the setting that cures it."""

import pytest

from dashboard.people import admission
from dashboard.people.admission import SIGNED_OUT, identify, why_foreign
from dashboard.people.identity import Identity, SessionCredential, newcomers

HOST = "market.example.com"
ORIGIN = f"https://{HOST}"


@pytest.fixture(autouse=True)
def public(settings):
    settings.ALLOWED_HOSTS = ["localhost", HOST]
    settings.CSRF_TRUSTED_ORIGINS = [ORIGIN]


def why(secure=False, **headers):
    named = {name.replace("_", "-").encode(): text for name, text in headers.items()}
    return why_foreign(named, secure=secure)


@pytest.mark.parametrize("host", [HOST, f"{HOST}:8001", "localhost:8001"])
def test_a_public_origin_is_ours_under_any_allowed_host(host) -> None:
    """A proxy may pass on its own name for the server instead of the public one."""
    assert why(host=host, origin=ORIGIN) is None


@pytest.mark.parametrize(
    ("scheme", "secure", "is_ours"),
    [("http", False, True), ("https", True, True), ("https", False, False), ("http", True, False)],
)
def test_a_page_of_the_same_host_needs_the_same_scheme(scheme, secure, is_ours) -> None:
    reason = why(host="localhost:8001", origin=f"{scheme}://localhost:8001", secure=secure)
    assert (reason is None) is is_ours


@pytest.mark.parametrize(
    "origin",
    [f"http://{HOST}", f"https://{HOST}:443", f"https://{HOST}:8443", f"https://{HOST}.evil.example",
     f"https://sub.{HOST}", f"https://{HOST.upper()}", f"{ORIGIN}/", f"https://me@{HOST}", HOST,
     "https://evil.example", "null", ""],
)  # fmt: skip
def test_any_other_origin_is_foreign(origin) -> None:
    reason = why(host="localhost", origin=origin)
    assert reason is not None
    assert "MARKET_PUBLIC_ORIGINS" in reason
    assert repr(origin) in reason


def test_a_foreign_host_is_refused_even_to_its_own_page() -> None:
    """By DNS rebinding a foreign page can have our address under its own name."""
    reason = why(host="evil.example", origin="http://evil.example")
    assert reason is not None
    assert "'evil.example'" in reason
    assert "MARKET_PUBLIC_ORIGINS" in reason


def test_a_refusal_repeats_little_and_nothing_that_breaks_a_line() -> None:
    reason = why(host="localhost", origin="https://\x85\u00e5\n" + "x" * 5_000)
    assert reason is not None
    assert len(reason) < 300
    assert reason.isprintable()
    assert reason.isascii()


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"x_market_page": "1"}, True),
        ({"sec_fetch_site": "cross-site", "x_market_page": "1"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"x_market_page": "2"}, False),
        ({}, False),
    ],
)
def test_without_an_origin_the_browser_or_our_page_says_it(headers, is_ours) -> None:
    assert (why(host=HOST, **headers) is None) is is_ours


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("found", [Identity(7, "ada", 1, None), None])
async def test_a_request_is_of_who_is_found(monkeypatch, may_wait, found) -> None:
    """Requests that may wait are looked up with others, and the rest by themselves."""

    async def together(credential):
        return found if may_wait and credential == SessionCredential("k") else None

    async def alone(credentials):
        return {} if may_wait or found is None else dict.fromkeys(credentials, found)

    monkeypatch.setattr(newcomers, "find", together)
    monkeypatch.setattr(admission, "look_up", alone)
    headers = [
        (b"host", b"localhost"),
        (b"origin", b"http://localhost"),
        (b"cookie", b"sessionid=k"),
    ]
    scope = {"scheme": "ws", "headers": headers}
    assert await identify(scope, may_wait=may_wait) == (found or SIGNED_OUT)
