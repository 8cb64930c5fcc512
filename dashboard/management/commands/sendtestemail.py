"""Django's command that sends a test e-mail, and says what became of it."""

from smtplib import SMTPException, SMTPResponseException
from typing import Any, Final

from django.core.mail import get_connection
from django.core.mail.backends import filebased, smtp
from django.core.management.base import CommandError
from django.core.management.commands import sendtestemail

from dashboard.operations.unsent_mail import CURE
from dashboard.people.forgotten_password import sends_mail

GROUPS: Final = ("managers", "admins")
"""Options of Django's command: this site has no settings with their addresses."""


class Command(sendtestemail.Command):
    """Send a test e-mail; example: manage.py sendtestemail you@example.com"""

    help = "Send a test e-mail to one or more addresses, to try EMAIL_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Send it, and say where it went.

        Raises:
            CommandError: no e-mail is set up, nobody would get it, or it could not be sent.
        """
        if not sends_mail():
            raise CommandError(f"no e-mail is set up, so nothing was sent: {CURE}")
        for group in GROUPS:
            if options[group]:
                raise CommandError(f"--{group} has no addresses here: name them instead")
        try:
            super().handle(*args, **options)
        except (OSError, SMTPException, ValueError) as error:
            fact = f"the e-mail could not be sent {_way()}: {_reason(error)}"
            raise CommandError(f"{fact}; check EMAIL_URL and MARKET_EMAIL_FROM") from None
        self.stdout.write(f"The e-mail was sent {_way()}. Look whether it arrived.")


def _way() -> str:
    """Return how e-mail goes, without user and password."""
    mailer = get_connection()
    if isinstance(mailer, smtp.EmailBackend):
        return f"by {mailer.host}:{mailer.port}"
    if isinstance(mailer, filebased.EmailBackend):
        return f"to a file in {mailer.file_path}"
    return "to the output"


def _reason(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        text = error.smtp_error
        said = text.decode(errors="replace") if isinstance(text, bytes) else text
        return f"{error.smtp_code} {said}"
    return str(error) or type(error).__name__
