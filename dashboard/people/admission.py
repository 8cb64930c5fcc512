"""Who sends a request: the holder of its session or its token, or nobody who is let in.

Must not know frames or the market.
"""

import base64
import binascii
from typing import Any, Final

import msgspec
from django.conf import settings
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host

from dashboard.people.identity import (
    Credential,
    Identity,
    SessionCredential,
    TokenCredential,
    look_up,
    newcomers,
)

OWN_PAGE: Final = b"x-market-page"
QUOTED_CHARACTERS: Final = 100
"""An error repeats no more of a host or an origin, which may be texts of any length."""


class NotAdmitted(msgspec.Struct, frozen=True):
    """Why a request has no identity: a foreign page sent it, or nobody is signed in."""

    foreign: str | None
    """Why the page is foreign; None where nobody is signed in."""


SIGNED_OUT: Final = NotAdmitted(foreign=None)


async def identify(scope: dict[str, Any], *, may_wait: bool = False) -> Identity | NotAdmitted:
    """Return who sends this request; a session counts only on requests of our own pages.

    With `may_wait` the answer may take 2 s longer while many come at once, as after a restart. It
    is not for what runs within Django: a request there has a thread for the database of its own.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    credential: Credential | None
    if (basic := headers.get(b"authorization")) is not None:
        credential = _token_credential(basic)
    else:
        secure = scope.get("scheme", "ws") in ("https", "wss")
        if (reason := why_foreign(headers, secure=secure)) is not None:
            return NotAdmitted(reason)
        credential = _session_credential(headers.get(b"cookie", ""))
    if credential is None:
        return SIGNED_OUT
    if may_wait:
        return await newcomers.find(credential) or SIGNED_OUT
    return (await look_up([credential])).get(credential) or SIGNED_OUT


def why_foreign(headers: dict[bytes, str], *, secure: bool) -> str | None:
    """Return why no page of ours sent the request; None if one did.

    The reason names the setting that would make the page ours, where it is a matter of settings.
    Browsers send `Origin` with every WebSocket. With a plain GET they send only `Sec-Fetch-Site`,
    and over plain http not even that. Our pages add a header of their own there, which a foreign
    page cannot send without a preflight. A request with none of the three is not of our pages.
    """
    host = headers.get(b"host", "")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return f"host was {_quoted(host)}, which MARKET_PUBLIC_ORIGINS does not name"
    origin = headers.get(b"origin")
    if origin is None:
        site = headers.get(b"sec-fetch-site")
        is_own = site == "same-origin" or (site is None and headers.get(OWN_PAGE) == "1")
        return None if is_own else "no page of this site asked"
    own = f"{'https' if secure else 'http'}://{host}"
    if origin == own or origin in settings.CSRF_TRUSTED_ORIGINS:
        return None
    return f"origin was {_quoted(origin)}, which MARKET_PUBLIC_ORIGINS does not name"


def _quoted(text: str) -> str:
    """Return what a client sent as an error may repeat it."""
    return ascii(text[:QUOTED_CHARACTERS])


def _session_credential(cookie: str) -> SessionCredential | None:
    key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)
    return SessionCredential(key) if key else None


def _token_credential(basic: str) -> TokenCredential | None:
    """Return name and secret of a header; None if it has none."""
    kind, _, encoded = basic.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return TokenCredential(name, secret)
