"""The origins under which browsers reach this site: their form, and the host names in them.

Pure. An origin is scheme, host and port, as browsers send it in `Origin` (RFC 6454, section 6.2).
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")


def parse_origins(text: str) -> tuple[str, ...]:
    """Return the origins of a list with commas, written as browsers write them.

    Raises:
        ValueError: an entry is no origin, or some entries have https and others http.
    """
    entries = filter(None, (entry.strip() for entry in text.split(",")))
    origins = tuple(dict.fromkeys(_origin_of(entry) for entry in entries))
    if len({origin.partition(":")[0] for origin in origins}) > 1:
        raise ValueError("https and http were mixed, but a session's cookie is for one of them")
    return origins


def are_secure(origins: Iterable[str]) -> bool:
    """Say whether browsers reach this site over TLS."""
    return any(origin.startswith("https://") for origin in origins)


def hosts_of(origins: Iterable[str]) -> list[str]:
    """Return the host names of origins, without ports."""
    return [origin.partition("://")[2].removesuffix(_port_of(origin)) for origin in origins]


def _origin_of(entry: str) -> str:
    """Return an origin in small letters, without the default port of its scheme."""
    parts = urlsplit(entry.lower())
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise ValueError(f"{entry!r} begins with neither https:// nor http://")
    if "*" in entry:
        raise ValueError(f"{entry!r} has a *, but each origin must be named")
    if entry != entry.partition("#")[0] or parts.path or parts.query or "?" in entry:
        raise ValueError(f"{entry!r} goes on after host and port")
    host = _host_of(entry, parts)
    is_default = parts.port in (None, DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{parts.port}")


def _host_of(entry: str, parts: SplitResult) -> str:
    try:
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(f"{entry!r} has an invalid port: expected a number up to 65535") from None
    host = f"[{host}]" if ":" in host else host
    is_whole = parts.netloc in (host, f"{host}:{port}")
    if not is_whole or port == 0 or not _NAME.fullmatch(host):
        raise ValueError(f"{entry!r} has an invalid host name (write letters beyond a-z as xn--…)")
    return host


def _port_of(origin: str) -> str:
    found = re.search(r":\d+$", origin)
    return found.group() if found else ""
