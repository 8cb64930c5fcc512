"""Tokens of programs as texts: how they are made, hashed, and read if they are of the old kind.

Also the mark that a session and a token keep of a password: another password ends them. A mark
depends on the key of the site as well. What has the mark of a former key still holds, and gets the
mark of the present key when it is used: else it would end when the former key goes. Must not know
rows or requests.
"""

import hashlib
import secrets
from typing import Final

import msgspec
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.utils.crypto import constant_time_compare

OLD_SALT: Final = "dashboard.token"
PREFIX: Final = "mkt_"
PREFIX_SHOWN: Final = len(PREFIX) + 6
"""Characters of a secret that lists show: enough to tell tokens apart, too few to guess it."""
SECRET_BYTES: Final = 32
TOKEN_DAYS: Final = 30
"""Days that a token of the command works, if no other number is asked for."""
MARK_LENGTH: Final = 16
"""Digits of the password's hash that a token keeps: enough to notice a new password."""


class OldToken(msgspec.Struct, frozen=True):
    """What a signed token says, as they were before tokens had rows."""

    user_id: int
    password_mark: str
    until_s: float


def make_secret() -> str:
    """Return a new secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def prefix_of(secret: str) -> str:
    """Return the part of a secret that may be shown."""
    return secret[:PREFIX_SHOWN]


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. Its bits are random, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_old_token(text: str) -> OldToken | None:
    """Return what a signed token says; None for any other text, or if another site signed it."""
    try:
        said = msgspec.convert(signing.loads(text, salt=OLD_SALT), tuple[int, str, float])
    except (signing.BadSignature, ValueError):
        return None
    return OldToken(*said)


def present_mark(user: AbstractBaseUser) -> str:
    """Return the mark that is written now."""
    return user.get_session_auth_hash()[:MARK_LENGTH]


def good_marks(user: AbstractBaseUser) -> list[str]:
    """Return the marks that hold, the present one first."""
    return [known[:MARK_LENGTH] for known in _hashes(user)]


def is_good_hash(user: AbstractBaseUser, stored: str) -> bool:
    """Say whether a session with this hash still holds."""
    return any(constant_time_compare(stored, known) for known in _hashes(user))


def _hashes(user: AbstractBaseUser) -> list[str]:
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
