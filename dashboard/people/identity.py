"""Whose a browser's session or a program's token is, and whether it is still good.

Must not know requests, frames or the market. Handshakes that come together are looked up in one
call of a thread, and so are the connections of a sweep. No frame waits for the database.
"""

import logging
import time
from collections.abc import Collection, Iterable
from math import inf
from typing import Final, NamedTuple

import msgspec
from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseError
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from dashboard.models import ApiToken, BrowserSession
from dashboard.people import token_service
from dashboard.people.access import EVERY_SCOPE, NO_RIGHTS, UNLIMITED, Access, Rights, Scope
from dashboard.people.second_factor import has_shown, must_show
from dashboard.people.selectors import access_of, rights_of
from dashboard.people.shared_lookups import SharedLookups
from dashboard.people.tokens import digest_of, good_marks, is_good_hash, read_old_token
from dashboard.process.cpu_meter import in_thread
from dashboard.wire.registry import Close
from feeds.database import with_connection

log = logging.getLogger(__name__)


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


class SessionCredential(NamedTuple):
    """The cookie of a browser's session."""

    key: str


class TokenCredential(NamedTuple):
    """A program's token, and the name of the account that it claims to belong to."""

    name: str
    secret: str


Credential = SessionCredential | TokenCredential


@sync_to_async
@with_connection
def find_revoked(identities: Collection[Identity]) -> dict[Identity, Close]:
    """Return the identities that are no longer good, with the code to close their connections.

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
    """Note that the tokens of open connections, which may last for months, are in use."""
    ids = {identity.token_id for identity in identities if identity.token_id is not None}
    if ids:
        _note_use(*ApiToken.objects.filter(pk__in=ids))


def _rights_among(identities: Collection[Identity]) -> dict[int, Rights]:
    """Return the present rights of operators, to find those who lost some.

    Users without rights are left out: most users are, and new rights count at the next connection.
    """
    ids = {identity.user_id for identity in identities if identity.rights != NO_RIGHTS}
    return {user.pk: rights_of(user) for user in User.objects.filter(pk__in=ids)} if ids else {}


@in_thread
def look_up(credentials: Collection[Credential]) -> dict[Credential, Identity]:
    """Return who holds these credentials; those that are not good are left out.

    Two queries for sessions and two for tokens, whatever their number, and some more for staff, for
    restricted feeds, and for credentials of earlier versions.
    """
    keys = [each.key for each in credentials if isinstance(each, SessionCredential)]
    tokens = [each for each in credentials if isinstance(each, TokenCredential)]
    return {**holders_of_sessions(keys), **holders_of_tokens(tokens)}


newcomers: Final = SharedLookups(look_up)
"""Looks up together those that come together."""


def holders_of_sessions(keys: Collection[str]) -> dict[Credential, Identity]:
    """Read sessions without writing them: a socket cannot hand out a new cookie."""
    users: dict[str, User] = {}
    for key, (session, user) in _sessions(keys).items():
        if user.is_active and _is_good(session, user):
            users[key] = user
    access = access_of({user.pk for user in users.values()}) if users else {}
    return {
        SessionCredential(key): _identity_of(user, access[user.pk], session_key=key)
        for key, user in users.items()
    }


def _sessions(keys: Collection[str]) -> dict[str, tuple[SessionBase, User]]:
    """Return the living sessions among these keys, and their users.

    Django's sessions say only in their text whose they are. The rows of browsers say it in a
    column, so that one query finds both. A session that has no such row yet takes two.
    """
    living = Session.objects.filter(expire_date__gt=timezone.now())
    text = living.filter(session_key=OuterRef("key")).values("session_data")[:1]
    browsers = BrowserSession.objects.filter(key__in=keys).select_related("user")
    found = {
        browser.key: (_store(browser.text), browser.user)
        for browser in browsers.annotate(text=Subquery(text))
        if browser.text is not None
    }
    if unknown := set(keys) - set(found):
        rows = living.filter(session_key__in=unknown).values_list("session_key", "session_data")
        stores = {key: _store(data) for key, data in rows}
        users = _users_of(stores.values())
        for key, store in stores.items():
            if (user := users.get(store.get(SESSION_KEY, ""))) is not None:
                found[key] = (store, user)
    return found


def _store(text: str) -> SessionBase:
    store = SessionStore()
    store.update(store.decode(text))
    return store


def _users_of(sessions: Iterable[SessionBase]) -> dict[str, User]:
    ids = {session[SESSION_KEY] for session in sessions if SESSION_KEY in session}
    return {str(user.pk): user for user in User.objects.filter(pk__in=ids)} if ids else {}


def _is_good(session: SessionBase, user: User) -> bool:
    """Say whether a session still signs its user in."""
    if BACKEND_SESSION_KEY not in session or session.get(SESSION_KEY) != str(user.pk):
        return False
    if not is_good_hash(user, session.get(HASH_SESSION_KEY, "")):
        return False
    return not must_show(user) or has_shown(session, user)


def holders_of_tokens(credentials: Collection[TokenCredential]) -> dict[Credential, Identity]:
    """Return whose these tokens are, and note that they are in use."""
    tokens = {
        credential: token
        for credential, token in _tokens(credentials).items()
        if _signs_in(token, credential.name)
    }
    if not tokens:
        return {}
    _note_use(*tokens.values())
    _renew_marks(tokens.values())
    access = access_of({token.user_id for token in tokens.values()})
    return {
        credential: _identity_of(token.user, access[token.user_id], token=token)
        for credential, token in tokens.items()
    }


def _signs_in(token: ApiToken, name: str) -> bool:
    user = token.user
    if not user.is_active or user.get_username() != name:
        return False
    if token.revoked_at is not None or _end_of(token) <= time.time():
        return False
    return token.password_mark in good_marks(user)


def _tokens(credentials: Collection[TokenCredential]) -> dict[TokenCredential, ApiToken]:
    """Return the rows of tokens, also of signed ones from before tokens had rows."""
    digests = {digest_of(credential.secret): credential for credential in credentials}
    if not digests:
        return {}
    rows = ApiToken.objects.filter(digest__in=digests).select_related("user")
    found = {row.digest: row for row in rows}
    tokens: dict[TokenCredential, ApiToken] = {}
    for credential in credentials:
        row = found.get(digest_of(credential.secret)) or _old_token(credential.secret)
        if row is not None:
            tokens[credential] = row
    return tokens


def _old_token(secret: str) -> ApiToken | None:
    """Return the row of a signed token, which its first use makes."""
    old = read_old_token(secret)
    if old is None or old.until_s <= time.time():
        return None
    user = User.objects.filter(pk=old.user_id).first()
    return None if user is None else token_service.take_over(user, secret, old)


def _end_of(token: ApiToken) -> float:
    return inf if token.expires_at is None else token.expires_at.timestamp()


def _note_use(*tokens: ApiToken) -> None:
    """Write the last use; if the database takes no writes now, the tokens are good all the same."""
    try:
        token_service.note_use(tokens)
    except DatabaseError as error:
        log.warning("use of tokens was not noted tokens=%d error=%r", len(tokens), error)


def _renew_marks(tokens: Iterable[ApiToken]) -> None:
    """Sign tokens with the present key, so that they stay good when a former key is removed.

    If the database takes no writes, they are good all the same, and signed at their next use.
    """
    try:
        for token in tokens:
            token_service.renew_mark(token)
    except DatabaseError as error:
        log.warning("marks of tokens were not renewed error=%r", error)


def _identity_of(
    user: User,
    access: Access,
    *,
    session_key: str | None = None,
    token: ApiToken | None = None,
) -> Identity:
    # Compared within this process only, so the salted `hash` will do, and no copy is kept.
    mark = hash(user.password)
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
