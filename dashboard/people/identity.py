"""Who sends a request, by a browser's session or a program's token, and whether that still holds.

Must not know frames or the market. A handshake and a sweep cost a hop to a thread each; no frame
waits for the database.
"""

import base64
import binascii
import logging
import time
from collections.abc import Collection
from importlib import import_module
from math import inf
from typing import Any, Final

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseError
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from dashboard.cpu_meter import in_thread
from dashboard.models import ApiToken
from dashboard.people import token_service
from dashboard.people.access import EVERY_SCOPE, NO_RIGHTS, UNLIMITED, Access, Rights, Scope
from dashboard.people.second_factor import has_shown, must_show
from dashboard.people.selectors import access_of, rights_of
from dashboard.people.tokens import digest_of, read_old_token
from dashboard.wire.registry import Close
from feeds.database import with_connection

log = logging.getLogger(__name__)
OWN_PAGE: Final = b"x-market-page"
QUOTED_CHARACTERS: Final = 100
"""An error repeats no more of a host or an origin, which may be texts of any length."""


class Identity(msgspec.Struct, frozen=True):
    """A signed-in account, and what must stay true while it is connected."""

    user_id: int
    username: str
    password_mark: int
    session_key: str | None
    access: Access = UNLIMITED
    until_s: float = inf
    """When the token expires (UTC s); a session expires by its row."""
    rights: Rights = NO_RIGHTS
    token_id: int | None = None
    scopes: frozenset[Scope] = EVERY_SCOPE


class NotAdmitted(msgspec.Struct, frozen=True):
    """Why a request has no identity: a foreign page sent it, or nobody is signed in."""

    foreign: str | None
    """Why the page is foreign; None where nobody is signed in."""


SIGNED_OUT: Final = NotAdmitted(foreign=None)


async def identify(scope: dict[str, Any]) -> Identity | NotAdmitted:
    """Return who sends this request; a session counts only on requests of our own pages."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    if (basic := headers.get(b"authorization")) is not None:
        return await _identify_token(basic) or SIGNED_OUT
    secure = scope.get("scheme", "ws") in ("https", "wss")
    if (reason := why_foreign(headers, secure=secure)) is not None:
        return NotAdmitted(reason)
    key = _session_key(headers.get(b"cookie", ""))
    if key is None:
        return SIGNED_OUT
    return await _identify_session(key) or SIGNED_OUT


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


@sync_to_async
@with_connection
def find_revoked(identities: Collection[Identity]) -> dict[Identity, Close]:
    """Return the identities that no longer hold, with the code to close their connections.

    Three to five queries for all of them, and a few more for each operator.
    """
    users = get_user_model().objects.filter(
        pk__in={identity.user_id for identity in identities}, is_active=True
    )
    marks = {pk: hash(password) for pk, password in users.values_list("pk", "password")}
    keys = {identity.session_key for identity in identities if identity.session_key}
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    alive = {None, *sessions.values_list("session_key", flat=True)}
    tokens = _living_among(identities)
    access = access_of(marks)
    rights = _rights_among(identities)
    revoked: dict[Identity, Close] = {}
    now_s = time.time()
    for identity in identities:
        is_same = marks.get(identity.user_id) == identity.password_mark
        is_over = identity.until_s <= now_s
        is_alive = identity.session_key in alive and identity.token_id in tokens
        if not is_same or is_over or not is_alive:
            revoked[identity] = Close.SIGNED_OUT
            continue
        present = rights.get(identity.user_id, NO_RIGHTS)
        if access[identity.user_id] != identity.access or _has_other_rights(identity, present):
            revoked[identity] = Close.ACCESS_CHANGED
    return revoked


def _has_other_rights(identity: Identity, present: Rights) -> bool:
    """Say whether rights changed; those that its token does not ask for do not count."""
    return _within(present, identity.scopes) != identity.rights


def _within(rights: Rights, scopes: frozenset[Scope]) -> Rights:
    return rights if Scope.DECK in scopes else NO_RIGHTS


def _living_among(identities: Collection[Identity]) -> set[int | None]:
    """Return the tokens that are still good, in one query, and None for those without a token."""
    ids = {identity.token_id for identity in identities if identity.token_id is not None}
    if not ids:
        return {None}
    return {None, *token_service.valid_tokens().filter(pk__in=ids).values_list("pk", flat=True)}


@sync_to_async
@with_connection
def note_open(identities: Collection[Identity]) -> None:
    """Note that the tokens of open connections are in use, which may be open for months."""
    ids = {identity.token_id for identity in identities if identity.token_id is not None}
    if ids:
        _note_use(*ApiToken.objects.filter(pk__in=ids))


def _rights_among(identities: Collection[Identity]) -> dict[int, Rights]:
    """Return the present rights of operators, to find those who lost some.

    Users without rights are left out: most users are, and new rights count at the next connection.
    """
    ids = {identity.user_id for identity in identities if identity.rights != NO_RIGHTS}
    return {user.pk: rights_of(user) for user in User.objects.filter(pk__in=ids)} if ids else {}


def _session_key(cookie: str) -> str | None:
    return parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)


@in_thread
def _identify_session(key: str) -> Identity | None:
    """Read the session without writing it: a socket cannot hand out a new cookie."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    if BACKEND_SESSION_KEY not in store:
        return None
    user = _active_user(store[SESSION_KEY])
    mark = store.get(HASH_SESSION_KEY, "")
    if user is None or not any(constant_time_compare(mark, known) for known in _auth_hashes(user)):
        return None
    if must_show(user) and not has_shown(store, user):
        return None
    return _identity_of(user, session_key=key)


@in_thread
def _identify_token(basic: str) -> Identity | None:
    try:
        kind, _, encoded = basic.partition(" ")
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    token = _token_of(secret) if kind.lower() == "basic" else None
    if token is None or not token.user.is_active or token.user.get_username() != name:
        return None
    if token.revoked_at is not None or _end_of(token) <= time.time():
        return None
    if not any(known.startswith(token.password_mark) for known in _auth_hashes(token.user)):
        return None
    _note_use(token)
    return _identity_of(token.user, token=token)


def _token_of(secret: str) -> ApiToken | None:
    """Return the row of a token, also of a signed one from before tokens had rows."""
    row = ApiToken.objects.filter(digest=digest_of(secret)).select_related("user").first()
    if row is not None or (old := read_old_token(secret)) is None or old.until_s <= time.time():
        return row
    user = User.objects.filter(pk=old.user_id).first()
    return None if user is None else token_service.take_over(user, secret, old)


def _end_of(token: ApiToken) -> float:
    return inf if token.expires_at is None else token.expires_at.timestamp()


def _note_use(*tokens: ApiToken) -> None:
    """Write the last use; a database that cannot be written to now keeps nobody out."""
    try:
        token_service.note_use(tokens)
    except DatabaseError as error:
        log.warning("use of tokens was not noted tokens=%d error=%r", len(tokens), error)


def _active_user(pk: str | int) -> AbstractBaseUser | None:
    return get_user_model().objects.filter(pk=pk, is_active=True).first()


def _auth_hashes(user: AbstractBaseUser) -> list[str]:
    """Return the hashes that a session of this user may hold, also of retired secret keys."""
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]


def _identity_of(
    user: AbstractBaseUser, *, session_key: str | None = None, token: ApiToken | None = None
) -> Identity:
    access, mark = access_of([user.pk])[user.pk], hash(user.password)
    rights = rights_of(user) if isinstance(user, User) else NO_RIGHTS
    identity = Identity(user.pk, user.get_username(), mark, session_key, access, rights=rights)
    return identity if token is None else _by_token(identity, token)


def _by_token(identity: Identity, token: ApiToken) -> Identity:
    scopes = frozenset(scope for scope in Scope if scope in token.scopes)
    return msgspec.structs.replace(
        identity,
        until_s=_end_of(token),
        token_id=token.pk,
        scopes=scopes,
        rights=_within(identity.rights, scopes),
    )
