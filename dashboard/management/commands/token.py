"""Print a token that signs a program in as a user."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from dashboard.people.identity import TOKEN_DAYS, make_token


class Command(BaseCommand):
    """Print a token; example: manage.py token viewer"""

    help = (
        f"Print a token for USER, good for {TOKEN_DAYS} days or until the password changes. "
        "Programs sign in with it: python -m websockets ws://USER:TOKEN@localhost:8000/ws/v1/"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the name of the account."""
        parser.add_argument("user", help="name of an active account")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Print the token and nothing else, so that a script can capture it.

        Raises:
            CommandError: there is no such active account.
        """
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active account {options['user']!r}")
        self.stdout.write(make_token(user))
