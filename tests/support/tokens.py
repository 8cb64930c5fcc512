"""Tokens for the programs of tests."""

from django.contrib.auth.models import User

from dashboard.people.token_service import create_token


def make_token(user: User) -> str:
    """Return a token that may be used for everything."""
    return create_token(user, actor=None, name="test", days=30)[1]
