"""Rules for accounts: who may sign up, and how failed sign-ins are counted.

Must not know sockets or the market.
"""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Admins make accounts, unless MARKET_OPEN_SIGNUP lets anybody sign up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Say whether anybody may sign up."""
        return bool(settings.MARKET_OPEN_SIGNUP)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        """Count failures per name and address, so that nobody can lock a name for everybody.

        The default counts per Host header and name. An attacker can send another port in the
        header and start a new count.
        """
        return f"{self.get_client_ip(request)}:{credentials.get('username', '').lower()}"

    def forget_failures(self, user: AbstractBaseUser) -> None:
        """Forget failed sign-ins of this account from the address of this request."""
        self._delete_login_attempts_cached_email(self.request, username=user.get_username())
