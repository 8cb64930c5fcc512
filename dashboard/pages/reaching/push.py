"""Pushes to browsers: the script that shows them, the key they are signed with, on and off.

Must not write rows (services do) or send.
"""

from pathlib import Path
from typing import Any, Final, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboard.exceptions import DestinationRefused
from dashboard.pages.accounts import user_of
from dashboard.pages.edit_answers import SEE_OTHER
from dashboard.pages.post_only import post_only
from dashboard.people.browser_names import browser_name
from dashboard.reaching.destinations import remove_destination, send_test
from dashboard.reaching.devices import add_device, devices_of, drop_device, renew_device
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.forms import PushForm
from dashboard.reaching.vapid import VapidKey
from dashboard.wire.registry import Error, error_object

PAGE: Final = "notifications"
WORKER: Final = "js/push/worker.js"


@login_not_required  # the browser asks for it by itself, also after the end of a sign-in
@require_safe
@cache_control(no_cache=True)
def push_worker(_: HttpRequest) -> HttpResponse:
    """Answer with the script that the browser keeps: below /notifications/ it may register."""
    file = cast(str, finders.find(WORKER))
    return HttpResponse(Path(file).read_bytes(), content_type="text/javascript; charset=utf-8")


class PushKeyView(View):
    """The public key to which browsers subscribe.

    The script that browsers keep has no page, so it gets its token against forged requests here.
    """

    vapid: VapidKey = cast(VapidKey, None)  # as_view(vapid=...) gives it

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the key; the first question makes it."""
        answer = {"key": self.vapid.public, "token": get_token(request)}
        return JsonResponse(answer, headers={"Cache-Control": "no-store"})


class PushView(View):
    """Turns pushes on in the browser that asks."""

    rules = ReachRules()  # as_view(rules=...) gives those of the settings

    def get(self, _: HttpRequest) -> HttpResponse:
        """Lead to the page with the button."""
        return HttpResponseRedirect(reverse(PAGE))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the subscription of the browser."""
        form = PushForm(request.POST, rules=self.rules)
        if not form.is_valid():
            return _refusal(400, str(next(iter(form.errors.values()))[0]))
        facts = dict(form.cleaned_data)
        is_renewed = facts.pop("renewed")
        user, session_key = user_of(request), request.session.session_key or ""
        name = browser_name(request.headers.get("User-Agent", ""))
        try:
            if is_renewed:
                renew_device(user, session_key=session_key, facts=facts)
            else:
                add_device(user, session_key=session_key, name=name, facts=facts)
        except DestinationRefused as error:
            return _refusal(409, f"{str(error).capitalize()}.")
        return JsonResponse({"ok": True})


@post_only(PAGE)
def push_off(request: HttpRequest) -> HttpResponse:
    """Forget the subscription of the browser that asks."""
    drop_device(user_of(request), request.POST.get("address", ""))
    return JsonResponse({"ok": True})


@post_only(PAGE)
def push_action(request: HttpRequest, device_id: int, action: str) -> HttpResponse:
    """Send a test to a browser of the person, or push no more to it."""
    row = devices_of(user_of(request)).filter(pk=device_id).first()
    if row is None or action not in ("test", "remove"):
        raise Http404
    try:
        if action == "test":
            send_test(row)
            messages.success(request, "A test is on its way.")
        else:
            remove_destination(row)
            messages.success(request, "Nothing more is pushed to that browser.")
    except DestinationRefused as error:
        messages.error(request, f"{str(error).capitalize()}.")
    return HttpResponseRedirect(reverse(PAGE), status=SEE_OTHER)


def pushes_of(user: User) -> list[dict[str, Any]]:
    """Return a person's browsers, each with its last dispatch."""
    return [{"device": row, "last": row.dispatches.first()} for row in devices_of(user)]


def _refusal(status: int, text: str) -> HttpResponse:
    return JsonResponse({"error": error_object(Error.BAD_PARAMETERS, text)}, status=status)
