"""Forgotten passwords: links by e-mail that work once and end after an hour.

Must not know pages. A request must not take longer for an address that has an account, so it only
notes the address. A thread looks for accounts when the answer is sent.
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
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from dashboard.people.reset_tokens import ResetTokens
from feeds.database import with_connection
from feeds.services.audit import record

log = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 16
"""Addresses that are looked after at once. One more is dropped: whoever asked can ask again."""
DELAY_S: Final = 0.5
"""By then the answer is sent, and the work of the thread delays no answer that tells something."""
MOST_ACCOUNTS: Final = 10
"""Accounts of one address that get a link."""


class AskForm(ResetPasswordForm):  # type: ignore[misc]
    """The address of somebody who forgot the password; `ask` is called with it."""

    def __init__(self, *args: Any, ask: Callable[[str], None], **options: Any) -> None:
        super().__init__(*args, **options)
        self._ask = ask

    def clean_email(self) -> str:
        """Take any address: looking for its account here would take time that tells of it."""
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **options: Any) -> str:  # noqa: ARG002
        """Note the address."""
        email: str = self.cleaned_data["email"]
        self._ask(email)
        return email


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password of somebody who has a link."""

    def save(self) -> None:
        """Set the password, and let the account try it at once after failed sign-ins."""
        set_forgotten_password(self.user, self.cleaned_data["password1"])
        get_adapter().forget_failures(self.user)


class ResetRequests:
    """Looks after the addresses for which somebody asked, each on its own and after the answer.

    In a queue the letter of one address would come later if the address before it had an account.
    `answer` looks after one address. `begin` runs work later and elsewhere.
    """

    def __init__(
        self,
        answer: Callable[[str], None],
        begin: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.begin = begin or _begin_later
        self._answer = answer
        self._lock = Lock()
        self._open = 0

    def add(self, address: str) -> None:
        """Have an address looked after, unless too many are."""
        with self._lock:
            if self._open >= MOST_AT_ONCE:
                log.warning("password request dropped open=%d", self._open)
                return
            self._open += 1
        self.begin(partial(self._look_after, address))

    def _look_after(self, address: str) -> None:
        try:
            self._answer(address)
        except Exception as error:
            log.error("password request failed error=%s", _kind_of(error))
        finally:
            with self._lock:
                self._open -= 1


def _begin_later(work: Callable[[], None]) -> None:
    timer = Timer(DELAY_S, _work_apart, [work])
    timer.daemon = True  # a server of e-mail that is slow must not hold up the end of the process
    timer.start()


def _work_apart(work: Callable[[], None]) -> None:
    """Work in a thread of its own, whose connections end with it."""
    try:
        work()
    finally:
        db.connections.close_all()


def sends_mail() -> bool:
    """Say whether this site can send a link."""
    return bool(settings.MARKET_SENDS_MAIL)


def send_links(address: str) -> None:
    """Send a link to every account of an address; logs what could not be sent."""
    for user_id, message in _letters_for(address).items():
        try:
            message.send()
        except Exception as error:
            log.error("e-mail was not sent user_id=%d error=%s", user_id, _kind_of(error))
        else:
            log.info("link for a new password was sent user_id=%d", user_id)


@with_connection
def _letters_for(address: str) -> dict[int, EmailMessage]:
    """Return the letters by account; a slow server of e-mail must not keep a connection busy."""
    return {user.pk: letter_for(user) for user in _accounts_of(address)}


def _accounts_of(address: str) -> list[User]:
    """Return the active accounts of an address that sign in with a password."""
    found = User.objects.filter(email__iexact=address, is_active=True).order_by("pk")
    return [user for user in found[:MOST_ACCOUNTS] if user.has_usable_password()]


def letter_for(user: User) -> EmailMessage:
    """Return the e-mail with a link; it goes to the address of the row, not to what was typed."""
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


def set_forgotten_password(user: User, password: str) -> None:
    """Set the password of somebody who has a link.

    As any new password it ends all sessions, tokens and connections of the account.
    """
    with transaction.atomic():
        get_adapter().set_password(user, password)
        record("reset password", f"user {user.get_username()}", actor=user)


def _kind_of(error: Exception) -> str:
    """Return what is wrong; the texts of these errors can hold addresses and passwords."""
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    return type(error).__name__ + code
