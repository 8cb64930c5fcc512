"""The client behind proxies: the last hop that is not one of the trusted proxies.

Pure. Each proxy appends the address of its peer to X-Forwarded-For. What stands left of an address
that is not trusted may be forged, so the list is read from its right end.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]

FORWARDED_FOR: Final = b"x-forwarded-for"
FORWARDED_PROTO: Final = b"x-forwarded-proto"
IS_SECURE: Final = {b"https": True, b"wss": True, b"http": False, b"ws": False}


class ForwardedClient(NamedTuple):
    """What trusted proxies say: the client's address, and whether it uses TLS (None: unsaid)."""

    address: str
    is_secure: bool | None


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list with commas; an address is a network of its own.

    Raises:
        ValueError: an entry is no address or network, or is everybody.
    """
    entries = filter(None, (entry.strip() for entry in text.split(",")))
    return tuple(map(_network_of, entries))


def client_behind(
    peer: str, headers: Headers, trusted: Sequence[Network]
) -> ForwardedClient | None:
    """Return the client that trusted proxies name; None where the peer itself is the client."""
    client = address_of(peer)
    if client is None or not _is_among(client, trusted):
        return None
    all_headers = list(headers)
    hops = _listed(all_headers, FORWARDED_FOR)
    place = len(hops)
    while place and _is_among(client, trusted):
        hop = address_of(hops[place - 1].decode("latin-1"))
        if hop is None:
            break  # nobody knows who is behind it, so the proxy answers for what it passed on
        client, place = hop, place - 1
    return ForwardedClient(
        str(client), _is_secure(_listed(all_headers, FORWARDED_PROTO), place, len(hops))
    )


def address_of(hop: str) -> Address | None:
    """Return the address in a hop: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.

    None when there is no address. IPv4 written as IPv6 becomes IPv4, and a zone is left out: else
    one client would have several addresses.
    """
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network_of(entry: str) -> Network:
    try:
        network = ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{entry!r} is no address or network ({error})") from None
    if network.prefixlen == 0:
        raise ValueError(f"{entry!r} is everybody, and anybody could forge an address")
    return network


def _is_among(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _listed(headers: Headers, name: bytes) -> list[bytes]:
    """Return the entries of a list that may be spread over several headers."""
    values = b",".join(value for key, value in headers if key == name)
    return [entry.strip() for entry in values.split(b",")] if values.strip() else []


def _is_secure(schemes: Sequence[bytes], place: int, hops: int) -> bool | None:
    """Say whether the client uses TLS, None where no proxy says so.

    If there is a scheme for each hop, that of the client's hop counts, otherwise the last one: a
    proxy that replaces the header leaves one entry, however many hops there are.
    """
    if not schemes:
        return None
    scheme = schemes[place] if len(schemes) == hops and place < hops else schemes[-1]
    return IS_SECURE.get(scheme.lower())
