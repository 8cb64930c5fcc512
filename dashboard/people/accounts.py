"""How accounts come to be, by an admin unless the settings open the door; how guesses are counted.

Must not know sockets or the market.
"""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Close sign-up by default."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Say whether anybody may make an account."""
        return bool(settings.MARKET_OPEN_SIGNUP)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        """Count failures per name and address: nobody can lock out a name for everybody.

        The default counts per Host header and name, and a Host with another port is another key.
        """
        return f"{self.get_client_ip(request)}:{credentials.get('username', '').lower()}"
