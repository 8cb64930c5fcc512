"""The page of where a person's notifications go besides the pages: webhooks and their log.

Must not write rows (services do) or send. Everything is looked up among the rows of the person who
asks, so another's webhook is a 404.
"""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, DestinationKind
from dashboard.pages.accounts import user_of
from dashboard.pages.edit_answers import SEE_OTHER
from dashboard.pages.post_only import post_only
from dashboard.reaching.destinations import (
    WEBHOOKS_PER_USER,
    add_webhook,
    pause_destination,
    remove_destination,
    renew_secret,
    resume_destination,
    send_test,
)
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.forms import WebhookForm
from dashboard.reaching.selectors import destinations_of

ACTIONS: Final[dict[str, tuple[Callable[[Destination], None], str]]] = {
    "test": (send_test, "A test is on its way. Reload this page to see what became of it."),
    "pause": (pause_destination, "The webhook is paused."),
    "resume": (resume_destination, "The webhook gets what comes from now on."),
    "remove": (remove_destination, "The webhook is removed."),
}
PAGE: Final = "webhooks"
ID_DIGITS: Final = 19


@method_decorator(cache_control(no_store=True), name="dispatch")
class WebhooksView(View):
    """The webhooks of the person and what was sent to them, with a form to make another."""

    rules = ReachRules()  # as_view(rules=...) gives those of the settings

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the webhooks and the form."""
        return _show(request, WebhookForm(rules=self.rules))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a webhook, or renew the secret of one; the answer shows it, so no redirect."""
        if renewed := request.POST.get("renew", ""):
            is_id = renewed.isdecimal() and len(renewed) < ID_DIGITS
            row = _own(request, int(renewed) if is_id else 0)
            form = WebhookForm(rules=self.rules)
            return _show(request, form, made=row, secret=renew_secret(row), is_renewed=True)
        form = WebhookForm(request.POST, rules=self.rules)
        if not form.is_valid():
            return _show(request, form)
        try:
            row = add_webhook(user_of(request), **form.cleaned_data)
        except DestinationRefused as error:
            form.add_error(None, f"{str(error).capitalize()}.")
            return _show(request, form)
        return _show(request, WebhookForm(rules=self.rules), made=row, secret=row.secret)


@post_only(PAGE)
def webhook_action(request: HttpRequest, webhook_id: int, action: str) -> HttpResponse:
    """Do something with a webhook of the person."""
    row = _own(request, webhook_id)
    if action not in ACTIONS:
        raise Http404
    act, done = ACTIONS[action]
    try:
        act(row)
        messages.success(request, done)
    except DestinationRefused as error:
        messages.error(request, f"{str(error).capitalize()}.")
    return HttpResponseRedirect(reverse(PAGE), status=SEE_OTHER)


def _own(request: HttpRequest, webhook_id: int) -> Destination:
    kind = DestinationKind.WEBHOOK
    row = Destination.objects.filter(user=user_of(request), kind=kind, pk=webhook_id).first()
    if row is None:
        raise Http404
    return row


def _show(request: HttpRequest, form: WebhookForm, **facts: Any) -> HttpResponse:
    shown = destinations_of(user_of(request), DestinationKind.WEBHOOK)
    context = {"form": form, "webhooks": shown, "limit": WEBHOOKS_PER_USER, **facts}
    return render(request, "account/webhooks.html", context)
