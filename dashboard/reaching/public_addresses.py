"""Which addresses of the internet protocol are public, so that people may have us connect to them.

Must not know names or connections. Everything is refused that can lead into the network of this
site: also addresses of IPv6 that stand for one of IPv4. The ranges are those of the registries of
special addresses (RFC 6890, as IANA keeps them), and of multicast.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

from dashboard.network.hops import Address, Network

GLOBAL_V6: Final = ip_network("2000::/3")
"""All that is handed out to the public so far."""
NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Teredo, benchmarks, ORCHID and other protocols; documents; 6to4; documents again.
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)


def is_reachable(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Say whether we may connect to an address: it is public, or in an allowed network.

    IPv4 written as IPv6 (`::ffff:10.0.0.1`) is allowed where the address of IPv4 is.
    """
    plain = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((plain or address) in network for network in allowed) or _is_public(address)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    # Outside are loopback, link-local, unique local, mapped, NAT64, discard and multicast.
    return (
        address in GLOBAL_V6
        and address.scope_id is None
        and not any(address in network for network in NOT_PUBLIC)
    )
