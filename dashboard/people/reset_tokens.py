"""The tokens in links that set a new password.

allauth's forms load this module, so it must not import them.
"""

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetTokens(PasswordResetTokenGenerator):
    """Makes and checks tokens.

    A token ends after PASSWORD_RESET_TIMEOUT, and when its account gets a new password or another
    address, signs in, or is deactivated.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"
