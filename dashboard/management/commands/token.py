"""Make, list and revoke the tokens of a user's programs."""

from argparse import ArgumentParser
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from dashboard.models import ApiToken
from dashboard.people.access import Scope
from dashboard.people.token_service import create_token, living_tokens, revoke_tokens
from dashboard.people.tokens import TOKEN_DAYS

DEFAULT_NAME: Final = "command line"
MOST_DAYS: Final = 3650


class Command(BaseCommand):
    """Print a new token; example: manage.py token viewer"""

    help = (
        f"Print a new token for USER. It ends after {TOKEN_DAYS} days, or when it is revoked, or "
        "when the password changes. "
        "Programs sign in with it: python -m websockets ws://USER:TOKEN@localhost:8000/ws/v1/"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the name of the account, and what to do."""
        scopes = ", ".join(Scope)
        parser.add_argument("user", help="name of an active account")
        parser.add_argument("--name", default=DEFAULT_NAME, help="what the token is for")
        parser.add_argument("--scope", action="append", help=f"{scopes}; repeatable; default: all")
        parser.add_argument("--days", type=int, default=TOKEN_DAYS, help="0: it has no end")
        parser.add_argument("--list", action="store_true", help="print the tokens that USER has")
        parser.add_argument("--revoke", type=int, metavar="ID", help="revoke this token")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Make, list or revoke; of a new token print nothing else, so that a script can capture it.

        Raises:
            CommandError: there is no such active account or token, or an option is wrong.
        """
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active account {options['user']!r}")
        if options["list"]:
            self._list(user)
        elif options["revoke"] is not None:
            self._revoke(user, options["revoke"])
        else:
            self._create(user, options)

    def _create(self, user: User, options: dict[str, Any]) -> None:
        days = options["days"]
        if not 0 <= days <= MOST_DAYS:
            raise CommandError(f"days was {days}, expected 0 to {MOST_DAYS}")
        scopes = options["scope"] or list(Scope)
        try:
            _, secret = create_token(
                user, actor=None, name=options["name"], scopes=scopes, days=days or None
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(secret)

    def _list(self, user: User) -> None:
        for token in living_tokens(user):
            self.stdout.write("\t".join(_fields_of(token)))

    def _revoke(self, user: User, token_id: int) -> None:
        if not revoke_tokens(living_tokens(user).filter(pk=token_id), actor=None):
            raise CommandError(f"{user.get_username()} has no token {token_id}")
        self.stdout.write(f"token {token_id} is revoked")


def _fields_of(token: ApiToken) -> list[str]:
    return [
        str(token.pk),
        token.prefix,
        token.name,
        ",".join(token.scopes),
        f"made {token.created_at:%Y-%m-%d}",
        f"used {token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used",
        f"ends {token.expires_at:%Y-%m-%d}" if token.expires_at else "no end",
    ]
