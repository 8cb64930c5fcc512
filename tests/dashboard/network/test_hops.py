"""The client is the last hop that is no trusted proxy, whatever a client writes into the list."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.network.hops import ForwardedClient, address_of, client_behind, parse_networks

PROXIES = parse_networks("127.0.0.1, 10.0.0.0/8, fd00::/8")
PEER = "127.0.0.1"
BYTES = st.binary(max_size=60).filter(lambda text: b"\n" not in text)
ADDRESSES = st.ip_addresses().map(str)
CLIENTS = ADDRESSES.filter(lambda text: not any(address_of(text) in net for net in PROXIES))
TRUSTED = st.sampled_from(["127.0.0.1", "10.1.2.3", "fd00::7"])


def spelled(address: str) -> st.SearchStrategy[str]:
    """Return the ways in which proxies write an address, with and without a port."""
    bracketed = f"[{address}]" if ":" in address else address
    return st.sampled_from([address, f" {address} ", bracketed, f"{bracketed}:4711"])


def seen(peer: str, *lists: bytes, proto: bytes | None = None) -> ForwardedClient | None:
    headers = [(b"host", b"example.com")] + [(b"x-forwarded-for", text) for text in lists]
    headers += [] if proto is None else [(b"x-forwarded-proto", proto)]
    return client_behind(peer, headers, PROXIES)


def canonical(address: str) -> str:
    return str(address_of(address))


@given(CLIENTS, BYTES)
def test_a_peer_that_is_not_trusted_is_the_client_itself(peer, forged) -> None:
    assert seen(peer, forged, proto=b"https") is None


@given(st.data(), CLIENTS, st.lists(BYTES, max_size=3), st.lists(TRUSTED, max_size=3))
def test_what_a_client_forges_changes_nothing(data, client, forged, proxies) -> None:
    """Anything may stand left of the client, in one header or several; right of it only proxies."""
    hop = data.draw(spelled(client)).encode()
    right = [data.draw(spelled(proxy)).encode() for proxy in proxies]
    found = seen(PEER, *forged, b",".join([hop, *right]))
    assert found is not None
    assert found.address == canonical(client)


@given(st.data(), CLIENTS, st.lists(TRUSTED, max_size=4))
def test_several_headers_are_one_list(data, client, proxies) -> None:
    hops = [client.encode(), *(proxy.encode() for proxy in proxies)]
    cut = data.draw(st.integers(0, len(hops)))
    lists = [b", ".join(part) for part in (hops[:cut], hops[cut:]) if part]
    assert (
        seen(PEER, *lists)
        == seen(PEER, b",".join(hops))
        == ForwardedClient(canonical(client), None)
    )


@given(st.lists(TRUSTED, max_size=4))
def test_where_everybody_is_trusted_the_first_one_asks(proxies) -> None:
    found = seen(PEER, ",".join(proxies).encode())
    assert found == ForwardedClient(canonical(proxies[0]) if proxies else PEER, None)


@given(TRUSTED, st.text(alphabet="xyz._ ", max_size=9))
def test_behind_garbage_the_proxy_answers_for_it(proxy, garbage) -> None:
    """If a hop is not an address, no claim about what lies behind it counts."""
    found = seen(PEER, f"192.0.2.1,{garbage},{proxy}".encode())
    assert found == ForwardedClient(canonical(proxy), None)


@given(st.binary(max_size=80), st.binary(max_size=20))
def test_no_bytes_are_too_bad_to_be_read(forwarded, proto) -> None:
    found = seen(PEER, forwarded, proto=proto)
    assert found is not None
    assert ip_address(found.address)


@given(ADDRESSES)
def test_a_peer_may_be_written_as_any_address(peer) -> None:
    is_trusted = any(address_of(peer) in network for network in PROXIES)
    assert (seen(peer, b"192.0.2.1") is not None) == is_trusted


@pytest.mark.parametrize("peer", ["", "unix:", "/run/market.sock", "testclient"])
def test_a_peer_without_an_address_is_not_trusted(peer) -> None:
    assert seen(peer, b"192.0.2.1", proto=b"https") is None


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_has_one_spelling(hop, address) -> None:
    assert str(address_of(hop)) == address


@pytest.mark.parametrize(
    "hop",
    ["", " ", "unknown", "_hidden", "192.0.2.256", "192.0.2.1.", "1", ":80", "[", "[]", "a:b"],
)
def test_what_is_no_address_is_none(hop) -> None:
    assert address_of(hop) is None


@pytest.mark.parametrize(
    ("forwarded", "proto", "is_secure"),
    [
        (b"192.0.2.1", b"https", True),
        (b"192.0.2.1", b"HTTPS", True),
        (b"192.0.2.1", b"wss", True),
        (b"192.0.2.1", b"http", False),
        (b"192.0.2.1", b"ftp", None),
        (b"192.0.2.1", b"", None),
        (b"192.0.2.1", None, None),
        (b"192.0.2.1, 10.0.0.1", b"https", True),
        (b"192.0.2.1, 10.0.0.1", b"https, http", True),
        (b"198.51.100.7, 192.0.2.1", b"https, http", False),
        (b"192.0.2.1", b"https, http", False),
        (b"", b"https", True),
    ],
)
def test_the_scheme_is_the_one_beside_the_client(forwarded, proto, is_secure) -> None:
    """A client's own entry stands left of it, and is not believed."""
    found = seen(PEER, *filter(None, [forwarded]), proto=proto)
    assert found is not None
    assert found.is_secure is is_secure


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("localhost", "no address or network"),
        ("10.0.0.1/8", "host bits"),
        ("10.0.0.0/33", "no address or network"),
        ("127.0.0.1;10.0.0.1", "no address or network"),
        ("*", "no address or network"),
        ("0.0.0.0/0", "everybody"),
        ("127.0.0.1,::/0", "everybody"),
    ],
)
def test_a_network_that_means_nothing_is_refused(text, fact) -> None:
    with pytest.raises(ValueError, match=fact):
        parse_networks(text)


def test_networks_are_listed_with_commas() -> None:
    assert [str(network) for network in parse_networks(" 127.0.0.1, ::1,,10.0.0.0/8 ")] == [
        "127.0.0.1/32",
        "::1/128",
        "10.0.0.0/8",
    ]
    assert parse_networks("") == ()
