"""Notifications by e-mail: the buttons of the page that turn it on and off, and what it shows.

Must not write rows (services do) or send.
"""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from dashboard.exceptions import DestinationRefused
from dashboard.models import DestinationKind, DestinationState
from dashboard.pages.accounts import user_of
from dashboard.pages.edit_answers import SEE_OTHER
from dashboard.pages.post_only import post_only
from dashboard.reaching.destinations import send_test
from dashboard.reaching.forms import MailForm
from dashboard.reaching.own_mail import can_mail, mail_of, turn_mail_off, turn_mail_on, why_no_mail
from dashboard.reaching.selectors import destinations_of

PAGE: Final = "notifications"


@post_only(PAGE)
def mail_on(request: HttpRequest) -> HttpResponse:
    """Send notifications to the person by e-mail: all, or only warnings and critical ones."""
    form = MailForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose all, or only warnings and critical.")
        return _back()
    only_warnings = form.cleaned_data["which"] == MailForm.WARNINGS
    user = user_of(request)
    done = f"Notifications are sent to {user.email} from now on."
    return _act(request, lambda: turn_mail_on(user, only_warnings=only_warnings), done)


@post_only(PAGE)
def mail_off(request: HttpRequest) -> HttpResponse:
    """Send nothing more by e-mail."""
    user = user_of(request)
    return _act(request, lambda: turn_mail_off(user), "Nothing more is sent by e-mail.")


@post_only(PAGE)
def mail_test(request: HttpRequest) -> HttpResponse:
    """Send a test by e-mail."""
    user = user_of(request)
    return _act(request, lambda: _send_test(user), "A test is on its way. Reload this page later.")


def shown_mail(user: User) -> dict[str, Any]:
    """Return what the page shows of a person's e-mail."""
    row, log = next(iter(destinations_of(user, DestinationKind.EMAIL)), (None, []))
    is_severe = row is not None and row.only_warnings
    return {
        "is_set_up": can_mail(),
        "address": user.email,
        "row": row,
        "is_on": row is not None and row.state == DestinationState.ACTIVE,
        "has_failed": row is not None and row.state == DestinationState.FAILED,
        "log": log,
        "choices": MailForm.base_fields["which"].choices,  # type: ignore[attr-defined]
        "which": MailForm.WARNINGS if is_severe else MailForm.ALL,
    }


def _send_test(user: User) -> None:
    row = mail_of(user)
    if reason := why_no_mail(user):
        raise DestinationRefused(reason.removesuffix("."))
    if row is None:
        raise DestinationRefused("turn e-mail on first")
    send_test(row)


def _act(request: HttpRequest, act: Callable[[], None], done: str) -> HttpResponse:
    try:
        act()
        messages.success(request, done)
    except DestinationRefused as error:
        text = str(error)
        messages.error(request, f"{text[:1].upper()}{text[1:]}.")
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(PAGE)}#email", status=SEE_OTHER)
