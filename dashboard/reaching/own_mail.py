"""Notifications by e-mail: turned on and off by their person, sent to the address of the account.

A writer of rows. Must not know requests or connections. A person has one row for it, which is kept
while it is off: so what limits the number of e-mails outlives a change.
"""

from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, DestinationKind, DestinationState
from dashboard.reaching.destinations import pause_destination
from feeds.services.audit import record

NAME: Final = "E-mail"
NO_MAIL: Final = "This site has no e-mail set up."
NO_ADDRESS: Final = "The account has no e-mail address."


def can_mail() -> bool:
    """Say whether this site has e-mail set up."""
    return bool(settings.MARKET_SENDS_MAIL)


def why_no_mail(user: User) -> str:
    """Return why nothing can be sent to a person by e-mail, or ""."""
    if not can_mail():
        return NO_MAIL
    # The site verifies no addresses: admins enter them. Links for a new password go there as well.
    return "" if user.email else NO_ADDRESS


def mail_of(user: User) -> Destination | None:
    """Return the row of a person's e-mail; None if it was never turned on."""
    return Destination.objects.filter(user=user, kind=DestinationKind.EMAIL).first()


def turn_mail_on(user: User, *, only_warnings: bool) -> None:
    """Send all that comes from now on by e-mail, or only warnings and what is critical.

    Raises:
        DestinationRefused: the site has no e-mail set up, or the account has no address.
    """
    if reason := why_no_mail(user):
        raise DestinationRefused(reason.removesuffix("."))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once would make two rows
        row = mail_of(user) or Destination(user=user, kind=DestinationKind.EMAIL, name=NAME)
        if row.state != DestinationState.ACTIVE:
            row.state, row.failing_since, row.missed = DestinationState.ACTIVE, None, 0
        row.only_warnings = only_warnings
        row.save()
        wanted = {"only warnings": only_warnings}
        record("turn on email", f"user {user.get_username()}", actor=user, after=wanted)


def turn_mail_off(user: User) -> None:
    """Send nothing more by e-mail; what waits is given up."""
    row = mail_of(user)
    if row is not None and row.state != DestinationState.PAUSED:
        pause_destination(row)
