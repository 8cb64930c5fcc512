"""The address that a person gives: read once, so that all who use it mean the same place.

Must not resolve names. Browsers, libraries and servers disagree about odd addresses, so what is odd
is refused: names with a password, spaces, other letters than ASCII, unusual ports.
"""

import re
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from dashboard.network.hops import Address, Network
from dashboard.reaching.public_addresses import is_reachable

LONGEST: Final = 1000
PORTS: Final = {"https": 443, "http": 80}
LOWEST_PORT: Final = 1024
"""Lower ports are those of mail, names and the like, which no webhook has."""
LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
LONGEST_NAME: Final = 253


class Endpoint(NamedTuple):
    """Where a request goes: `host` is a name or an address without brackets."""

    is_secure: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Return what the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == PORTS["https" if self.is_secure else "http"]
        return host if is_usual else f"{host}:{self.port}"


class ReachRules(NamedTuple):
    """What the settings allow beside public addresses over TLS."""

    http: bool = False
    networks: tuple[Network, ...] = ()


def read_endpoint(text: str, rules: ReachRules) -> Endpoint:
    """Return where an address leads.

    Raises:
        ValueError: it is no address that we may send to; the text tells the person why.
    """
    parts = _split(text)
    if parts.scheme not in PORTS or (parts.scheme == "http" and not rules.http):
        raise ValueError("The address must begin with https://.")
    if "@" in parts.netloc:
        raise ValueError("The address must hold no user name and no password.")
    host = _host_of(parts)
    literal = literal_address(host)
    if literal is not None and not is_reachable(literal, rules.networks):
        raise ValueError("The address is in a private or reserved network.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme == "https", host, _port_of(parts), target)


def origin_of(address: str) -> str:
    """Return the origin of an address that was read before, as in https://push.example:8443."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def literal_address(host: str) -> Address | None:
    """Return the address that a host is by itself; None for a name.

    Old forms count, as resolvers take them: `2130706433`, `0x7f.1` and `127.1` are 127.0.0.1.
    """
    if ":" in host:
        return IPv6Address(host)
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _split(text: str) -> SplitResult:
    if len(text) > LONGEST:
        raise ValueError(f"The address has more than {LONGEST} characters.")
    if not all("!" <= letter <= "~" for letter in text) or set(text) & set('\\"<>^`{|}'):
        raise ValueError("Write other signs in the address as %20 is written, and names as xn--….")
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("This is no address.") from None


def _host_of(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if parts.netloc.startswith("["):
        if "%" in host or not _is_ipv6(host):
            raise ValueError("This is no address of IPv6.")
        return host
    if not host or len(host) > LONGEST_NAME or not all(map(LABEL.fullmatch, host.split("."))):
        raise ValueError("The address has no name of a host.")
    return host


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _port_of(parts: SplitResult) -> int:
    try:
        port = parts.port or PORTS[parts.scheme]
    except ValueError:
        raise ValueError("The port of the address is no port.") from None
    if port < LOWEST_PORT and port not in PORTS.values():
        raise ValueError(f"The port must be 443, 80 or at least {LOWEST_PORT}.")
    return port
