"""The browsers in which somebody is signed in: noted, listed and ended.

The only writer of these rows. Django's sessions do not say whose they are, so a row says it. Must
not know requests or sockets; the sweep of the hub ends the sockets of a session that is gone.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.models import Session
from django.db import Error, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.models import BrowserSession
from dashboard.people.tokens import good_marks, is_good_hash, present_mark
from feeds.bus import control
from feeds.services.audit import record

log = logging.getLogger(__name__)
SEEN_NOTED_EVERY: Final = timedelta(minutes=5)
"""The last use is written no more often than this."""
AGENT_CHARACTERS: Final = 200
SESSIONS_PER_DELETE: Final = 500


def disconnect(user: User, key: str, *, actor: User, reason: str) -> None:
    """End one connection of a user, or all of them if `key` is empty.

    Their pages do not reconnect by themselves.

    Raises:
        ValidationError: the reason is too long.
    """
    target, after = f"user {user.get_username()}", {"connection": key or "all"}
    with transaction.atomic():
        record("disconnect", target, actor=actor, after=after, reason=reason)
        transaction.on_commit(lambda: control.disconnect(user.pk, key))


def note_session(user: User, key: str, *, address: str, agent: str) -> None:
    """Write that a browser is in use; forget those of this account that have ended."""
    facts = {
        "user": user,
        "mark": present_mark(user),
        "address": address,
        # PostgreSQL stores no NUL in a text.
        "agent": agent[:AGENT_CHARACTERS].replace("\0", ""),
        "seen_at": timezone.now(),
    }
    with transaction.atomic():
        _, is_new = BrowserSession.objects.update_or_create(key=key, defaults=facts)
        if is_new:
            _forget_ended(user)


def move_end(session: SessionBase, end: datetime) -> None:
    """Let a session end at another time."""
    session.set_expiry(end)
    session.modified = _is_saved(session)  # the cookie has the same end


def renew_hash(session: SessionBase, user: User) -> None:
    """Give a session that a former key of the site made the hash of the present one.

    Django would give it another id, and so end what is open in its other tabs. That helps nobody:
    the id is random, and somebody who knows the former key does not know it.
    """
    stored, present = session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    if stored == present or not is_good_hash(user, stored):
        return
    session[HASH_SESSION_KEY] = present
    _is_saved(session)
    session.modified = False  # it is saved, and the cookie is the same


def _is_saved(session: SessionBase) -> bool:
    """Save a session, and say whether that could be done.

    If the database takes no writes, people get their pages all the same. A session that was ended
    meanwhile stays ended.
    """
    try:
        session.save()
    except (Error, UpdateError) as error:
        log.warning("session was not saved error=%r", error)
        return False
    return True


def is_noted(seen_at: datetime | None) -> bool:
    """Say whether a use was written a moment ago."""
    return seen_at is not None and timezone.now() - seen_at < SEEN_NOTED_EVERY


def living_sessions(user: User) -> QuerySet[BrowserSession]:
    """Return the browsers of an account whose sessions are good, the newest first."""
    return BrowserSession.objects.filter(
        user=user, mark__in=good_marks(user), key__in=_living_keys()
    ).order_by("-seen_at", "-pk")


def end_sessions(sessions: Iterable[BrowserSession], *, actor: User) -> int:
    """End sessions and return how many; their sockets end within a second."""
    found = list(sessions)
    with transaction.atomic():
        for session in found:
            record("sign out", f"user {session.user.get_username()}", actor=actor)
        keys = [session.key for session in found]
        Session.objects.filter(session_key__in=keys).delete()
        BrowserSession.objects.filter(key__in=keys).delete()
    return len(found)


def prune_sessions() -> Iterator[int]:
    """Delete sessions that have ended; yield how many went after each short transaction."""
    while keys := list(ended_sessions()[:SESSIONS_PER_DELETE]):
        with transaction.atomic():
            gone, _ = Session.objects.filter(session_key__in=keys).delete()
            BrowserSession.objects.filter(key__in=keys).delete()
        yield gone


def ended_sessions() -> QuerySet[Session, str]:
    """Return the keys of the sessions whose time is over; nobody can use them any more."""
    ended = Session.objects.filter(expire_date__lte=timezone.now())
    return ended.values_list("session_key", flat=True)


def _forget_ended(user: User) -> None:
    BrowserSession.objects.filter(user=user).exclude(key__in=_living_keys()).delete()


def _living_keys() -> QuerySet[Session, str]:
    living = Session.objects.filter(expire_date__gt=timezone.now())
    return living.values_list("session_key", flat=True)
