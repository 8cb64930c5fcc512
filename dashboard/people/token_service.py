"""Every change of tokens: they are made, used, revoked, and taken over from before they had rows.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard.models import ApiToken
from dashboard.people.access import EVERY_SCOPE, Scope
from dashboard.people.tokens import OldToken, digest_of, make_secret, prefix_of, present_mark
from feeds.services.audit import record

TOKENS_PER_USER: Final = 50
USE_NOTED_EVERY: Final = timedelta(minutes=5)
"""The last use is written no more often than this: a poll every second writes no row a second."""
KEPT_AFTER_END: Final = timedelta(days=90)
"""Longer than a signed token worked: else one that is revoked could get a row again."""
OLD_NAME: Final = "made before tokens had names"


def create_token(
    user: User,
    *,
    actor: User | None,
    name: str,
    scopes: Iterable[str] = EVERY_SCOPE,
    days: int | None = None,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which can never be shown again.

    Without `days` it works until it is revoked or the password changes.

    Raises:
        ValidationError: name, scopes or days are invalid, or the user has 50 tokens.
    """
    secret = make_secret()
    token = ApiToken(
        user=user,
        name=name,
        prefix=prefix_of(secret),
        digest=digest_of(secret),
        scopes=_checked_scopes(scopes),
        password_mark=present_mark(user),
        expires_at=None if days is None else timezone.now() + timedelta(days=days),
    )
    token.full_clean()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once could pass the limit
        if living_tokens(user).count() >= TOKENS_PER_USER:
            raise ValidationError(f"An account has at most {TOKENS_PER_USER} tokens.")
        _forget_old(user)
        token.save()
        facts = {"scopes": token.scopes, "days": days}
        record("create token", _target(token), actor=actor, after=facts)
    return token, secret


def living_tokens(user: User) -> QuerySet[ApiToken]:
    """Return the tokens of a user that are neither revoked nor expired."""
    return valid_tokens().filter(user=user)


def valid_tokens() -> QuerySet[ApiToken]:
    """Return all tokens that are neither revoked nor expired."""
    is_in_time = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiToken.objects.filter(is_in_time, revoked_at=None)


def revoke_tokens(tokens: QuerySet[ApiToken], *, actor: User | None) -> int:
    """End tokens and, within a second, their connections; return how many were alive."""
    with transaction.atomic():
        alive = list(tokens.filter(revoked_at=None).select_related("user").select_for_update())
        for token in alive:
            record("revoke token", _target(token), actor=actor)
        ids = [token.pk for token in alive]
        return ApiToken.objects.filter(pk__in=ids).update(revoked_at=timezone.now())


def note_use(tokens: Iterable[ApiToken]) -> None:
    """Write that tokens are used now, unless that was written a moment ago."""
    now = timezone.now()
    due = [token.pk for token in tokens if _is_due(token.last_used_at, now)]
    ApiToken.objects.filter(pk__in=due).update(last_used_at=now)  # of none, no query


def renew_mark(token: ApiToken) -> None:
    """Give a token that has the mark of a former key the present one."""
    mark = present_mark(token.user)
    if token.password_mark != mark:
        unchanged = ApiToken.objects.filter(pk=token.pk, password_mark=token.password_mark)
        unchanged.update(password_mark=mark)


def _is_due(noted: datetime | None, now: datetime) -> bool:
    return noted is None or now - noted >= USE_NOTED_EVERY


def take_over(user: User, secret: str, old: OldToken) -> ApiToken:
    """Return the row of a signed token; its first use makes it, so that it can be revoked."""
    facts = {
        "user": user,
        "name": OLD_NAME,
        "prefix": "signed",
        "scopes": sorted(EVERY_SCOPE),
        "password_mark": old.password_mark,
        "expires_at": datetime.fromtimestamp(old.until_s, UTC),
    }
    return ApiToken.objects.get_or_create(digest=digest_of(secret), defaults=facts)[0]


def _forget_old(user: User) -> None:
    """Delete tokens that ended long ago; the audit keeps who made and revoked them."""
    long_ago = timezone.now() - KEPT_AFTER_END
    ended = Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago)
    ApiToken.objects.filter(ended, user=user).delete()


def _checked_scopes(scopes: Iterable[str]) -> list[str]:
    chosen = sorted(set(scopes))
    if not chosen:
        raise ValidationError({"scopes": "Choose what the token may be used for."})
    if unknown := set(chosen) - set(Scope):
        raise ValidationError({"scopes": f"There is no scope {min(unknown)!r}."})
    return [str(scope) for scope in chosen]


def _target(token: ApiToken) -> str:
    return f"token {token.prefix} of user {token.user.get_username()}"
