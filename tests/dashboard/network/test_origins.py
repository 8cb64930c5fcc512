"""An origin is written as browsers write it; anything else would silently match no page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.network.origins import are_secure, hosts_of, parse_origins

HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{2,5}){0,2}", fullmatch=True)


@pytest.mark.slow
@given(st.lists(st.tuples(HOSTS, st.none() | st.integers(1, 65_535)), max_size=4))
def test_origins_and_their_hosts_are_read(places) -> None:
    texts = [f"https://{host}" + (f":{port}" if port else "") for host, port in places]
    origins = parse_origins(" , ".join(texts))
    plain = [text.removesuffix(":443") for text in texts]
    assert origins == tuple(dict.fromkeys(plain))
    assert set(hosts_of(origins)) == {host for host, _ in places}


@pytest.mark.parametrize(
    ("text", "origin", "host"),
    [
        ("https://Market.Example.COM", "https://market.example.com", "market.example.com"),
        ("https://a.example:443", "https://a.example", "a.example"),
        ("http://a.example:80", "http://a.example", "a.example"),
        ("http://a.example:443", "http://a.example:443", "a.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]"),
        ("https://[::1]", "https://[::1]", "[::1]"),
        ("https://xn--brse-5qa.example", "https://xn--brse-5qa.example", "xn--brse-5qa.example"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text, origin, host) -> None:
    assert parse_origins(text) == (origin,)
    assert hosts_of([origin]) == [host]


@pytest.mark.parametrize(
    "text",
    [
        "market.example.com", "//market.example.com", "ftp://a.example", "https://", "https:///x",
        "https://*.example.com", "*", "null", "https://a.example/", "https://a.example/path",
        "https://a.example?", "https://a.example?x=1", "https://a.example#", "https://a.example#x",
        "https://me@a.example", "https://me:word@a.example", "https://a.example:", "https://:443",
        "https://a.example:0", "https://a.example:65536", "https://a.example:x", "https://a b",
        "https://-a.example-", "https://b\u00f6rse.example", "https://a.example;https://b.example",
        "https://a.example,http://b.example", "https://[::1", "https://[::z]",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"http|\*|host|port|Invalid|IPv"):
        parse_origins(text)


@pytest.mark.parametrize(
    ("origins", "secure"),
    [([], False), (["http://a.example"], False), (["https://a.example"], True)],
)
def test_tls_is_known_by_the_origins(origins, secure) -> None:
    assert are_secure(origins) is secure
