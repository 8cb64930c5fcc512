"""Forgotten passwords: links by e-mail that work once, for an hour.

Must not know pages. A request must not take longer for an address that has an account. So it only
notes the address, and a thread looks for the account after the answer.
"""

import logging
from collections.abc import Callable
from functools import partial
from smtplib import SMTPResponseException
from threading import Lock, Timer
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, ResetPasswordKeyForm
from allauth.account.utils import user_pk_to_url_str
from django import db
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from dashboard.exceptions import LinkEnded
from dashboard.people.reset_tokens import ResetTokens
from feeds.database import with_connection
from feeds.services.audit import record

log = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 16
"""Addresses that are worked on at once. Others are dropped: people can ask again."""
DELAY_S: Final = 0.5
"""The answer is sent by then, so its time does not show what the thread does."""
MOST_ACCOUNTS: Final = 10
"""Accounts of one address that get a link."""


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """The address of somebody who forgot the password; `note_address` is called with it."""

    def __init__(self, *args: Any, note_address: Callable[[str], None], **options: Any) -> None:
        super().__init__(*args, **options)
        self._note_address = note_address
        self.fields["email"].label = "E-mail address"

    def clean_email(self) -> str:
        """Take any address: the time to look for an account would show whether there is one."""
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **options: Any) -> str:  # noqa: ARG002
        """Note the address."""
        email: str = self.cleaned_data["email"]
        self._note_address(email)
        return email


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password of somebody who has a link."""

    def save(self) -> None:
        """Set the password, and forget failed sign-ins so that it can be used at once.

        Raises:
            LinkEnded: the link no longer works.
        """
        set_forgotten_password(self.user, self.cleaned_data["password1"], key=self.temp_key)
        get_adapter().forget_failures(self.user)


class ResetRequests:
    """Sends links to addresses, each in a thread of its own and after the answer.

    There is no queue: an e-mail would come later when the address before it has an account.
    `send` sends the links of one address. `begin` runs work later and elsewhere.
    """

    def __init__(
        self,
        send: Callable[[str], None],
        begin: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.send = send
        self.begin = begin or _begin_later
        self._lock = Lock()
        self._open = 0

    def add(self, address: str) -> None:
        """Send links to an address later, unless too many addresses wait for theirs."""
        with self._lock:
            if self._open >= MOST_AT_ONCE:
                log.warning("password request dropped open=%d", self._open)
                return
            self._open += 1
        self.begin(partial(self._work, address))

    def _work(self, address: str) -> None:
        try:
            self.send(address)
        except Exception as error:
            log.error("password request failed error=%s", _kind_of(error))
        finally:
            with self._lock:
                self._open -= 1


def _begin_later(work: Callable[[], None]) -> None:
    timer = Timer(DELAY_S, _work_apart, [work])
    timer.daemon = True  # a slow mail server must not delay the end of the process
    timer.start()


def _work_apart(work: Callable[[], None]) -> None:
    """Work in a thread of its own, whose database connections end with it."""
    try:
        work()
    finally:
        db.connections.close_all()


def sends_mail() -> bool:
    """Say whether this site can send a link."""
    return bool(settings.MARKET_SENDS_MAIL)


def send_links(address: str) -> None:
    """Send a link to each account of an address, and log what cannot be sent."""
    for user_id, message in _messages_for(address).items():
        try:
            message.send()
        except Exception as error:
            log.error("e-mail was not sent user_id=%d error=%s", user_id, _kind_of(error))
        else:
            log.info("link for a new password was sent user_id=%d", user_id)


@with_connection
def _messages_for(address: str) -> dict[int, EmailMessage]:
    """Return the e-mails by account, all at once: the mail server may be slow, and no database
    connection waits for it.
    """
    return {user.pk: _message_for(user) for user in _accounts_of(address)}


def _accounts_of(address: str) -> list[User]:
    """Return the active accounts of an address that sign in with a password."""
    found = User.objects.filter(email__iexact=address, is_active=True).order_by("pk")
    return [user for user in found[:MOST_ACCOUNTS] if user.has_usable_password()]


def _message_for(user: User) -> EmailMessage:
    """Return the e-mail with a link.

    It goes to the address of the account: what was typed can look the same and be another's.
    """
    part = {"uidb36": user_pk_to_url_str(user), "key": ResetTokens().make_token(user)}
    origin: str = settings.MARKET_PUBLIC_ORIGINS[0]
    facts = {
        "username": user.get_username(),
        "origin": origin,
        "link": origin + reverse("account_reset_password_from_key", kwargs=part),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    body = render_to_string("account/email/new_password.txt", facts)
    headers = {"Auto-Submitted": "auto-generated"}
    return EmailMessage("Set a new password", body, to=[user.email], headers=headers)


def set_forgotten_password(user: User, password: str, *, key: str) -> None:
    """Set the password of somebody whose link has this key.

    Like any new password it ends all sessions, tokens and connections of the account.

    Raises:
        LinkEnded: the link was used, or the account has changed.
    """
    hashed = make_password(password)  # takes a second, in which others want to write
    with transaction.atomic():
        # Checked again under the lock: two pages of one link may be sent at the same time.
        locked = User.objects.select_for_update().filter(pk=user.pk).first()
        if locked is None or not ResetTokens().check_token(locked, key):
            raise LinkEnded("the link was used, or the account has changed")
        locked.password = hashed
        locked.save(update_fields=["password"])
        record("reset password", f"user {locked.get_username()}", actor=locked)


def _kind_of(error: Exception) -> str:
    """Return what is wrong, without the text: that can hold addresses and passwords."""
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    return type(error).__name__ + code
