"""Addresses that people give: what is taken, and that nothing leads into a private network."""

import re
from ipaddress import ip_address, ip_network

import pytest

from dashboard.reaching.endpoints import Endpoint, ReachRules, origin_of, read_endpoint
from dashboard.reaching.public_addresses import is_reachable

STRICT = ReachRules()
OPEN = ReachRules(http=True, networks=(ip_network("127.0.0.0/8"), ip_network("fd00::/8")))


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254"),  # noqa: S104
        "127.0.0.1",
        *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8"),
        *("192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        "255.255.255.255",
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8"),
        *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1"),
        *("2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1"),
        *("fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "2a00:1450::1%1", "fec0::1"),
        *("ff02::1", "ff0e::1", "::ffff:0:127.0.0.1", "fd00:ec2::254"),
    ],
)
def test_what_is_not_public_is_refused(text: str) -> None:
    assert not is_reachable(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
        *("192.167.1.1", "198.17.0.1", "198.20.0.1", "169.253.1.1", "223.255.255.255"),
        *("2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888"),
    ],
)
def test_what_is_public_is_reachable(text: str) -> None:
    assert is_reachable(ip_address(text))


def test_a_setting_opens_a_network_and_no_other() -> None:
    assert is_reachable(ip_address("127.0.0.1"), OPEN.networks)
    assert is_reachable(ip_address("::ffff:127.0.0.1"), OPEN.networks)
    assert is_reachable(ip_address("fd00::1"), OPEN.networks)
    assert not is_reachable(ip_address("10.0.0.1"), OPEN.networks)
    assert not is_reachable(ip_address("::1"), OPEN.networks)
    assert not is_reachable(ip_address("::ffff:10.0.0.1"), OPEN.networks)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "0"),
        *("0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),  # noqa: S104
        "169.254.169.254",
        *("10.0.0.1", "192.168.0.1", "3232235521", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]"),
        *("127.0.0.1.", "0x7f.0x0.0x0.0x1", "[2002:7f00:1::]"),
    ],
)
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(ValueError, match="private or reserved"):
        read_endpoint(f"https://{host}/hook", STRICT)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("//example.com/", "https://"),
        ("example.com", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://ada@example.com/", "user name"),
        ("https://ada:secret@example.com/", "user name"),
        ("https://example.com@127.0.0.1/", "user name"),
        ("https://@example.com/", "user name"),
        ("https:///hook", "no name"),
        ("https://", "no name"),
        ("https://a..b/", "no name"),
        ("https://-a.example/", "no name"),
        (f"https://{'a.' * 130}example/", "no name"),
        ("https://exa mple.com/", "%20"),
        ("https://example.com/\r\nHost: evil", "%20"),
        ("https://example.com\\@127.0.0.1/", "%20"),
        ("https://exämple.com/", "xn--"),
        ("https://example.com/ä", "xn--"),
        ("https://①②⑦.0.0.1/", "xn--"),
        (f"https://{'a' * 64}.example/", "no name"),
        (f"https://{'a.' * 123}example/", None),
        (f"https://{'a.' * 123}examples/", "no name"),
        (f"https://{'a' * 63}.example/", None),
        ("https://a-b_c.example/", None),
        ("https://a-.example/", "no name"),
        ("https://example.com:22/", "port"),
        ("https://example.com:80/", None),
        ("https://example.com:443/", None),
        ("https://example.com:442/", "port"),
        ("https://example.com:1023/", "port"),
        ("https://example.com:1024/", None),
        ("https://example.com:65535/", None),
        ("https://example.com:65536/", "port"),
        ("https://example.com:25/", "port"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:x/", "port"),
        ("https://[fe80::1%25eth0]/", "IPv6"),
        ("https://[example.com]/", "address"),
        ("https://[v1.a]/", "This is no address of IPv6."),
        ("https://[::1/", "no address"),
        ("https://example.com/" + "x" * 980, None),
        ("https://example.com/" + "x" * 981, "1000"),
    ],
)
def test_an_odd_address_is_refused_and_says_why(text: str, why: str | None) -> None:
    if why is None:
        read_endpoint(text, STRICT)
        return
    with pytest.raises(ValueError, match=re.escape(why)):
        read_endpoint(text, STRICT)


def test_an_origin_is_an_address_without_its_path() -> None:
    assert origin_of("https://Push.Example:8443/send/abc?a=1") == "https://push.example:8443"


def test_a_good_address_is_read_once_and_for_all() -> None:
    wanted = Endpoint(True, "example.com", 443, "/a/b?c=%20d")
    assert read_endpoint("https://Example.com./a/b?c=%20d#part", STRICT) == wanted
    assert wanted.authority == "example.com"
    assert read_endpoint("https://example.com", STRICT).target == "/"
    assert read_endpoint("https://example.com:8443/", STRICT).authority == "example.com:8443"
    v6 = read_endpoint("https://[2606:4700::1111]:8443/", STRICT)
    assert (v6.host, v6.authority) == ("2606:4700::1111", "[2606:4700::1111]:8443")


@pytest.mark.parametrize(
    ("is_secure", "port", "authority"),
    [(True, 443, "x.com"), (True, 80, "x.com:80"), (False, 80, "x.com"), (False, 443, "x.com:443")],
)
def test_a_port_is_named_unless_it_is_the_usual_one(
    is_secure: bool, port: int, authority: str
) -> None:
    assert Endpoint(is_secure, "x.com", port, "/").authority == authority


def test_settings_allow_http_and_an_intranet() -> None:
    assert read_endpoint("http://127.0.0.1:8000/", OPEN) == Endpoint(False, "127.0.0.1", 8000, "/")
    with pytest.raises(ValueError, match="private"):
        read_endpoint("http://10.0.0.1/", OPEN)
