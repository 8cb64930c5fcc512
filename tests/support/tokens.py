"""Tokens for the programs of tests."""

from pathlib import Path

from django.contrib.auth.models import User

from dashboard.people.token_service import create_token, living_tokens
from dashboard.people.tokens import digest_of


def make_token(user: User) -> str:
    """Return a token that may be used for everything."""
    return create_token(user, actor=None, name="test", days=30)[1]


def kept_token(user: User, file: Path) -> str:
    """Return the token that a file keeps, or make one and keep it there.

    An account has a limited number of tokens, and a test may start a server any number of times.
    """
    if file.exists():
        secret = file.read_text()
        if living_tokens(user).filter(digest=digest_of(secret)).exists():
            return secret
    secret = make_token(user)
    file.write_text(secret)
    return secret
